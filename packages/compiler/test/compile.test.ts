import {
  ArgumentError,
  add,
  arange,
  array,
  constant,
  DTypeError,
  GraphError,
  matrix,
  mul,
  type NdArray,
  ShapeError,
  scalar,
  shared,
  sub,
  sum,
  tensor,
  toNested,
  type Variable,
  vector,
  zeros,
  zerosArray,
} from '@arignote/graph'
import { afterEach, describe, expect, jest, test } from '@jest/globals'
import ndarray from 'ndarray'
import { compile } from '../src/compile.js'

afterEach(() => {
  jest.restoreAllMocks()
})

const values = (a: NdArray) => toNested(a)

describe('outputs', () => {
  const x = vector('x')

  test('one variable gives one array, a list a list, a record a record', () => {
    expect(values(compile([x], add(x, 1))([1, 2]))).toEqual([2, 3])
    expect(compile([x], [add(x, 1), x])([1, 2]).map(values)).toEqual([
      [2, 3],
      [1, 2],
    ])
    const { total, twice } = compile([x], { total: sum(x), twice: add(x, x) })([1, 2])
    expect([values(total), values(twice)]).toEqual([3, [2, 4]])
  })

  test('no outputs give an empty list', () => {
    expect(compile([], [])()).toEqual([])
  })

  test('a scalar is an array of rank 0; an empty list of values has length 0', () => {
    const total = compile([x], sum(x))([])
    expect(total.shape).toEqual([])
    expect(total.data).toEqual(Float32Array.of(0))
  })

  test('are fresh arrays in C order at every call', () => {
    const f = compile([x], x)
    const given = Float32Array.of(1, 2)
    const [a, b] = [f(given), f(given)]
    expect(a.data).not.toBe(b.data)
    expect(a.data).not.toBe(given)
    expect(a.stride).toEqual([1])
  })

  test('an output may repeat, be an input, be a constant or the old value of a shared variable', () => {
    const w = shared([5, 6], 'w')
    const f = compile([x], [x, x, constant([7, 8]), w], { updates: [[w, add(w, x)]] })
    expect(f([1, 2]).map(values)).toEqual([
      [1, 2],
      [1, 2],
      [7, 8],
      [5, 6],
    ])
    expect(f([1, 2]).map(values)[3]).toEqual([6, 8])
  })
})

describe('arguments', () => {
  const x = matrix('x')
  const f = compile([x], x)

  test('are anything that has the rank: nested arrays, NdArrays of any strides', () => {
    expect(
      values(
        f([
          [1, 2],
          [3, 4],
        ]),
      ),
    ).toEqual([
      [1, 2],
      [3, 4],
    ])
    const a = ndarray(Float64Array.of(0, 1, 2, 3, 4, 5, 6), [2, 3], [3, 1], 1)
    expect(values(f(a))).toEqual([
      [1, 2, 3],
      [4, 5, 6],
    ])
    expect(values(f(a.transpose(1, 0)))).toEqual([
      [1, 4],
      [2, 5],
      [3, 6],
    ])
    expect(values(f(a.step(1, -2)))).toEqual([
      [3, 1],
      [6, 4],
    ])
    expect(f(a.hi(0, 3)).shape).toEqual([0, 3])
  })

  test('floats are rounded, integers widened, floats never truncated', () => {
    const v = vector('v')
    const g = compile([v], v)
    expect(values(g(Float64Array.of(0.1)))).toEqual([Math.fround(0.1)])
    expect(values(g(Int32Array.of(7)))).toEqual([7])
    expect(values(g(ndarray(Uint8Array.of(1, 2, 3), [2], [2])))).toEqual([1, 3])
    const d = vector('d', 'float64')
    expect(values(compile([d], d)([0.1]))).toEqual([0.1])
  })

  test('an integer takes whole numbers in range, and no array of floats', () => {
    const i = vector('i', 'int32')
    const g = compile([i], i)
    expect(values(g([1, -2]))).toEqual([1, -2])
    expect(values(g(Uint8Array.of(3)))).toEqual([3])
    expect(() => g([1.5])).toThrow(DTypeError)
    expect(() => g([2 ** 31])).toThrow(DTypeError)
    expect(() => g(Float32Array.of(1))).toThrow(/argument "i".*float32 does not go into int32/s)
    expect(() => g(array([1]))).toThrow(DTypeError)
  })

  test('a bool takes truth values', () => {
    const m = vector('m', 'bool')
    expect(values(compile([m], m)([true, false, 1]))).toEqual([1, 0, 1])
    expect(() => compile([m], m)([2])).toThrow(DTypeError)
  })

  test('must have the rank', () => {
    expect(() => f([1, 2])).toThrow(ShapeError)
    expect(() => f([1, 2])).toThrow(/argument "x" \(input 0\): the value has 1 axis, not 2/)
  })

  test('may be neither missing nor too many', () => {
    const y = matrix('y')
    const g = compile([x, y], add(x, y), { name: 'g', onUnusedInput: 'ignore' }) as (
      ...args: unknown[]
    ) => NdArray
    expect(() => g([[1]])).toThrow(ArgumentError)
    expect(() => g([[1]])).toThrow(
      /^g: the argument for "y" \(input 1\) is missing.*it takes 2 arguments: x: f32/s,
    )
    expect(() => g([[1]], [[2]], [[3]])).toThrow(/^g: 3 arguments are too many/)
  })

  test('that are left out may have a default', () => {
    const rate = scalar('rate')
    const g = compile([x, rate], mul(x, rate), { defaults: new Map([[rate, 3]]) })
    expect(values(g([[2]]))).toEqual([[6]])
    expect(values(g([[2]], 5))).toEqual([[10]])
  })
})

