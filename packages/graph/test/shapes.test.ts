import { describe, expect, test } from '@jest/globals'
import * as G from '../src/index.js'
import { matrix, scalar, tensor, tensor3, vector } from '../src/index.js'
import { requirementsOf, typeOf } from './messages.js'

const x = tensor3('x', { shape: ['batch', 4, 6] })
const m = matrix('m', { shape: [4, 6] })
const v = vector('v', { shape: ['n'] })

describe('views', () => {
  test.each([
    ['reshape', () => m.reshape([2, -1]), 'f32[2, 12]'],
    ['reshape, symbolic', () => x.reshape([-1, 6]), 'f32[4·batch, 6]'],
    ['reshape by sizes of another', () => x.reshape([x.shape[0]!, 24]), 'f32[batch, 24]'],
    ['reshape by a symbolic scalar', () => x.reshape([G.dim(x, 0), -1]), 'f32[batch, 24]'],
    ['flatten', () => x.flatten(), 'f32[24·batch]'],
    ['flatten to two', () => x.flatten(2), 'f32[batch, 24]'],
    ['transpose', () => x.transpose(), 'f32[6, 4, batch]'],
    ['transpose by axes', () => x.transpose([0, -1, 1]), 'f32[batch, 6, 4]'],
    ['dimshuffle', () => m.dimshuffle(1, 'x', 0), 'f32[6, 1, 4]'],
    ['dimshuffle drops', () => G.row('r', { shape: [1, 3] }).dimshuffle(1), 'f32[3]'],
    ['expandDims', () => m.expandDims(-1), 'f32[4, 6, 1]'],
    ['expandDims, several', () => m.expandDims([0, 2]), 'f32[1, 4, 1, 6]'],
    ['squeeze', () => m.expandDims([0, 2]).squeeze(), 'f32[4, 6]'],
    ['squeeze one', () => m.expandDims([0, 2]).squeeze(0), 'f32[4, 1, 6]'],
    ['broadcastTo', () => m.broadcastTo([3, 4, 6]), 'f32[3, 4, 6]'],
    [
      'broadcastTo a symbol',
      () => G.row('r', { shape: [1, 3] }).broadcastTo([x.shape[0]!, 3]),
      'f32[batch, 3]',
    ],
    ['concatenate', () => G.concatenate([x, x], 1), 'f32[batch, 8, 6]'],
    ['concatenate, symbolic', () => G.concatenate([v, v, G.zeros([2])]), 'f32[2·n + 2]'],
    [
      'concatenate promotes',
      () => G.concatenate([v, vector('i', { dtype: 'float64', shape: [1] })]),
      'f64[n + 1]',
    ],
    ['stack', () => G.stack([m, m, m], -1), 'f32[4, 6, 3]'],
    ['tile', () => m.tile([2, 1]), 'f32[8, 6]'],
    ['tile with more axes', () => v.tile([3, 2]), 'f32[3, 2·n]'],
    ['repeat', () => m.repeat(3, 1), 'f32[4, 18]'],
    ['repeat, flat', () => m.repeat(2), 'f32[48]'],
    ['pad', () => x.pad([0, [1, 2], 1]), 'f32[batch, 7, 8]'],
    ['pad everywhere', () => v.pad(2), 'f32[n + 4]'],
    ['flip', () => x.flip(), 'f32[batch, 4, 6]'],
    ['roll', () => x.roll(1, 0), 'f32[batch, 4, 6]'],
    ['take', () => m.take([0, 2, 1], 1), 'f32[4, 3]'],
    ['take by a matrix', () => v.take(matrix('ids', { dtype: 'int32', shape: [2, 'k'] })), 'f32[2, k]'],
    ['scatterAdd', () => G.scatterAdd(vector('i', { dtype: 'uint8', shape: [4] }), m, 0, 9), 'f32[9, 6]'],
    ['oneHot', () => G.oneHot(vector('i', { dtype: 'int32', shape: ['n'] }), 5), 'f32[n, 5]'],
    ['eye', () => G.eye(3, 4), 'f32[3, 4]'],
    ['arange', () => G.arange(2, 11, 3), 'i32[3]'],
    ['arange, symbolic', () => G.arange(v.shape[0]!), 'i32[n]'],
    ['full', () => G.full([2, v.shape[0]!], 7, 'uint8'), 'u8[2, n]'],
    ['zerosLike', () => G.zerosLike(x), 'f32[batch, 4, 6]'],
    ['dim', () => G.dim(x, 0), 'i32[]'],
  ] as const)('%s', (_, make, type) => {
    expect(typeOf(make())).toBe(type)
  })

  test('split gives equal pieces or pieces of given sizes', () => {
    expect(m.split(3, 1).map(typeOf)).toEqual(['f32[4, 2]', 'f32[4, 2]', 'f32[4, 2]'])
    expect(m.split([1, 3]).map(typeOf)).toEqual(['f32[1, 6]', 'f32[3, 6]'])
    expect(x.reshape([-1]).split(4).map(typeOf)[0]).toBe('f32[6·batch]')
  })

  test('views that change nothing are no nodes', () => {
    expect(m.reshape([4, 6])).toBe(m)
    expect(m.transpose([0, 1])).toBe(m)
    expect(m.slice(null, { start: 0, stop: 6 })).toBe(m)
    expect(m.pad(0)).toBe(m)
    expect(m.broadcastTo([4, 6])).toBe(m)
    expect(G.concatenate([m])).toBe(m)
    expect(m.sum([])).toBe(m)
  })

  test('what cannot be decided is required', () => {
    expect(requirementsOf(v.reshape([2, 3]))).toEqual(['n = 6: reshape keeps the number of elements'])
    expect(requirementsOf(v.reshape([-1, 4]))).toEqual([
      'n = 4·floorDiv(n, 4): reshape keeps the number of elements',
    ])
    expect(requirementsOf(v.squeeze(0))).toEqual(['n = 1: axis 0, which is dropped, must have size 1'])
    expect(requirementsOf(v.expandDims(0).squeeze(0))).toEqual([])
    expect(requirementsOf(v.broadcastTo([5]))).toEqual(['5 = n: axis 0 must have this size, or 1'])
    expect(requirementsOf(x.reshape([-1, 24]))).toEqual([])
  })
})

