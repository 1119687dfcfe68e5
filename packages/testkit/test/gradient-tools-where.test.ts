/** What stands in a branch that is not taken has no part in derivatives, be it infinite or NaN. */
import {
  clip,
  constant,
  exp,
  grad,
  log,
  maximum,
  type NdArray,
  pow,
  Rop,
  scan,
  sqrt,
  square,
  sub,
  sum,
  type Value,
  type Variable,
  where,
} from '@arignote/graph'
import { describe, test } from '@jest/globals'
import { agree } from '../src/agree.js'
import { expectArray } from '../src/matchers.js'
import { real } from './derivative-cases.js'

const [x, y] = [real('x', 3), real('y', 3)]
const unused = { onUnusedInput: 'ignore' } as const
const at = (inputs: readonly Variable[], result: Variable, ...values: Value[]): NdArray =>
  agree(inputs, result, values, unused)

describe('what is not taken says nothing', () => {
  const positive = x.gt(0)
  const rows: Value[] = [[-1, 0, 4]]

  test.each<[string, Variable, readonly number[]]>([
    ['log', where(positive, log(x), 0), [0, 0, 0.25]],
    ['sqrt', where(positive, sqrt(x), 0), [0, 0, 0.25]],
    ['a reciprocal', where(x.neq(0), x.pow(-1), 0), [-1, 0, -0.0625]],
    ['a quotient', where(x.neq(0), constant(1, 'float64').div(x), 0), [-1, 0, -0.0625]],
    ['a power', where(positive, pow(x, 0.5), 0), [0, 0, 0.25]],
    ['what overflows', where(positive, x, exp(sub(1000, x))), [-Infinity, -Infinity, 1]],
    ['something of something', where(positive, log(sqrt(maximum(x, 0))), 0), [0, 0, 0.125]],
    ['a branch in a branch', where(positive, where(x.lt(5), log(x), exp(x)), square(x)), [-2, 0, 0.25]],
    ['what is clipped', where(positive, log(clip(x, 0, 9)), 0), [0, 0, 0.25]],
  ])('%s', (_, result, expected) => {
    expectArray(at([x], grad(sum(result), x), ...rows)).toBeCloseToArray(expected as number[], {
      relative: 1e-14,
    })
  })

  test('forward mode and second derivatives neither', () => {
    const chosen = where(positive, log(x), 0)
    expectArray(at([x, y], Rop(chosen, x, y), [-1, 0, 4], [1, 1, 1])).toEqualArray([0, 0, 0.25])
    const second = grad(sum(grad(sum(chosen), x)), x)
    expectArray(at([x], second, [-1, 0, 4])).toBeCloseToArray([0, 0, -0.0625])
  })

  test('in a scan', () => {
    const all = scan(({ x }) => ({ y: where(x.gt(0), log(x), 0) }), { sequences: { x } }).y.all
    expectArray(at([x], grad(sum(all), x), [-1, 0, 4])).toEqualArray([0, 0, 0.25])
  })
})
