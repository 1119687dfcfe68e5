/** `ifElse` in the places where graphs are taken apart: under `where`'s numbers in scans of every form, gradient tools and batches. */
import { compile } from '@arignote/compiler'
import {
  batchExpression,
  constant,
  grad,
  hessian,
  hvp,
  ifElse,
  jacobian,
  matrix,
  mul,
  Rop,
  randomStream,
  scalar,
  scan,
  sum,
  type Tensor,
  take,
  type Value,
  type Variable,
  vector,
  where,
} from '@arignote/graph'
import { describe, expect, test } from '@jest/globals'
import { agree } from '../src/agree.js'

const x = vector('x', { dtype: 'float64', shape: ['n'] })
const v = vector('v', { dtype: 'float64', shape: ['n'] })
const c = scalar('c', 'bool')

type Choice = (condition: Variable, a: Variable, b: Variable) => Variable
const lazy: Choice = ifElse
const eager: Choice = where

/** The same program with branches and with `where`, in a few modes: the values are equal. */
function expectSame(program: (choose: Choice) => Variable, inputs: readonly Variable[], ...args: Value[]) {
  const modes = [
    { name: 'wasm', options: { backend: 'wasm', optimize: true } },
    { name: 'js, not optimised', options: { backend: 'js', optimize: false } },
  ] as const
  const outputs = [program(lazy), program(eager)]
  const [a, b] = agree(inputs, outputs, args, { modes, onUnusedInput: 'ignore' })
  expect(a!.shape).toEqual(b!.shape)
  for (const [i, value] of Array.from(a!.data).entries()) expect(value).toBeCloseTo(b!.data[i]!, 12)
}

describe.each([
  ['forwards', {}],
  ['in reverse', { reverse: true }],
  ['two steps per trip', { unroll: 2 }],
  ['without a loop', { unroll: true, steps: 5 }],
] as const)('a scan %s', (_, options) => {
  const run = (choose: Choice) =>
    scan(
      ({ x, h }) => ({
        h: choose(x.gt(0), mul(h, x).tanh(), h.add(x)) as Tensor<'float64', 0>,
        o: choose(h.gt(1), h, x) as Tensor<'float64', 0>,
      }),
      { sequences: { x }, state: { h: constant(0.5, 'float64') }, ...options },
    )
  const data = [1, -1, 0.5, 2, -3]

  test('has a condition per step', () => {
    expectSame(choose => run(choose).h.all, [x], data)
    expectSame(choose => run(choose).o.all, [x], data)
  })

  test('has a gradient', () => {
    expectSame(
      choose => {
        const { h, o } = run(choose)
        return grad(h.all.sum().add(o.all.square().sum()), x)
      },
      [x],
      data,
    )
  })
})

test.each([true, false])('directions, Hessians and their products, where the condition is %s', value => {
  const y = (choose: Choice) => choose(c, mul(x.exp(), x), x.sin()) as Tensor<'float64', 1>
  expectSame(choose => Rop(y(choose), x, v), [c, x, v], value, [1, 2], [0.5, 1])
  expectSame(choose => hessian(y(choose).sum(), x), [c, x], value, [1, 2])
  expectSame(choose => hvp(y(choose).sum(), x, v), [c, x, v], value, [1, 2], [1, 1])
})

test('the jacobian of a recurrence whose steps choose by their state', () => {
  const run = (choose: Choice) =>
    scan(({ x, h }) => ({ h: choose(h.gt(x), mul(h, 0.5), mul(h, x)) as Tensor<'float64', 0> }), {
      sequences: { x },
      state: { h: constant(1, 'float64') },
    }).h.all
  expectSame(choose => jacobian(run(choose), x), [x], [0.5, 2, 3])
})

test('many at once: one condition for all, and one for each', () => {
  const size = 3
  const row = vector('row', { dtype: 'float64', shape: [2] })
  const rows = matrix('rows', { dtype: 'float64', shape: [size, 2] })
  const cs = vector('cs', { dtype: 'bool', shape: [size] })
  const y = (choose: Choice) => choose(c, row.exp(), row.sum().add(row))
  const data = [
    [1, 2],
    [3, 4],
    [5, 6],
  ]
  const stack = (choose: Choice, image: Map<Variable, Variable>) =>
    batchExpression([y(choose)], image, size)![0]!
  for (const value of [true, false])
    expectSame(choose => stack(choose, new Map([[row as Variable, rows]])), [c, rows], value, data)
  const each = new Map<Variable, Variable>([
    [row, rows],
    [c, cs],
  ])
  const [all] = agree([cs, rows], [stack(lazy, each)], [[true, false, true], data])
  expect([...all.data].slice(2, 4)).toEqual([10, 11])
  expect(all.data[4]).toBeCloseTo(Math.exp(5), 9)
})

test('sizes that may turn out equal must be, in the call', () => {
  const z = vector('z', { dtype: 'float64', shape: ['m'] })
  const f = compile([c, x, z], ifElse(c, x, z))
  expect([...f(true, [1, 2], [3, 4]).data]).toEqual([1, 2])
  expect(() => f(true, [1, 2], [3])).toThrow('both branches must have the same shape')
  agree([c, x], ifElse(c, x.exp(), x), [true, []])
})

test('what is inside of a branch may be given', () => {
  const h = x.exp()
  const givens = [[h, x.mul(0).add(7)]] as const
  expect([...agree([c, x], ifElse(c, h.mul(2), x), [true, [1, 2]], { givens }).data]).toEqual([14, 14])
})

test('an index in a branch that is not taken is not looked at', () => {
  const ids = vector('ids', 'int32')
  const y = ifElse(c, sum(take(x, ids)), x.sum())
  expect(agree([c, x, ids], y, [false, [1, 2], [5]]).data[0]).toBe(3)
  expect(() => compile([c, x, ids], y)(true, [1, 2], [5])).toThrow('index 5 is out of range')
})

test('dropout only where one trains', () => {
  const mask = randomStream(1).dropoutMask([4], 0.5).cast('float64')
  const f = compile([c, x], ifElse(c, x.mul(mask), x))
  expect([...f(false, [1, 1, 1, 1]).data]).toEqual([1, 1, 1, 1])
  expect([...f(true, [1, 1, 1, 1]).data].filter(n => n !== 0 && n !== 2)).toEqual([])
})

test.each(['handed on', 'started again'])(
  'a long chain of branches, %s, has a gradient of its own length',
  kind => {
    const steps = 12
    const { h } = scan(
      ({ x, h }) => ({
        h: ifElse(x.gt(0), mul(h, x).tanh(), kind === 'handed on' ? h : constant(0.5, 'float64')) as typeof h,
      }),
      { sequences: { x }, state: { h: constant(1, 'float64') }, unroll: true, steps },
    )
    const f = compile([x], [h.last, grad(h.last, x)])
    const data = Array.from({ length: steps }, (_, i) => (i % 5 === 2 ? -1 : 0.9))
    const [last, gradient] = f(data)
    let [value, start] = [1, 0]
    for (const [i, one] of data.entries()) {
      if (one <= 0 && kind !== 'handed on') start = i + 1
      value = one > 0 ? Math.tanh(value * one) : kind === 'handed on' ? value : 0.5
    }
    expect(last.data[0]).toBeCloseTo(value, 12)
    expect([...gradient.data].slice(0, start)).toEqual(new Array(start).fill(0))
    expect(gradient.data[steps - 1]).not.toBe(0)
  },
)