describe('indexing', () => {
  test.each([
    ['a number drops the axis', () => m.slice(1), 'f32[6]'],
    ['null keeps it', () => m.slice(null, -1), 'f32[4]'],
    ['a range cuts it', () => m.slice({ start: 1 }, { stop: -1 }), 'f32[3, 5]'],
    ['steps', () => m.slice(null, { start: 1, step: 2 }), 'f32[4, 3]'],
    ['backwards', () => m.slice(null, { step: -4 }), 'f32[4, 2]'],
    ['clamped', () => m.slice({ start: -99, stop: 99 }, { start: 7 }), 'f32[4, 0]'],
    ['empty', () => m.slice({ start: 3, stop: 1 }), 'f32[0, 6]'],
    ['all dropped', () => m.slice(0, 0), 'f32[]'],
    ['at', () => x.at(0), 'f32[4, 6]'],
    ['a symbolic number', () => m.at(scalar('i', 'int32')), 'f32[6]'],
    ['both', () => x.slice(scalar('i', 'int32'), 1, { stop: 2 }), 'f32[2]'],
    ['symbolic size, up to a number', () => v.slice({ stop: 5 }), 'f32[min(n, 5)]'],
    ['symbolic size, all but the last', () => v.slice({ stop: -1 }), 'f32[max(n - 1, 0)]'],
  ] as const)('%s', (_, make, type) => {
    expect(typeOf(make())).toBe(type)
  })

  test('a symbolic position is a gather, counted from the end where it is negative', () => {
    expect(G.printGraph(m.at(scalar('i', 'int32')))).toMatchInlineSnapshot(`
"i:i32[] = input
m:f32[4, 6] = input
a:i32[] = constant 0
b:bool[] = lt i a
c:i32[] = constant 4
d:i32[] = add i c
e:i32[] = where b d i
f:f32[6] = gather m e {axis: 0}
return f"
`)
    expect(G.printGraph(x.at(G.dim(m, 0)))).toMatchInlineSnapshot(`
"x:f32[batch, 4, 6] = input
a:i32[] = constant 4
b:f32[4, 6] = gather x a {axis: 0}
return b"
`)
  })

  test('a scalar as a border is one symbol, wherever it is used, and sums of it are read as such', () => {
    const i = scalar('i', 'int32')
    const size = (a: G.Size) => G.asDim('test', a)
    expect(size(i)).toBe(size(i))
    expect(G.equalDim(G.subDim(size(i.add(32)), size(i)), 32)).toBe(true)
    expect(size(i.mul(2).sub(i))).toEqual(size(i))
    expect(size(G.dim(v, 0))).toBe(v.shape[0])
    const [symbol] = G.symbolsOf(size(i))
    expect(symbol!.source).toBe(i)
    const rows = (t: G.Variable) => t.slice({ start: i, stop: i.add(32) }).shape[0]!
    expect(G.equalDim(rows(m), rows(matrix('y', { shape: [4, 'k'] })))).toBe(true)
  })

  test('a long chain of scalars is read without recursion', () => {
    let i: G.Variable = scalar('i', 'int32')
    for (let k = 0; k < 20_000; k++) i = i.add(1)
    expect(G.symbolsOf(G.asDim('test', i)).length).toBe(1)
  })

  test('a position in a symbolic axis is required to exist', () => {
    expect(requirementsOf(v.slice({ start: 2, stop: 3 }))).not.toEqual([])
    expect(requirementsOf(v.at(2).owner!.inputs[0]!)).toEqual([
      'n ≥ 3: axis 0 must reach as far as the slice',
    ])
    expect(requirementsOf(v.at(-1).owner!.inputs[0]!)).toEqual([
      'n - 1 ≥ 0: axis 0 must reach as far as the slice',
    ])
  })
})