describe('sizes', () => {
  test('may change from call to call', () => {
    const x = vector('x')
    const f = compile([x], [sum(x), add(x, x)])
    for (const n of [3, 1, 0, 3, 5]) {
      const [total, twice] = f(new Float32Array(n).fill(2))
      expect([values(total!), twice!.shape]).toEqual([2 * n, [n]])
    }
    expect(f.toString()).toContain('4 specialisations')
  })

  test('that are numbers are checked', () => {
    const x = matrix('x', { shape: [null, 3] })
    expect(() => compile([x], x)([[1, 2]])).toThrow(/the last axis must have size 3, not 2/)
    const fixed = vector('v', { shape: [2] })
    expect(() => compile([fixed], fixed)([1, 2, 3])).toThrow(ShapeError)
  })

  test('of one name must be one size', () => {
    const x = vector('x', { shape: ['sizeA'] })
    const y = vector('y', { shape: ['sizeA'] })
    const f = compile([x, y], add(x, y))
    expect(values(f([1, 2], [3, 4]))).toEqual([4, 6])
    expect(() => f([1, 2], [3])).toThrow(/the size sizeA is 2 in x and 1 in y/)
  })

  test('that an operation requires to be equal are checked at every new size', () => {
    const x = vector('x')
    const y = vector('y')
    const f = compile([x, y], add(x, y))
    expect(values(f([1, 2], [3, 4]))).toEqual([4, 6])
    expect(() => f([1, 2], [3])).toThrow(ShapeError)
    expect(() => f([1, 2], [3])).toThrow(/^add: sizes do not fit.*sizes must be equal on axis 0: 2 ≠ 1/s)
    expect(values(f([1], [3]))).toEqual([4])
  })

  test('of shared variables bind symbols too, and may change', () => {
    const w = shared([1, 2], 'w', { shape: [null] })
    const f = compile([], sum(w))
    expect(values(f())).toBe(3)
    w.setValue([1, 2, 3])
    expect(values(f())).toBe(6)
  })

  test('may be values of inputs and shared variables', () => {
    const n = scalar('n', 'int32')
    const more = shared(Int32Array.of(1), 'more', { shape: [1] })
    const f = compile([n], arange(add(n, sum(more))))
    expect(values(f(2))).toEqual([0, 1, 2])
    expect(values(f(3))).toEqual([0, 1, 2, 3])
    more.setValue([3])
    expect(values(f(2))).toEqual([0, 1, 2, 3, 4])
  })

  test('that nothing tells are an error', () => {
    const x = vector('x', { shape: ['sizeB'] })
    expect(() => compile([], zeros([x.shape[0]!] as never))).toThrow(/nothing tells the size sizeB/)
  })
})

