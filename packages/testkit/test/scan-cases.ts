/** How the cases of scan are run and compared. */
import { compile } from '@arignote/compiler'
import { grad, mul, randn, sum, toNested, type Value, type Variable } from '@arignote/graph'
import type { FloatDType } from '@arignote/loops'
import { expect } from '@jest/globals'
import { type Mode, modes } from '../src/agree.js'

/** One way to run a graph. */
export interface Way {
  readonly name: string
  readonly dtype: FloatDType
  readonly options: Mode['options']
}

/** Every back end, with and without the optimiser, in both float dtypes. */
export const ways: readonly Way[] = modes.flatMap(({ name, options }) =>
  (['float64', 'float32'] as const).map(dtype => ({ name: `${name}, ${dtype}`, options, dtype })),
)

type Nested = number | readonly Nested[]

/** The outputs for these arguments, as nested arrays. */
export function run(
  way: Way,
  inputs: readonly Variable[],
  outputs: readonly Variable[],
  values: readonly unknown[],
): Nested[] {
  const f = compile(inputs, outputs, { ...way.options, onUnusedInput: 'ignore' })
  return f(...(values as readonly Value[])).map(toNested)
}

/** Compares as closely as the dtype allows. */
export function close(
  { dtype }: Way,
  actual: Nested,
  expected: Nested,
  tolerance = dtype === 'float64' ? 1e-9 : 2e-5,
): void {
  const [a, b] = [[actual].flat(9) as number[], [expected].flat(9) as number[]]
  expect(shapeOf(actual)).toEqual(shapeOf(expected))
  a.forEach((x, i) => {
    const error = Math.abs(x - b[i]!) / Math.max(1, Math.abs(b[i]!))
    if (!(error <= tolerance)) expect({ at: i, value: x }).toEqual({ at: i, value: b[i] })
  })
}

const shapeOf = (x: Nested): unknown => (Array.isArray(x) ? (x as readonly Nested[]).map(shapeOf) : 0)

/** n numbers of moderate size. */
export const ramp = (n: number, by = 0.3): number[] =>
  Array.from({ length: n }, (_, i) => ((i * 7) % 5) * by - 0.4)

/** Fixed random nested arrays. */
export const random = (seed: number, ...shape: number[]) =>
  toNested(randn(shape, { seed, dtype: 'float64', std: 0.6 })) as never

/** Σ outputs · fixed weights: a scalar that depends on every element in its own way. */
export function project(outputs: readonly Variable[], weights: readonly Variable[]): Variable {
  return outputs.map((v, i) => sum(mul(v, weights[i]!))).reduce((a, b) => a.add(b))
}

/**
 * Compares the gradient of a scalar with central differences, for every element of every input that is asked about.
 */
export function checkGradient(
  way: Way,
  cost: Variable,
  wrt: readonly Variable[],
  inputs: readonly Variable[],
  values: readonly unknown[],
): void {
  if (way.dtype !== 'float64') return
  const options = { ...way.options, onUnusedInput: 'ignore' as const }
  const evaluate = compile(inputs, cost, options)
  const gradients = compile(inputs, grad(cost, wrt) as readonly Variable[], options)
  const found = gradients(...(values as readonly Value[]))
  wrt.forEach((v, i) => {
    const at = inputs.indexOf(v)
    const flat = [values[at] as Nested].flat(9) as number[]
    const numeric = flat.map((_, k) => {
      const step = 1e-5
      const moved = (by: number) => {
        const others = [...values]
        others[at] = replaceElement(values[at] as Nested, k, by)
        return evaluate(...(others as readonly Value[])).data[0]!
      }
      return (moved(step) - moved(-step)) / (2 * step)
    })
    close(way, [toNested(found[i]!)].flat(9) as number[], numeric, 1e-6)
  })
}

/** The nested array with its k-th element moved. */
function replaceElement(x: Nested, k: number, by: number): Nested {
  let position = 0
  const copy = (y: Nested): Nested => (typeof y === 'number' ? y + (position++ === k ? by : 0) : y.map(copy))
  return copy(x)
}