describe('reductions', () => {
  const int = matrix('i', { dtype: 'int32', shape: [4, 6] })
  const bool = matrix('b', { dtype: 'bool', shape: [4, 6] })

  test.each([
    ['all axes', () => x.sum(), 'f32[]'],
    ['one axis', () => x.sum(1), 'f32[batch, 6]'],
    ['from the end', () => x.sum(-1), 'f32[batch, 4]'],
    ['several', () => x.sum([0, 2]), 'f32[4]'],
    ['kept', () => x.sum([0, 2], { keepdims: true }), 'f32[1, 4, 1]'],
    ['sum of bools', () => bool.sum(), 'i32[]'],
    ['product of integers', () => int.prod(0), 'i32[6]'],
    ['mean of integers', () => int.mean(0), 'f32[6]'],
    ['mean over a symbolic axis', () => x.mean(0), 'f32[4, 6]'],
    ['max of bools', () => bool.max(), 'bool[]'],
    ['any of numbers', () => int.any(1), 'bool[4]'],
    ['argmax', () => m.argmax(1), 'i32[4]'],
    ['argmin of all', () => m.argmin(), 'i32[]'],
    ['variance', () => x.variance(0, { keepdims: true }), 'f32[1, 4, 6]'],
    ['std', () => int.std(1), 'f32[4]'],
    ['logSumExp', () => x.logSumExp(-1), 'f32[batch, 4]'],
    ['norm', () => x.norm(), 'f32[]'],
    ['softmax', () => G.softmax(int), 'f32[4, 6]'],
    ['logSoftmax', () => x.logSoftmax(1), 'f32[batch, 4, 6]'],
  ] as const)('%s', (_, make, type) => {
    expect(typeOf(make())).toBe(type)
  })

  test('a choice from a symbolic axis requires an element', () => {
    expect(requirementsOf(v.max())).toEqual(['n ≥ 1: max needs something to choose from'])
    expect(requirementsOf(v.sum())).toEqual([])
  })

  test('cross-entropies give one value per sample', () => {
    const p = matrix('p', { shape: ['batch', 10] })
    const ids = vector('t', { dtype: 'int32', shape: ['batch'] })
    expect(typeOf(p.crossentropyCategoricalSparse(ids, { fromLogits: true }))).toBe('f32[batch]')
    expect(typeOf(p.crossentropyCategorical(G.oneHot(ids, 10)))).toBe('f32[batch]')
    expect(typeOf(p.crossentropyBinary(p.gt(0), { fromLogits: true }))).toBe('f32[batch, 10]')
  })
})