describe('inputs', () => {
  const x = vector('x')
  const y = vector('y')

  test('must be distinct free variables', () => {
    expect(() => compile([x, x], x)).toThrow(/inputs 0 and 1 are the same variable/)
    expect(() => compile([add(x, y)], x)).toThrow(/input 0 cannot be an input.*it is computed/s)
    expect(() => compile([shared(1, 'w')], x)).toThrow(/it is shared/)
    expect(() => compile([3 as unknown as Variable], x)).toThrow(ArgumentError)
  })

  test('that an output depends on must be listed', () => {
    const build = () => compile([x], [x, add(x, y)], { name: 'f' })
    expect(build).toThrow(GraphError)
    expect(build).toThrow(
      /^f: output 1 depends on a variable that is not among the inputs.*y : f32\[\?\].*givens/s,
    )
    const w = shared([1], 'w', { shape: [null] })
    expect(() => compile([x], x, { updates: [[w, y]] })).toThrow(/the new value of w depends on/)
  })

  test('that are not used are an error, a warning or nothing', () => {
    expect(() => compile([x, y], x)).toThrow(/"y" \(input 1\) is not used/)
    const warn = jest.spyOn(console, 'warn').mockImplementation(() => {})
    compile([x, y], x, { onUnusedInput: 'warn' })
    expect(warn).toHaveBeenCalledTimes(1)
    expect(values(compile([x, y], x, { onUnusedInput: 'ignore' })([1], [2]))).toEqual([1])
  })

  test('that are used for their size only are used', () => {
    const f = compile([x], zeros([x.shape[0]!] as never))
    expect(values(f([1, 2]))).toEqual([0, 0])
    expect(() => compile([x, vector('z', { shape: [3] })], x)).toThrow(GraphError)
  })
})

describe('updates', () => {
  test('read old values and happen together', () => {
    const a = shared([1, 2], 'a')
    const b = shared([3, 4], 'b')
    const swap = compile([], [a, b], {
      updates: [
        [a, b],
        [b, a],
      ],
    })
    expect(swap().map(values)).toEqual([
      [1, 2],
      [3, 4],
    ])
    expect([values(a.getValue()), values(b.getValue())]).toEqual([
      [3, 4],
      [1, 2],
    ])
    swap()
    expect([values(a.getValue()), values(b.getValue())]).toEqual([
      [1, 2],
      [3, 4],
    ])
  })

  test('may come as a Map, as plain values, and of a narrower dtype', () => {
    const a = shared(1, 'a')
    const i = scalar('i', 'int32')
    const f = compile([i], [], { updates: new Map([[a, i]]) })
    expect(f(3)).toEqual([])
    expect(a.getValue().data).toEqual(Float32Array.of(3))
    compile([], [], { updates: [[a, 7]] })()
    expect(values(a.getValue())).toBe(7)
  })

  test('a variable may be updated that nothing reads, or with itself', () => {
    const a = shared([1, 2], 'a')
    const b = shared([0, 0], 'b')
    compile([], [], {
      updates: [
        [a, a],
        [b, a],
      ],
    })()
    expect([values(a.getValue()), values(b.getValue())]).toEqual([
      [1, 2],
      [1, 2],
    ])
  })

  test('are of shared variables, one each', () => {
    const x = vector('x')
    const w = shared([1], 'w')
    expect(() => compile([x], x, { updates: [[x as never, x]] })).toThrow(
      /only shared variables can be updated/,
    )
    expect(() =>
      compile([], [], {
        updates: [
          [w, w],
          [w, w],
        ],
      }),
    ).toThrow(/has two updates/)
  })

  test('keep dtype and shape', () => {
    const w = shared([1, 2], 'w')
    const counter = shared(0, 'counter', { dtype: 'int32' })
    expect(() => compile([], [], { updates: [[counter, sum(w)]] })).toThrow(
      /float32 cannot become the value of a int32/,
    )
    expect(() => compile([], [], { updates: [[w, sum(w)]] })).toThrow(ShapeError)
    expect(() => compile([], [], { updates: [[w, [1, 2, 3]]] })).toThrow(/another shape/)
    const x = vector('x')
    const f = compile([x], [], { updates: [[w, x]] })
    expect(() => f([1, 2, 3])).toThrow(/the new value of w must have its shape/)
    f([5, 6])
    expect(values(w.getValue())).toEqual([5, 6])
  })

  test('may change the shape of a variable made with unknown axes', () => {
    const w = shared([1, 2], 'w', { shape: [null] })
    const x = vector('x')
    const f = compile([x], sum(w), { updates: [[w, x]] })
    expect(values(f([1, 1, 1]))).toBe(3)
    expect(values(f([4]))).toBe(3)
    expect(values(w.getValue())).toEqual([4])
  })

  test('a call that fails changes nothing', () => {
    const w = shared([1, 2], 'w')
    const x = vector('x')
    const f = compile([x], add(w, x), { updates: [[w, add(w, w)]] })
    expect(() => f([1, 2, 3])).toThrow(ShapeError)
    expect(values(w.getValue())).toEqual([1, 2])
  })
})

