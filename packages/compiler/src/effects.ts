/**
 * What effects do: `print` hands its value to whoever listens, `assert` throws. Every back end comes here.
 */
import { type Apply, type EffectParams, type NdArray, toNested } from '@arignote/graph'
import { assertionFailed } from './errors.js'
import { calledInsidePrint } from './inspection-errors.js'
import { type Visit, visitText } from './visits.js'

export type { Visit } from './visits.js'

/** One value that `print` came across. */
export interface PrintEvent {
  readonly label: string | null
  /** A copy. */
  readonly value: NdArray
  /** The steps of scans inside which it was computed, the outermost first. */
  readonly steps: readonly Visit[]
}

/** `h (step 3 of scan) = [0.1, 0.2]`. */
export function printedText({ label, value, steps }: PrintEvent): string {
  const where = steps.map(visitText).join(', ')
  const shape = value.shape.length === 0 ? '' : ` [${value.shape.join(', ')}]`
  return `${label ?? 'print'}${where === '' ? '' : ` (${where})`}${shape} = ${valueText(value)}`
}

/** Above so many elements only the ends of each axis are shown, as NumPy does. */
const mostShown = 1000
const shownAtEnds = 3

function valueText(value: NdArray): string {
  const isLong = value.shape.reduce((n, size) => n * size, 1) > mostShown
  const text = (x: unknown): string => {
    if (!Array.isArray(x)) return String(x)
    const cut = isLong && x.length > 2 * shownAtEnds
    const parts = cut
      ? [...x.slice(0, shownAtEnds).map(text), '…', ...x.slice(-shownAtEnds).map(text)]
      : x.map(text)
    return `[${parts.join(',')}]`
  }
  return text(toNested(value))
}

const toConsole = (event: PrintEvent): void => console.log(printedText(event))

let isListening = false

/**
 * The effect of a node on a value: `read` gives the value of a print, or whether what is asserted holds.
 * @throws NumericError of an assertion that does not hold; whatever the listener throws
 */
export function happen(
  node: Apply,
  steps: readonly Visit[],
  read: { value(): NdArray; holds(): boolean },
  listener: (event: PrintEvent) => void = toConsole,
): void {
  const { family } = node.op
  if (family.kind !== 'effect') throw new Error(`internal: ${node.op.name} has no effect`)
  const { text } = node.params as EffectParams
  if (family.effect === 'assert') {
    if (!read.holds()) throw assertionFailed(node, text ?? '', steps)
    return
  }
  isListening = true
  try {
    listener({ label: text, value: read.value(), steps })
  } finally {
    isListening = false
  }
}

/** All functions share one memory, so none may be called while another one is at work. */
export function refuseInsidePrint(name: string): void {
  if (!isListening) return
  throw calledInsidePrint(name)
}
