import { describe, expect, test } from '@jest/globals'
import * as G from '../src/index.js'
import { matrix, scalar, shared, tensor, vector } from '../src/index.js'
import { messageOf } from './messages.js'

const x = matrix('x', { shape: ['batch', 128] })
const W = shared(G.zerosArray([64, 10]), 'dense1.W')
const n = vector('n', { shape: ['n'] })

test('an error names the operation, the variables, the rule, the place and a code', () => {
  expect(messageOf(() => x.matmul(W))).toMatchInlineSnapshot(`
"ShapeError matmul: inner dimensions differ
  x : f32[batch, 128]   (input "x")
  W : f32[64, 10]       (shared "dense1.W")
  the last axis of x must equal the first axis of W: 128 ≠ 64
  created at … [E012]"
`)
  try {
    x.dot(W)
  } catch (error) {
    expect((error as G.ArignoteError).code).toBe('E012')
    expect((error as Error).message).toMatch(
      /\n {2}created at packages\/graph\/test\/errors\.test\.ts:\d+:\d+ +\[E012\]$/,
    )
    expect(error).toBeInstanceOf(G.ShapeError)
    expect(error).toBeInstanceOf(G.ArignoteError)
    expect(error).toBeInstanceOf(Error)
  }
})

test('variables are called by the end of their names, or x, y, … where these are missing or the same', () => {
  const other = shared(G.zerosArray([7, 2]), 'dense2.W')
  expect(messageOf(() => G.matmul(W, other))).toMatchInlineSnapshot(`
"ShapeError matmul: inner dimensions differ
  x : f32[64, 10]   (shared "dense1.W")
  y : f32[7, 2]     (shared "dense2.W")
  the last axis of x must equal the first axis of y: 10 ≠ 7
  created at … [E012]"
`)
  expect(messageOf(() => G.dot(x.tanh(), vector(null, { shape: [3] })))).toMatchInlineSnapshot(`
"ShapeError dot: inner dimensions differ
  x : f32[batch, 128]   (result of tanh)
  y : f32[3]            (input)
  the last axis of x must equal the first axis of y: 128 ≠ 3
  created at … [E012]"
`)
  expect(messageOf(() => G.dot(x.tanh().named('h'), [1, 2]))).toMatchInlineSnapshot(`
"ShapeError dot: inner dimensions differ
  h : f32[batch, 128]   (result of tanh, "h")
  y : f32[2]            (constant)
  the last axis of h must equal the first axis of y: 128 ≠ 2
  created at … [E012]"
`)
})

describe('shapes', () => {
  const m = matrix('m', { shape: [4, 6] })
  const cases: Record<string, () => unknown> = {
    broadcasting: () => m.add(vector('b', { shape: [4] })),
    'broadcasting three': () => G.where(vector('c', { shape: [2] }), m, 0),
    'provably different symbols': () => n.add(G.concatenate([n, n.slice({ stop: 0 }), G.zeros([1])])),
    axis: () => m.sum(2),
    'axis of a scalar': () => scalar('s').sum(0),
    'repeated axis': () => m.sum([0, -2]),
    reshape: () => m.reshape([5, 5]),
    'reshape to two open sizes': () => m.reshape([-1, -1]),
    'a size that is none': () => m.reshape([2.5, 4]),
    'a float as a size': () => G.zeros([scalar('k')]),
    squeeze: () => m.squeeze(1),
    dimshuffle: () => m.dimshuffle(0),
    index: () => m.slice(4),
    'index from the end': () => m.slice(null, -7),
    'too many indices': () => m.slice(0, 0, 0),
    'index of floats': () => m.at(scalar('i')),
    'a step of 0': () => m.slice({ step: 0 }),
    concatenate: () => G.concatenate([m, G.zeros([4, 5])]),
    'concatenate nothing': () => G.concatenate([]),
    'concatenate other ranks': () => G.concatenate([m, n]),
    'max of nothing': () => G.zeros([0, 3]).max(0),
    'matmul of a scalar': () => G.matmul(m, 2),
    einsum: () => G.einsum('ij,kk->i', m, m),
    'einsum of other ranks': () => G.einsum('i,j->ij', m, m),
    pad: () => m.pad([1]),
    'pad by less than nothing': () => m.pad(-1),
    split: () => m.split(3),
    stack: () => G.stack([m, G.zeros([3, 6])]),
    sparse: () => m.crossentropyCategoricalSparse(matrix('t', 'int32')),
    'updates without rows': () => G.scatterAdd(vector('i', { dtype: 'int32', shape: [3] }), m, 0, 9),
  }
  test.each(Object.keys(cases))('%s', name => {
    expect(messageOf(cases[name]!)).toMatchSnapshot()
  })
})

describe('element types', () => {
  const b = vector('b', 'bool')
  const cases: Record<string, () => unknown> = {
    'subtracting bools': () => b.sub(b),
    'negating bools': () => b.neg(),
    'bits of floats': () => n.and(b),
    'floats as indices': () => n.take(vector('f')),
    'fractions as indices': () => n.take([0.5]),
    'adding bools up': () => G.scatterAdd([0], b.slice({ stop: 1 }), 0, 3),
    'a string': () => n.add('1' as never),
  }
  test.each(Object.keys(cases))('%s', name => {
    expect(messageOf(cases[name]!)).toMatchSnapshot()
  })
})

describe('inputs', () => {
  const cases: Record<string, () => unknown> = {
    'too many axes': () => matrix('x', { shape: [1, 2, 3] }),
    'a size that is none': () => vector('x', { shape: [-1] }),
    'a row of two': () => G.row('x', { shape: [2, 3] }),
    'no shape': () => tensor('x', {} as never),
  }
  test.each(Object.keys(cases))('%s', name => {
    expect(messageOf(cases[name]!)).toMatchSnapshot()
  })
})

test('other packages describe variables in the same way', () => {
  expect(G.describeVariable(x)).toBe('x : f32[batch, 128]   (input "x")')
  expect(G.describeVariable(W)).toBe('W : f32[64, 10]   (shared "dense1.W")')
  expect(G.describeVariable(G.constant(2))).toBe('x : f32[]   (constant)')
  expect(G.describeVariable(x.exp().named('e'))).toBe('e : f32[batch, 128]   (result of exp, "e")')
})
