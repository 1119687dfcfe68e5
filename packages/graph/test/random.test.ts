/** Random streams as graphs: types, nodes, and what is refused. */
import * as G from '@arignote/graph'
import { randomStream } from '@arignote/graph'
import { expect, test } from '@jest/globals'
import { messageOf } from './messages.js'

const random = () => randomStream(1, 'noise')

test('draws have the shape and dtype asked for', () => {
  const r = random()
  const x = G.matrix('x', { shape: ['batch', 5] })
  const p = G.matrix('p', { dtype: 'float64', shape: ['batch', 7] })
  const types = [
    r.uniform([2, 3]),
    r.uniform(x.shape, { dtype: 'float64' }),
    r.normal([], { mean: 1, std: 2 }),
    r.bernoulli([4], 0.5),
    r.randint([4], { high: 3 }),
    r.dropoutMask(x.shape, 0.5),
    r.categorical(p),
    r.categorical(p, [3]),
    r.choice(x, [2, 2]),
    r.permutation(G.dim(x, 0)),
  ].map(v => G.printType(v.type))
  expect(types).toEqual([
    'f32[2, 3]',
    'f64[batch, 5]',
    'f32[]',
    'bool[4]',
    'i32[4]',
    'f32[batch, 5]',
    'i32[batch]',
    'i32[3, batch]',
    'f32[2, 2, 5]',
    'i32[batch]',
  ])
})

test('a stream is one int32 variable that brings its update along', () => {
  const r = random()
  const { state } = r
  expect([state.name, G.printType(state.type), ...state.getValue().data]).toEqual([
    'noise',
    'i32[3]',
    1,
    0,
    0,
  ])
  expect(G.freeVariables([r.uniform([2]), r.normal([3]), state.defaultUpdate!])).toEqual([state])
  r.seed(-(2 ** 40))
  expect([...state.getValue().data]).toEqual([0, -256, 0])
})

test('a step knows its number only if it draws', () => {
  const r = random()
  const sequencesOf = (step: () => G.Variable) => {
    const { y } = G.scan(() => ({ y: step() }), { steps: 3 })
    return (y.all.owner!.params as G.ScanParams).counts.sequences
  }
  expect(sequencesOf(() => G.constant(1))).toBe(0)
  expect(sequencesOf(() => r.uniform([2]))).toBe(1)
  expect(sequencesOf(() => G.add(r.uniform([2]), r.normal([2])))).toBe(1)
  expect(() => sequencesOf(() => r.uniform([-1]))).toThrow(/not a size/)
  expect(G.freeVariables([r.uniform([2])])).toEqual([r.state])
})

test('a strict step names the stream', () => {
  const r = random()
  const draw = (strict: readonly string[]) => G.scan(() => ({ y: r.uniform([2]) }), { steps: 3, strict })
  expect(draw(['noise']).y.all.ndim).toBe(2)
  expect(() => draw([])).toThrow(/noise/)
})

test('what is refused', () => {
  const r = random()
  expect(messageOf(() => randomStream(1.5))).toMatchInlineSnapshot(`
"ArgumentError randomStream: a seed of 1.5
  a seed is a whole number of at most 53 bits
  created at … [E040]"
`)
  expect(messageOf(() => randomStream({ seed: 1 } as never))).toMatchInlineSnapshot(`
"ArgumentError randomStream: an object is no seed
  a seed is a whole number of at most 53 bits
  created at … [E040]"
`)
  expect(messageOf(() => r.uniform([2], { low: 1, high: 1 }))).toMatchInlineSnapshot(`
"ArgumentError uniform: nothing from 1 to below 1
  low must be less than high
  created at … [E040]"
`)
  expect(messageOf(() => r.randint([2], { high: 0 }))).toMatchInlineSnapshot(`
"ArgumentError randint: nothing from 0 to below 0
  low must be less than high
  created at … [E040]"
`)
  expect(messageOf(() => r.uniform([2], { dtype: 'int32' as never }))).toMatchInlineSnapshot(`
"ArgumentError uniform: int32 is not a float
  ask for float32 or float64
  created at … [E040]"
`)
  expect(messageOf(() => r.normal([2], { std: -1 }))).toMatchInlineSnapshot(`
"ArgumentError normal: a standard deviation of -1
  it must not be negative
  created at … [E040]"
`)
  expect(messageOf(() => r.dropoutMask([2], 1.1))).toMatchInlineSnapshot(`
"ArgumentError dropoutMask: a probability of 1.1
  a probability is a number from 0 to 1
  created at … [E040]"
`)
  expect(messageOf(() => r.bernoulli([2], Number.NaN))).toMatchInlineSnapshot(`
"ArgumentError bernoulli: a probability of NaN
  a probability is a number from 0 to 1
  created at … [E040]"
`)
  expect(messageOf(() => r.categorical(G.vector('p', 'int32')))).toMatchInlineSnapshot(`
"DTypeError categorical: not defined for int32
  p : i32[?]   (input "p")
  probabilities are floats
  created at … [E020]"
`)
  expect(messageOf(() => r.categorical(G.scalar('p')))).toMatchInlineSnapshot(`
"ShapeError categorical: there is no axis -1
  p : f32[]   (input "p")
  a scalar has no axes
  created at … [E002]"
`)
  expect(messageOf(() => r.normal([2], { mean: G.vector('m', { shape: [3] }) }))).toMatchInlineSnapshot(`
"ShapeError broadcastTo: sizes differ
  m : f32[3]   (input "m")
  axis 0 must have this size, or 1: 2 ≠ 3
  created at … [E005]"
`)
})
