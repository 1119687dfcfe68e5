import {
  apply,
  apply1,
  DimSymbol,
  type Inferred,
  lambda,
  type Op,
  symbolDim,
  type TensorType,
  tensorType,
  Variable,
} from '@arignote/graph'
import { allocate, type DType, s, type TypedArray } from '@arignote/loops'
import { describe, expect, test } from '@jest/globals'
import { referenceBackend } from '../src/5-emit/reference/index.js'
import type { Argument, Binding } from '../src/executable.js'
import { noLateSizes } from '../src/late.js'

const input = (dtype: DType, shape: TensorType['shape'], name: string | null = null) =>
  new Variable(tensorType(dtype, shape), null, 0, name)

let ops = 0
const op = (family: Op['family'], infer: (inputs: readonly TensorType[]) => TensorType): Op => ({
  name: `testOp${ops++}`,
  family,
  infer: (inputs): Inferred => ({ outputs: [infer(inputs)] }),
})

const argument = (shape: readonly number[], data: readonly number[]): Argument => ({
  shape,
  copyTo: target => target.set(data),
})

function evaluate(
  params: readonly Variable[],
  results: readonly Variable[],
  args: readonly Argument[],
  binding: Binding = new Map(),
): number[][] {
  const graph = {
    name: 'f',
    lambda: lambda(params, results),
    inputs: params.length,
    outputs: results.length,
    shared: [],
    updates: [],
    late: noLateSizes,
  }
  const ready = referenceBackend.prepare(graph, binding)
  const out: TypedArray[] = []
  ready.call(args, (i, shape) => {
    out[i] = allocate(
      results[i]!.dtype,
      shape.reduce((n, x) => n * x, 1),
    )
    return out[i]
  })
  return out.map(data => [...data])
}

