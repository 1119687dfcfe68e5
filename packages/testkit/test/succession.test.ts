/** What lies in the memory of what it is made from, step by step, and what may not. */
import { formsOf } from '@arignote/compiler'
import { describe, expect, test } from '@jest/globals'
import {
  compile,
  dot,
  grad,
  matrix,
  randn,
  type Shared,
  scan,
  shared,
  sigmoid,
  sum,
  tanh,
  tensor3,
  type Variable,
  zeros,
} from 'arignote'
import { gate, lstm, weights } from '../samples/cells.js'
import { agree, modes } from '../src/agree.js'

const units = 32
const [steps, batch, inputs] = [7, 3, 5]
const x = tensor3('x', { shape: [null, null, inputs] })
const input = randn([steps, batch, inputs], { seed: 7 })
const W = shared(randn([inputs, 2 * units], { seed: 1, std: 0.5 }), 'W')

/** Two gates of a recurrence, and a second scan that reads them step by step. */
function twoScans(
  sequences: Readonly<Record<string, Variable>>,
  gatesOf: (rows: Readonly<Record<string, Variable>>) => readonly [Variable, Variable],
  reverse = false,
): Variable {
  const zero = zeros([x.dim(1), units])
  const gates = scan(
    ({ s, ...rows }) => {
      const [p, q] = gatesOf(rows as Readonly<Record<string, Variable>>)
      const [a, b] = [sigmoid(p.add(s!)), tanh(q.sub(s!))]
      return { s: a.mul(s!).add(b), a, b }
    },
    { sequences, state: { s: zero }, reverse },
  )
  const { h } = scan(({ a, b, h }) => ({ h: h.mul(a).add(b) }), {
    sequences: { a: gates.a.all, b: gates.b.all },
    state: { h: zero },
    reverse: !reverse,
  })
  return h.last
}

const both = (z: Variable) => [gate(z, 0, units), gate(z, 1, units)] as const

/** `a in b` of the plan. */
const sharing = (outputs: readonly Variable[], args: readonly (typeof input)[] = [input]) =>
  formsOf([x], outputs, args)
    .texts.plan.split('\n')
    .filter(line => / in /.test(line))

describe('a history takes the memory of what its rows are made from', () => {
  const cell = weights(inputs, units, 4, 3)
  const all: readonly Shared[] = [cell.W, cell.U, cell.b]

  test('gates that of the sums, their gradients that of the gates', () => {
    const loss = sum(lstm(x, cell, units).h.last)
    const gradients = grad(loss, all)
    agree([x], [loss, ...gradients], [input], { further: [[randn([1, 2, inputs], { seed: 8 })]] })
    const lines = sharing([loss, ...gradients])
    expect(lines.filter(line => /^lstm( gradient)?\.y/.test(line))).toHaveLength(2)
  })

  test.each([false, true])('steps backwards or not: %s', reverse => {
    const z = dot(x, W)
    const result = twoScans({ z }, ({ z }) => both(z!), reverse)
    agree([x], [result], [input])
    expect(sharing([result])).toEqual(['scan.y0_1 in contract'])
  })
})

describe('it does not', () => {
  const z = dot(x, W)
  const apart: readonly [string, () => readonly Variable[]][] = [
    ['where those are read later', () => [twoScans({ z }, ({ z }) => both(z!)), z.max()]],
    ['where those are a result', () => [twoScans({ z }, ({ z }) => both(z!)), z]],
    [
      'where a step reads the next row too',
      () => [
        twoScans({ now: z.slice({ stop: -1 }), next: z.slice({ start: 1 }) }, ({ now, next }) => [
          gate(now!, 0, units).add(gate(next!, 1, units)),
          gate(now!, 1, units),
        ]),
      ],
    ],
    [
      'where a row is read in another order than it is written over',
      () => [twoScans({ z }, ({ z }) => [gate(z!, 0, units).slice(null, { step: -1 }), gate(z!, 1, units)])],
    ],
    [
      'where the other scan goes the other way',
      () => [twoScans({ z: z.slice({ step: -1 }) }, ({ z }) => both(z!))],
    ],
  ]
  test.each(apart)('%s', (_, outputs) => {
    agree([x], outputs(), [input])
    expect(sharing(outputs()).filter(line => line.startsWith('scan.y'))).toEqual([])
  })
})

describe('a long contraction', () => {
  test('packs and does a part of its columns at a time', () => {
    const [a, b] = [
      matrix('a', { dtype: 'float64', shape: [null, 12] }),
      matrix('b', { dtype: 'float64', shape: [null, 64] }),
    ]
    const product = dot(a.transpose(), b)
    const terms = 4200
    const [left, right] = [
      randn([terms, 12], { seed: 1, dtype: 'float64' }),
      randn([terms, 64], { seed: 2, dtype: 'float64' }),
    ]
    agree([a, b], [product], [left, right], { modes: modes.filter(mode => mode.options.optimize === true) })
    const f = compile([a, b], product.sum())
    f(left, right)
    expect(f.memory().scratch).toBeLessThan(0.6 * terms * 64 * 8)
    const { program } = formsOf([a, b], [product], [left, right]).texts
    expect(program).toContain('repeat columns t0 < 2')
  })
})
