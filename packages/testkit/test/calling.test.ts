/** Calls by name, values at once, and the same expressions of other variables. */
import { compile, evaluate } from '@arignote/compiler'
import { cloneReplace, grad, matrix, type NdArray, scan, shared, toNested, vector } from '@arignote/graph'
import { describe, expect, test } from '@jest/globals'
import { modes } from '../src/index.js'

const x = vector('x')
const y = vector('y')

describe('inputs by name', () => {
  test.each(modes)('take a record of values, in any order, on $name', ({ options }) => {
    const f = compile({ x, scale: y }, x.mul(y), options)
    expect(toNested(f({ scale: [3, 4], x: [1, 2] }))).toEqual([3, 8])
    const out = compile([x], x)([0, 0])
    f.into(out, { x: [1, 1], scale: [5, 6] })
    expect([...out.data]).toEqual([5, 6])
  })

  test('may have defaults', () => {
    const f = compile({ x, y }, x.add(y), { defaults: new Map([[y, [10, 20]]]) })
    expect(toNested(f({ x: [1, 2] }))).toEqual([11, 22])
  })

  test('are held to the names', () => {
    const f = compile({ weight: x, bias: y }, x.add(y))
    const call = (value: unknown) => () => f(value as never)
    expect(call({ weight: [1], bais: [2] })).toThrow(/it has no input "bais"\n {2}did you mean "bias"\?/)
    expect(call({ weight: [1] })).toThrow(expect.objectContaining({ code: 'E220' }))
    expect(call([1, 2])).toThrow(expect.objectContaining({ code: 'E229' }))
  })
})

test('evaluate gives a value at once, and compiles an expression once', () => {
  const w = shared([1, 2], 'w')
  const sum = x.mul(w).sum()
  expect(toNested(evaluate(sum, [[x, [3, 4]]]))).toBe(11)
  w.setValue([2, 2])
  expect(toNested(evaluate(sum, new Map([[x, [3, 4]]])))).toBe(14)
  expect(
    toNested(
      evaluate(x.add(y), [
        [y, [1]],
        [x, [2]],
      ]),
    ),
  ).toEqual([3])
  expect(toNested(evaluate(w.sum()))).toBe(4)
  expect(() => evaluate(sum)).toThrow(expect.objectContaining({ name: 'GraphError' }))
})

describe('cloneReplace', () => {
  const W = shared(
    [
      [1, 0],
      [0, 1],
    ],
    'W',
  )
  const average = shared(
    [
      [2, 0],
      [0, 2],
    ],
    'average',
  )
  const m = matrix('m')
  const { h } = scan(({ x, h }) => ({ h: h.dot(W).add(x) }), { sequences: { x: m }, state: { h: m.at(0) } })

  test('gives the same expressions of other variables, also through a scan', () => {
    const other = cloneReplace({ last: h.last, loss: h.last.sum() }, [[W, average]])
    const f = compile([m], [h.last, other.last!, other.loss!])
    expect(f([[1, 2]]).map(a => toNested(a as NdArray))).toEqual([[2, 4], [3, 6], 9])
    const g = compile([m], grad(other.loss!, average))([[1, 2]])
    expect(toNested(g)).toEqual([
      [1, 1],
      [2, 2],
    ])
  })

  test('all at once, so that variables may change places', () => {
    expect(
      toNested(
        evaluate(
          cloneReplace(x.sub(y), [
            [x, y],
            [y, x],
          ]),
          [
            [x, [1]],
            [y, [5]],
          ],
        ),
      ),
    ).toEqual([4])
    expect(cloneReplace(x.add(1), [])).toBe(x.add(1))
  })

  test('keeps types', () => {
    expect(() => cloneReplace(x.sum(), [[x, vector('d', 'float64')]])).toThrow(
      expect.objectContaining({ code: 'E020' }),
    )
    expect(() => cloneReplace(x.sum(), [[x, m]])).toThrow(expect.objectContaining({ code: 'E040' }))
    expect(cloneReplace(x.sum(), [[x, vector('i', 'int32')]]).dtype).toBe('float32')
  })
})
