/** `ifElse`: one branch runs, on every back end, optimised and not; in scans, around scans, under gradients. */
import { compile, formsOf } from '@arignote/compiler'
import {
  add,
  assert,
  dot,
  grad,
  ifElse,
  jacobian,
  matrix,
  print,
  randn,
  scalar,
  scan,
  shared,
  tensor,
  vector,
  where,
  zeros,
} from '@arignote/graph'
import { describe, expect, test } from '@jest/globals'
import { agree, modes } from '../src/index.js'

const x = vector('x', { shape: ['n'] })
const c = scalar('c', 'bool')

/** How often each label is printed in one call. */
function counted(mode: object, run: (options: object) => void): Record<string, number> {
  const counts: Record<string, number> = {}
  run({
    ...mode,
    onPrint: ({ label }: { label: string | null }) => {
      counts[label!] = (counts[label!] ?? 0) + 1
    },
  })
  return counts
}

test('the branch that the condition names is the value', () => {
  const y = ifElse(c, x.exp(), x.mul(2))
  expect([...agree([c, x], y, [true, [0, 1]]).data]).toEqual([1, Math.fround(Math.E)])
  expect([...agree([c, x], y, [false, [0, 1]]).data]).toEqual([0, 2])
})

test('any number is a condition; a number stands for a whole branch', () => {
  const n = scalar('n', 'int32')
  const y = ifElse(n, x, 0)
  expect([...agree([n, x], y, [-3, [1, 2]]).data]).toEqual([1, 2])
  expect([...agree([n, x], y, [0, [1, 2]]).data]).toEqual([0, 0])
})

test('lists and records are chosen from together, under one branch of the program', () => {
  const list = ifElse(c, [x.exp(), x.sum()], [x.mul(2), x.max()])
  const record = ifElse(c, { a: x.sin(), b: x }, { a: x.cos(), b: x.neg() })
  const outputs = [...list, record.a, record.b]
  agree([c, x], outputs, [true, [1, 2, 3]])
  agree([c, x], outputs, [false, [1, 2, 3]])
  const { program } = formsOf([c, x], outputs, [true, [1, 2, 3]])
  expect(program.steps.filter(step => step.kind === 'branch')).toHaveLength(1)
})

describe.each(modes)('$name', ({ options }) => {
  test('only the taken branch runs', () => {
    const y = ifElse(c, print(x.exp(), 'a').sum(), print(x.mul(2), 'b').sum())
    const run = (value: boolean) => counted(options, more => compile([c, x], y, more)(value, [1, 2]))
    expect(run(true)).toEqual({ a: 1 })
    expect(run(false)).toEqual({ b: 1 })
  })

  test('only the gradient of the taken branch runs', () => {
    const [a, b] = [x.exp(), x.sin()]
    const y = ifElse(c, print(a, 'a').mul(x).sum(), print(b, 'b').mul(x).sum())
    const run = (value: boolean) =>
      counted(options, more => compile([c, x], grad(y.square(), x), more)(value, [1, 2]))
    expect(run(true)).toEqual({ a: 1 })
    expect(run(false)).toEqual({ b: 1 })
  })

  test('a branch inside of a branch, and what both of them need outside', () => {
    const d = scalar('d', 'bool')
    const both = print(x.tanh(), 'both')
    const inner = ifElse(d, print(both.exp(), 'inner'), both)
    const y = ifElse(c, inner, both.neg())
    const run = (first: boolean, second: boolean) =>
      counted(options, more => compile([c, d, x], y, more)(first, second, [1, 2]))
    expect(run(true, true)).toEqual({ both: 1, inner: 1 })
    expect(run(true, false)).toEqual({ both: 1 })
    expect(run(false, true)).toEqual({ both: 1 })
  })

  test('an assertion of the branch that is not taken does not count', () => {
    const y = ifElse(x.sum().gt(0), assert(x, x.gt(0), 'positive').log(), x)
    const f = compile([x], y, options)
    expect([...f([-1, -2]).data]).toEqual([-1, -2])
    expect([...f([1, 1]).data]).toEqual([0, 0])
    expect(() => f([3, -1])).toThrow('assert: positive')
  })

  test('in a scan each step takes its own', () => {
    const { h } = scan(
      ({ x, h }) => ({ h: ifElse(x.gt(0), print(h.mul(2), 'up').add(x), print(h, 'down').sub(1)) }),
      { sequences: { x }, state: { h: 1 } },
    )
    let values: number[] = []
    const counts = counted(options, more => {
      values = [...compile([x], h.all, more)([1, -1, 3, -2, -2]).data]
    })
    expect(values).toEqual([3, 2, 7, 6, 5])
    expect(counts).toEqual({ up: 2, down: 3 })
  })
})

test('a scan inside of a branch', () => {
  const { h } = scan(({ x, h }) => ({ h: add(h.mul(0.5), x) }), { sequences: { x }, state: { h: 0 } })
  const y = ifElse(c, h.last, x.sum())
  for (const value of [true, false]) agree([c, x], [y, grad(y.square(), x)], [value, [1, 2, 3]])
})