describe('products', () => {
  const shaped = (...shape: (number | string)[]) => tensor(null, { shape }) as G.Variable
  const ranks = [[], [3], [3, 3], [3, 3, 3]].map(shape => shaped(...shape))

  test('dot, for every pair of ranks', () => {
    const table = ranks.map(a => ranks.map(b => typeOf(G.dot(a, b))).join('  '))
    expect(table.join('\n')).toMatchInlineSnapshot(`
"f32[]  f32[3]  f32[3, 3]  f32[3, 3, 3]
f32[3]  f32[]  f32[3]  f32[3, 3]
f32[3, 3]  f32[3]  f32[3, 3]  f32[3, 3, 3]
f32[3, 3, 3]  f32[3, 3]  f32[3, 3, 3]  f32[3, 3, 3, 3]"
`)
  })

  test.each([
    ['dot', () => G.dot(shaped('b', 4, 5), shaped(2, 5, 7)), 'f32[b, 4, 2, 7]'],
    ['matmul of vectors', () => G.matmul(shaped(5), shaped(5)), 'f32[]'],
    ['matmul of a row', () => G.matmul(shaped(5), shaped('b', 5, 7)), 'f32[b, 7]'],
    ['matmul broadcasts', () => G.matmul(shaped(2, 1, 4, 5), shaped('b', 5, 7)), 'f32[2, b, 4, 7]'],
    [
      'batchedDot of matrices in a batch',
      () => G.batchedDot(shaped('b', 4, 5), shaped('b', 5, 7)),
      'f32[b, 4, 7]',
    ],
    ['batchedDot of vectors', () => G.batchedDot(shaped('b', 5), shaped('b', 5)), 'f32[b]'],
    ['tensordot by number', () => G.tensordot(shaped(2, 3, 4), shaped(3, 4, 5)), 'f32[2, 5]'],
    [
      'tensordot by axes',
      () =>
        G.tensordot(shaped(2, 3, 4), shaped(4, 5, 2), [
          [0, 2],
          [2, 0],
        ]),
      'f32[3, 5]',
    ],
    ['outer', () => G.outer(shaped(2), shaped('n')), 'f32[2, n]'],
    ['einsum', () => G.einsum('bij, bjk -> bki', shaped('b', 4, 5), shaped('b', 5, 7)), 'f32[b, 7, 4]'],
    ['einsum, implicit', () => G.einsum('ij,jk', shaped(4, 5), shaped(5, 7)), 'f32[4, 7]'],
    ['einsum of one', () => G.einsum('ijk->ki', shaped(4, 5, 6)), 'f32[6, 4]'],
    ['bools', () => G.dot(matrix(null, { dtype: 'bool', shape: [2, 3] }), [1, 0, 1]), 'i32[2]'],
    ['a list beside floats', () => G.dot([1, 2, 3], shaped(3, 4)), 'f32[4]'],
  ] as const)('%s', (_, make, type) => {
    expect(typeOf(make())).toBe(type)
  })

  test('transposed operands are read where they lie', () => {
    const [a, b] = [matrix('a', { shape: [4, 5] }), matrix('b', { shape: [4, 7] })]
    expect(G.printGraph(a.transpose().dot(b))).toMatchInlineSnapshot(`
"a:f32[4, 5] = input
b:f32[4, 7] = input
c:f32[5, 7] = contract a b ij,ik->jk
return c"
`)
    expect(G.dot(a.transpose(), b)).toBe(G.einsum('ji,jk->ik', a, b))
  })

  test('inner sizes that cannot be decided are required', () => {
    expect(requirementsOf(G.dot(shaped(3, 'k'), shaped(4, 5)))).toEqual([
      'k = 4: axis 1 of the left operand must equal axis 0 of the right one',
    ])
  })
})
