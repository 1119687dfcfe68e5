/** Derivatives measured by differences, for the tests of gradient tools. All in float64. */
import { compile } from '@arignote/compiler'
import {
  convert,
  freeVariables,
  type NdArray,
  ndarrayOf,
  Rop,
  tensor,
  type Value,
  type Variable,
} from '@arignote/graph'
import { expect } from '@jest/globals'
import { agree } from '../src/agree.js'
import { expectArray } from '../src/matchers.js'

/** A float64 input. */
export const real = (name: string, ...shape: (number | string | null)[]) =>
  tensor(name, { dtype: 'float64', shape: shape as readonly (number | string | null)[] })

const elements = (value: Value) => convert(value, 'float64', 'test')

/** ∂expression/∂wrt, element by element: the shape of the expression, then that of the variable. */
export function measuredJacobian(
  inputs: readonly Variable[],
  expression: Variable,
  wrt: Variable,
  values: readonly Value[],
  step = 1e-5,
): NdArray {
  const f = compile(inputs, expression, { backend: 'reference', onUnusedInput: 'ignore' })
  const at = inputs.indexOf(wrt)
  const { data, shape } = elements(values[at]!)
  const moved = (k: number, by: number) =>
    f(...values.with(at, ndarrayOf(Float64Array.from(data).with(k, data[k]! + by), shape)))
  const columns = Array.from(data, (_, k) => {
    const [above, below] = [moved(k, step).data, moved(k, -step).data]
    return Array.from(above, (y, i) => (y - below[i]!) / (2 * step))
  })
  const outer = f(...values).shape
  const rows = outer.reduce((a, b) => a * b, 1)
  const flat = Float64Array.from({ length: rows * data.length }, (_, n) => {
    return columns[n % data.length]![Math.floor(n / data.length)]!
  })
  return ndarrayOf(flat, [...outer, ...shape])
}

/** The change of the expression as all inputs move along the directions. */
export function measuredPush(
  inputs: readonly Variable[],
  expression: Variable,
  values: readonly Value[],
  directions: readonly Value[],
  step = 1e-5,
): NdArray {
  const f = compile(inputs, expression, { backend: 'reference', onUnusedInput: 'ignore' })
  const moved = (by: number) =>
    f(
      ...values.map((value, i) => {
        const [x, v] = [elements(value), elements(directions[i]!)]
        return ndarrayOf(
          Float64Array.from(x.data, (y, k) => y + by * v.data[k]!),
          x.shape,
        )
      }),
    )
  const [above, below] = [moved(step), moved(-step)]
  return ndarrayOf(
    Float64Array.from(above.data, (y, k) => (y - below.data[k]!) / (2 * step)),
    [...above.shape],
  )
}

/** Rop along the directions in every mode, against differences; no stand-in may be left in it. */
export function checkPush(
  inputs: readonly Variable[],
  result: Variable,
  values: Value[],
  directions: Value[],
): void {
  const tangents = inputs.map(v => real('tangent', ...v.shape.map(n => (typeof n === 'number' ? n : null))))
  const pushed = Rop(result, inputs, tangents)
  const all = [...inputs, ...tangents]
  expect(freeVariables([pushed]).filter(v => !all.includes(v))).toEqual([])
  const got = agree(all, pushed, [...values, ...directions], { onUnusedInput: 'ignore' })
  expectArray(got).toBeCloseToArray(measuredPush(inputs, result, values, directions), { scaled: 1e-6 })
}
