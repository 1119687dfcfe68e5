import type { DType } from '@arignote/loops'
import { describe, expect, test } from '@jest/globals'
import { batchExpression, batchNode } from '../src/batch.js'
import { DimSymbol, symbolDim } from '../src/dim.js'
import type { Contraction } from '../src/op.js'
import { add, mul } from '../src/ops/arithmetic.js'
import { contract } from '../src/ops/contract.js'
import { scatterAdd, take } from '../src/ops/gather.js'
import { sum } from '../src/ops/reduce.js'
import { constant, zeros } from '../src/ops/source.js'
import { tanh } from '../src/ops/transcendental.js'
import { expandDims, reshape, transpose } from '../src/ops/view.js'
import { concatenate, pad, slice } from '../src/ops/window.js'
import { scan } from '../src/scan/scan.js'
import { topologicalOrder } from '../src/traverse.js'
import { dimOf, printType, tensorType } from '../src/type.js'
import { Variable } from '../src/variable.js'

const time = symbolDim(DimSymbol.of('time'))
const input = (dtype: DType, shape: readonly (number | string)[], name: string) =>
  new Variable(tensorType(dtype, shape.map(dimOf)), null, 0, name)
const stackedOf = (v: Variable) =>
  new Variable(tensorType(v.dtype, [time, ...v.shape]), null, 0, `${v.name}s`)
const typeOf = (v: Variable | null | undefined) => (v ? printType(v.type) : null)

const x = input('float32', ['batch', 8], 'x')
const h = input('float32', ['batch', 4], 'h')
const W = input('float32', [8, 4], 'W')
const ids = input('int32', ['batch'], 'ids')
const dot = (a: Variable, b: Variable) => contract(a, b, { left: [0, 1], right: [1, 2], out: [0, 2] })

/** The result for all steps, when the leaves vary by step. */
const batched = (result: Variable, ...leaves: readonly Variable[]) =>
  batchExpression([result], new Map(leaves.map(v => [v, stackedOf(v)])), time)?.[0] ?? null

describe('every family takes a leading axis', () => {
  test.each<[string, Variable, readonly Variable[]]>([
    ['map', tanh(x), [x]],
    ['map of both', add(x, mul(x, x)), [x]],
    ['reduce', sum(x, 1), [x]],
    ['reduce of all', sum(x), [x]],
    ['contract, left', dot(x, W), [x]],
    ['contract, right', dot(x, W), [W]],
    ['contract, both', dot(x, W), [x, W]],
    ['reshape', reshape(W, [4, 8]), [W]],
    ['transpose', transpose(x), [x]],
    ['expandDims and expand', add(expandDims(h, 0), constant(1)), [h]],
    ['slice', slice(x, null, { start: 2, stop: 6, step: 2 }), [x]],
    ['pad', pad(W, [[1, 2], 0]), [W]],
    ['concatenate with what does not vary', concatenate([x, h], 1), [h]],
    ['gather by varying ids', take(W, ids, 1), [ids]],
    ['gather of varying rows', take(W, constant([1, 0], 'int32'), 0), [W]],
    ['scatter of varying updates', scatterAdd(ids, h, 0, 10), [h]],
  ])('%s', (_, result, leaves) => {
    expect(typeOf(batched(result, ...leaves))).toBe(
      printType({ ...result.type, shape: [time, ...result.shape] }),
    )
  })

  test('what varies with nothing is repeated, and only at the end', () => {
    expect(typeOf(batched(h, x))).toBe('f32[time, batch, 4]')
    const result = batched(add(dot(x, mul(W, 2)), h), x)!
    const doubled = topologicalOrder([result]).filter(node => node.op === mul.op)
    expect(doubled.map(node => typeOf(node.outputs[0]))).toEqual(['f32[8, 4]'])
  })

  test('a contraction batches where both vary, and has a longer free axis where one does', () => {
    const axesOf = (v: Variable) => {
      const { left, right, out } = v.owner!.params as Contraction
      const shared = left.filter(label => right.includes(label))
      return {
        summed: shared.filter(l => !out.includes(l)).length,
        batch: shared.filter(l => out.includes(l)).length,
      }
    }
    expect(axesOf(batched(dot(x, W), x)!)).toEqual({ summed: 1, batch: 0 })
    expect(axesOf(batched(dot(x, W), x, W)!)).toEqual({ summed: 1, batch: 1 })
  })
})

describe('not without a loop', () => {
  test('rows picked from a table that varies with the ids, in a scan too', () => {
    expect(batched(take(W, constant([1, 0], 'int32')), W)).not.toBeNull()
    expect(batched(take(h, ids), h, ids)).toBeNull()
    expect(batched(scatterAdd(ids, h, 0, 10), ids)).toBeNull()
    const picked = scan(({ r }) => ({ y: take(r, ids) }), { sequences: { r: x } }).y.all
    expect(batched(picked, x, ids)).toBeNull()
  })

  test('a single scan, which an expression may contain', () => {
    const { last } = scan(({ r, c }) => ({ c: add(r, c) }), { sequences: { r: x }, state: { c: 0 } }).c
    expect(typeOf(batched(last, x))).toBe('f32[time, 8]')
    expect(batchNode(last.owner!, [zeros([8]), x], [false, true], time)).toBeNull()
  })

  test('a node of which no input varies is repeated', () => {
    const node = tanh(h).owner!
    expect(typeOf(batchNode(node, node.inputs, [false], time)![0])).toBe('f32[time, batch, 4]')
  })
})
