/** The messages of `check: 'nan'`, `check: 'debug'`, `profile` and `print`. */
import {
  type Apply,
  type ArignoteError,
  GraphError,
  NumericError,
  report,
  type Variable,
} from '@arignote/graph'
import { indexOfPosition, operandsOf, stepLines } from './errors.js'
import { type NonFinite, type Numbers, nonFiniteIn, numberText, rangeText } from './non-finite.js'
import type { Visit } from './visits.js'

const at = (value: Numbers, position: number) =>
  value.shape.length === 0 ? '' : ` at [${indexOfPosition(value.shape, position).join(', ')}]`

/** `NaN`, `2 NaN and 1 infinite of 8 elements, the first at [0]`. */
function foundText(value: Numbers, { nans, infinities, first }: NonFinite): string {
  if (value.data.length === 1) return numberText(value.data[0]!)
  const counts = [...(nans > 0 ? [`${nans} NaN`] : []), ...(infinities > 0 ? [`${infinities} infinite`] : [])]
  return `${counts.join(' and ')} of ${value.data.length} elements, the first${at(value, first)}`
}

export function madeNonFinite(
  node: Apply,
  output: Numbers,
  inputs: readonly Numbers[],
  steps: readonly Visit[],
): ArignoteError {
  const found = nonFiniteIn(output)!
  const operands = operandsOf(node)
  return report(NumericError, 'E245', {
    operation: node.op.name,
    problem: `it made ${found.nans > 0 ? 'the first NaN' : 'the first infinity'}`,
    operands,
    lines: [
      `the result: ${foundText(output, found)}`,
      ...operands.map((_, i) => `{${i}} ${rangeText(inputs[i]!)}`),
      ...stepLines(steps),
    ],
    origins: node.origins,
  })
}

export function argumentHasNaN(v: Variable, value: Numbers): ArignoteError {
  const found = nonFiniteIn(value)!
  return report(NumericError, 'E246', {
    operation: v.name === null ? 'argument' : `"${v.name}"`,
    problem: 'the value that is handed in has a NaN already',
    operands: [['x', v]],
    lines: [foundText(value, found)],
    origins: v.origin === null ? [] : [v.origin],
  })
}

/** Where a kernel and the reference differ. */
export interface Difference {
  readonly kernel: string
  readonly backend: string
  /** The node whose value was stored. */
  readonly node: Apply
  /** By the kernel. */
  readonly value: Numbers
  readonly position: number
  readonly expected: number
  /** How many elements differ. */
  readonly count: number
  /** What the kernel reads. */
  readonly inputs: readonly (readonly [variable: Variable, value: Numbers])[]
}

export function kernelDiffers(d: Difference, steps: readonly Visit[]): ArignoteError {
  const got = d.value.data[d.position]!
  const operands = d.inputs.slice(0, 6).map(([v], i) => ['xyzuvw'[i]!, v] as const)
  return report(NumericError, 'E247', {
    operation: d.node.op.name,
    problem: `the kernel "${d.kernel}" of ${d.backend} and the reference differ`,
    operands,
    lines: [
      `${d.count} of ${d.value.data.length} elements; the first${at(d.value, d.position)}: ` +
        `${numberText(got)}, by the reference ${numberText(d.expected)}`,
      ...operands.map((_, i) => `{${i}} ${rangeText(d.inputs[i]![1])}`),
      ...stepLines(steps),
      'this is a fault of ours; kernels() of the function shows the code, please report it',
    ],
    origins: d.node.origins,
  })
}

export function notProfiled(name: string): ArignoteError {
  return report(GraphError, 'E228', {
    operation: name,
    problem: 'it was compiled without a profile',
    lines: ['compile(…, { profile: true }) makes a function that measures its calls'],
    did: 'called',
  })
}

export function calledInsidePrint(name: string): ArignoteError {
  return report(GraphError, 'E242', {
    operation: name,
    problem: 'it is called while another function prints',
    lines: ['all compiled functions share one memory: take the value in onPrint, and call afterwards'],
    did: 'called',
  })
}