test('gradients of any order agree with those of where', () => {
  const t = scalar('t', 'float64')
  const chosen = (cond: typeof t) => ({
    lazy: ifElse(cond, t.exp().mul(t), t.sin()),
    eager: where(cond, t.exp().mul(t), t.sin()),
  })
  const { lazy, eager } = chosen(t)
  for (const order of [1, 2, 3]) {
    const derive = (y: typeof lazy) => {
      let d = y
      for (let i = 0; i < order; i++) d = grad(d, t)
      return d
    }
    for (const at of [0, 0.7]) {
      const [a, b] = agree([t], [derive(lazy), derive(eager)], [at])
      expect(a.data[0]).toBeCloseTo(b.data[0]!, 12)
    }
  }
})

test('the gradient with respect to what a branch is made of', () => {
  const h = x.exp()
  const y = ifElse(c, h.square(), h.neg()).sum()
  const [gh, gx] = grad(y, [h, x])
  for (const value of [true, false]) agree([c, x], [gh, gx, y], [value, [0.1, 0.2]])
})

test('gradients through a scan with a condition per step', () => {
  const W = shared(randn([3, 3], { seed: 1, std: 0.5, dtype: 'float64' }), 'W')
  const xs = tensor('xs', { dtype: 'float64', shape: ['time', 2, 3] })
  const gate = vector('gate', { dtype: 'float64', shape: ['time'] })
  const run = (choose: typeof ifElse) =>
    scan(({ x, g, h }) => ({ h: choose(g.gt(0), dot(h, W).add(x).tanh(), h.mul(0.9).add(x)) }), {
      sequences: { x: xs, g: gate },
      state: { h: zeros([2, 3], 'float64') },
    })
      .h.last.square()
      .sum()
  const lazy = run(ifElse)
  const eager = run(where as unknown as typeof ifElse)
  const args = [randn([5, 2, 3], { seed: 2, dtype: 'float64' }), [1, -1, 1, 1, -1]]
  const outputs = [lazy, eager].flatMap(cost => [cost, ...grad(cost, [W, xs])])
  const results = agree([xs, gate], outputs, args)
  for (let i = 0; i < 3; i++) expect([...results[i]!.data]).toEqual([...results[i + 3]!.data])
})

test('a jacobian: one condition stays a branch, a condition for each row becomes where', () => {
  const A = matrix('A', { dtype: 'float64', shape: [2, 3] })
  const v = vector('v', { dtype: 'float64', shape: [3] })
  const y = ifElse(v.sum().gt(0), dot(A, v).tanh(), dot(A, v))
  for (const sign of [1, -1]) agree([A, v], jacobian(y, v), [randn([2, 3], { seed: 1 }), [sign, 0.5, 0.25]])
})

test('two branches of one condition are one, unless one needs the other', () => {
  const count = (outputs: Parameters<typeof formsOf>[1]) =>
    formsOf([c, x], outputs, [true, [1, 2]]).texts.optimized.match(/= ifElse/g)?.length ?? 0
  const y = ifElse(c, x.exp(), x)
  expect(count([y, ifElse(c, x, x.sin())])).toBe(1)
  expect(count([y, ifElse(c.not(), x.sin(), x)])).toBe(1)
  expect(count([y, ifElse(c, y.sum(), x.sum())])).toBe(2)
  expect(count([y, ifElse(y.sum().gt(0), x, x.exp())])).toBe(2)
})

test('a decided branch, and equal ones, leave no branch', () => {
  const optimized = (y: Parameters<typeof formsOf>[1]) =>
    formsOf([c, x], y, [true, [1, 2]], { onUnusedInput: 'ignore' }).texts.optimized
  expect(optimized(ifElse(true, x.exp(), x.sin()))).not.toMatch(/ifElse|sin/)
  expect(optimized(ifElse(c, x.exp().mul(1), x.add(0).exp()))).not.toMatch(/ifElse/)
})

test('a shared variable is updated by the branch that is taken, and both read old values', () => {
  const W = shared([1, 2], 'W')
  agree([c, x], ifElse(c, W.sum(), x.sum()), [true, [3, 4]], {
    updates: [[W, ifElse(c, W.add(x), W)]],
    calls: 3,
  })
  expect([...W.getValue().data]).toEqual([10, 14])
})

test('what a branch hands out is not computed again by a later one; equal branches are merged instead', () => {
  const W = shared(randn([3, 3], { seed: 1 }), 'W')
  const m = matrix('m', { shape: ['n', 3] })
  const contractions = (outputs: Parameters<typeof formsOf>[1]) =>
    formsOf([c, m], outputs, [true, randn([2, 3], { seed: 2 })]).texts.optimized.match(/= contract/g)?.length
  const y = ifElse(c, dot(m, W).tanh(), m)
  expect(contractions([y, grad(y.square().sum(), W)])).toBe(2)
  const h = dot(m, W).tanh()
  expect(contractions(ifElse(c, [h, h.sum()], [m, m.sum()]))).toBe(1)
  expect(contractions(ifElse(c, [h.sum(), h], [m.sum(), m]))).toBe(1)
})