describe('givens', () => {
  const x = vector('x')

  test('replace inputs, shared and computed variables, in outputs and updates', () => {
    const w = shared([1], 'w')
    const twice = add(x, x)
    const y = vector('y')
    expect(values(compile([], twice, { givens: [[x, [3, 4]]] })())).toEqual([6, 8])
    expect(values(compile([y], mul(twice, y), { givens: new Map([[twice, y]]) })([3]))).toEqual([9])
    const f = compile([y], sub(w, y), { givens: [[w, add(y, y)]], updates: [[w, w]] })
    expect(values(f([5]))).toEqual([5])
    expect(values(w.getValue())).toEqual([10])
  })

  test('are put in together, not one after the other', () => {
    const a = vector('a', { shape: [1] })
    const b = vector('b', { shape: [1] })
    expect(
      values(
        compile([a, b], sub(a, b), {
          givens: [
            [a, b],
            [b, a],
          ],
        })([1], [5]),
      ),
    ).toEqual([4])
  })

  test('tell the sizes of what they replace', () => {
    const batch = vector('x', { shape: ['sizeC'] })
    const out = add(batch, zeros([batch.shape[0]!] as never))
    expect(values(compile([], out, { givens: [[batch, [1, 2, 3]]] })())).toEqual([1, 2, 3])
  })

  test('have the type of what they replace', () => {
    expect(() => compile([], x, { givens: [[x, 1]] })).toThrow(ShapeError)
    expect(() => compile([], x, { givens: [[x, vector('d', 'float64')]] })).toThrow(DTypeError)
    expect(() =>
      compile([], x, {
        givens: [
          [x, [1]],
          [x, [2]],
        ],
      }),
    ).toThrow(/given twice/)
  })
})

describe('a compiled function', () => {
  const x = tensor('x', { dtype: 'float32', shape: [2, null] })

  test('writes into arrays of the caller', () => {
    const f = compile([x], { twice: add(x, x), total: sum(x) })
    const twice = ndarray(new Float32Array(6), [2, 3]).transpose(1, 0)
    const outs = { twice: ndarray(twice.data, [2, 3], [1, 2]), total: zerosArray([]) }
    f.into(outs as never, [
      [1, 2, 3],
      [4, 5, 6],
    ])
    expect(values(outs.twice)).toEqual([
      [2, 4, 6],
      [8, 10, 12],
    ])
    expect(values(outs.total)).toBe(21)
    const place = array([[0], [0]])
    compile([x], x).into(place, [[1], [2]])
    expect(values(place)).toEqual([[1], [2]])
    expect(() => compile([x], x).into(zerosArray([2, 2]), [[1], [2]])).toThrow(ArgumentError)
  })

  test('tells of itself', () => {
    const w = shared([1, 2], 'w')
    const f = compile([x], sum(x), { name: 'train', updates: [[w, add(w, 1)]], backend: 'reference' })
    expect(f.name).toBe('train')
    expect(f.toString()).toBe(
      [
        'train(x: f32[2, ?]) → f32[]',
        'shared',
        '  w: f32[2]   (updated)',
        'reference, 0 specialisations',
      ].join('\n'),
    )
    expect(() => f.memory()).toThrow(/its sizes are not known yet/)
    f([[1], [2]])
    expect(f.memory()).toMatchObject({ parameters: 8, inputs: 8, outputs: 4 })
    expect(f.kernels()).toEqual([])
  })

  test('does not notice what becomes of the lists that it was made from', () => {
    const inputs = [x]
    const outputs: Variable[] = [sum(x), x]
    const f = compile(inputs, outputs)
    inputs.length = 0
    outputs.pop()
    outputs[0] = x.gt(1)
    expect((f as (...args: unknown[]) => NdArray[])([[1], [2]]).map(values)).toEqual([3, [[1], [2]]])
  })

  test('keeps no argument alive and takes many calls', () => {
    const f = compile([x], sum(x))
    for (let i = 0; i < 100; i++) expect(values(f([[i], [1]]))).toBe(i + 1)
  })
})