describe('the reference back end', () => {
  test('a map rounds float32 and wraps uint8', () => {
    const add = op(
      { kind: 'map', body: ([a, b], _, output) => s.cast(s.add(a!, b!), output.dtype) },
      ([a]) => a!,
    )
    const x = input('float32', [2])
    const u = input('uint8', [2])
    expect(
      evaluate(
        [x, u],
        [apply1(add, [x, x], null), apply1(add, [u, u], null)],
        [argument([2], [0.1, 1e38 * 2]), argument([2], [200, 3])],
      ),
    ).toEqual([
      [Math.fround(2 * Math.fround(0.1)), Infinity],
      [144, 6],
    ])
  })

  test('a source knows sizes and its index', () => {
    const n = DimSymbol.fresh()
    const iota = op(
      { kind: 'source', at: ([i, j], { size }) => s.add(s.mul(i!, size(symbolDim(n))), j!) },
      () => tensorType('int32', [2, symbolDim(n)]),
    )
    expect(evaluate([], [apply1(iota, [], null)], [], new Map([[n, 3]]))).toEqual([[0, 1, 2, 3, 4, 5]])
  })

  test('a view reads the first piece that holds', () => {
    const joined = op(
      {
        kind: 'view',
        read: ([i]) => [
          { input: 0, index: [i!], where: s.lt(i!, 2) },
          { input: 1, index: [s.sub(i!, 2)], where: s.lt(i!, 4) },
          { input: null, index: [], fill: 9 },
        ],
      },
      () => tensorType('float32', [5]),
    )
    const a = input('float32', [2])
    const b = input('float32', [2])
    expect(
      evaluate([a, b], [apply1(joined, [a, b], null)], [argument([2], [1, 2]), argument([2], [3, 4])]),
    ).toEqual([[1, 2, 3, 4, 9]])
  })

  test('a reduction goes along its axes in C order, in several registers', () => {
    const argmax = op(
      {
        kind: 'reduce',
        axes: () => [1],
        monoid: () => ({
          identity: type => [s.const(type, -Infinity), s.int(-1)],
          lift: (x, position) => [x, position],
          usesPosition: true,
          combine: ([a, i], [b, j]) => [s.select(s.lt(a!, b!), b!, a!), s.select(s.lt(a!, b!), j!, i!)],
          finish: ([, i]) => i!,
        }),
      },
      ([x]) => tensorType('int32', [x!.shape[0]!]),
    )
    const x = input('float32', [2, 3])
    expect(evaluate([x], [apply1(argmax, [x], null)], [argument([2, 3], [1, 5, 5, 7, 2, 3])])).toEqual([
      [1, 0],
    ])
  })

  test('float32 sums are rounded once', () => {
    const sum = op(
      {
        kind: 'reduce',
        axes: () => [0],
        monoid: () => ({
          identity: type => [s.const(type, 0)],
          lift: x => [x],
          combine: ([a], [b]) => [s.add(a!, b!)],
          finish: ([a]) => a!,
        }),
      },
      ([x]) => tensorType(x!.dtype, []),
    )
    const x = input('float32', [10_000])
    const i = input('int32', [2])
    expect(
      evaluate(
        [x, i],
        [apply1(sum, [x], null), apply1(sum, [i], null)],
        [argument([10_000], new Array(10_000).fill(0.1)), argument([2], [2 ** 31 - 1, 1])],
      ),
    ).toEqual([[1000], [-(2 ** 31)]])
  })

  test('a contraction has batch, free and summed labels', () => {
    const batched = op(
      { kind: 'contract', spec: () => ({ left: [0, 1, 2], right: [0, 2, 3], out: [0, 3, 1] }) },
      ([a, b]) => tensorType(a!.dtype, [a!.shape[0]!, b!.shape[2]!, a!.shape[1]!]),
    )
    const a = input('float64', [2, 1, 2])
    const b = input('float64', [2, 2, 2])
    expect(
      evaluate(
        [a, b],
        [apply1(batched, [a, b], null)],
        [argument([2, 1, 2], [1, 2, 3, 4]), argument([2, 2, 2], [1, 2, 3, 4, 5, 6, 7, 8])],
      ),
    ).toEqual([[7, 10, 43, 50]])
  })

  test('gather picks, scatter adds up, and both refuse indices out of range', () => {
    const gather = op({ kind: 'gather', axis: () => 1 }, ([x, ids]) =>
      tensorType(x!.dtype, [x!.shape[0]!, ...ids!.shape]),
    )
    const scatter = op({ kind: 'scatter', axis: () => 1, size: () => 3 }, ([, updates]) =>
      tensorType(updates!.dtype, [updates!.shape[0]!, 3]),
    )
    const x = input('float32', [2, 3], 'x')
    const ids = input('int32', [4], 'ids')
    const rows = apply1(gather, [x, ids], null)
    const back = apply1(scatter, [ids, rows], null)
    const values = argument([2, 3], [1, 2, 3, 4, 5, 6])
    expect(evaluate([x, ids], [rows, back], [values, argument([4], [2, 0, 2, 1])])).toEqual([
      [3, 1, 3, 2, 6, 4, 6, 5],
      [1, 2, 6, 4, 5, 12],
    ])
    for (const wrong of [3, -1]) {
      expect(() => evaluate([x, ids], [rows], [values, argument([4], [0, wrong, 0, 0])])).toThrow(
        new RegExp(`index ${wrong} is out of range for an axis of size 3[^]*x +: f32\\[2, 3\\]`),
      )
    }
  })

  describe('scan', () => {
    const multiplyAdd = op({ kind: 'map', body: ([a, h, x]) => s.add(s.mul(a!, h!), x!) }, ([, h]) => h!)
    const scan = (length: number, reverse: boolean) => {
      const a = input('float32', [])
      const h = input('float32', [])
      const x = input('float32', [])
      const next = apply1(multiplyAdd, [a, h, x], null)
      const body = lambda([a, h, x], [next, h])
      const recurrence: Op<unknown> = {
        name: `scan${length}${reverse}`,
        family: { kind: 'scan' },
        infer: () => ({
          outputs: [[], [length + 1], [length]].map(shape => tensorType('float32', shape)),
        }),
        key: () => String(body.id),
      }
      const inputs = [input('float32', []), input('float32', []), input('float32', [3])]
      const params = { length, reverse, body, name: null, counts: { constants: 1, carries: 1, sequences: 1 } }
      const { outputs } = apply(recurrence, inputs, params)
      return evaluate(inputs, outputs, [argument([], [2]), argument([], [1]), argument([3], [10, 20, 30])])
    }

    test('visits forward: the initial value is row 0 of a trajectory', () => {
      expect(scan(3, false)).toEqual([[118], [1, 12, 44, 118], [1, 12, 44]])
    })

    test('visits in reverse: the initial value is the last row, rows stay in sequence order', () => {
      expect(scan(3, true)).toEqual([[178], [178, 84, 32, 1], [84, 32, 1]])
    })

    test('visits only the first rows of a longer sequence', () => {
      expect(scan(2, false)).toEqual([[44], [1, 12, 44], [1, 12]])
    })

    test('with no steps the final carry is the initial one', () => {
      expect(scan(0, false)).toEqual([[1], [1], []])
      expect(scan(0, true)).toEqual([[1], [1], []])
    })
  })
})
