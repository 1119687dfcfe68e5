/**
 * How many steps a scan makes.
 */
import { type Dim, minDim, subDim, symbolsOf } from '../dim.js'
import { describeGiven } from '../given.js'
import { asSize } from '../ops/size.js'
import { Variable } from '../variable.js'
import { noLength, sequenceTooShort, stepsNotAnInteger } from './errors.js'

/** `steps` if given, else the rows of the shortest sequence. Of each sequence, by its name: what is visited. */
export function scanLength(
  visited: { readonly [name: string]: Variable },
  steps: number | Variable | undefined,
): Dim {
  const entries = Object.entries(visited)
  const lengths = entries.map(([, v]) => v.shape[0]!)
  if (steps === undefined) {
    if (lengths.length === 0) throw noLength()
    return lengths.reduce(minDim)
  }
  const length = stepsDim(steps)
  for (const [name, v] of entries) {
    const spare = subDim(v.shape[0]!, length)
    if (typeof spare === 'number' && spare < 0) throw sequenceTooShort(name, v, length)
  }
  return length
}

function stepsDim(steps: number | Variable): Dim {
  if (typeof steps === 'number') {
    if (!Number.isInteger(steps) || steps < 0) throw stepsNotAnInteger(String(steps))
    return steps
  }
  if (!(steps instanceof Variable)) throw stepsNotAnInteger(describeGiven(steps).what)
  if (steps.ndim !== 0 || steps.dtype !== 'int32') throw stepsNotAnInteger(steps)
  return asSize('scan', steps)
}

/** The scalar variables whose values are symbols of these sizes. */
export function sourcesOf(shape: readonly Dim[]): readonly Variable[] {
  return shape.flatMap(symbolsOf).flatMap(({ source }) => (source instanceof Variable ? [source] : []))
}
