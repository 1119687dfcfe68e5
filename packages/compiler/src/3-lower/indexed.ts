/**
 * Kernels around index values: the check that they are in range, and the scatter that adds rows where they say.
 */
import { type Apply, contiguousStrides, type Dim, type Variable } from '@arignote/graph'
import { type Scalar, type Statement, s, scalarType } from '@arignote/loops'
import type { PlaceOf } from '../expression.js'
import type { Buffer, Call, StoreTo } from '../program.js'
import { KernelBuilder, lanes, serial } from './builder.js'
import { indexOf, Values } from './value.js'

/**
 * For the first index outside [0, size) the error record gets [record, index, record, position], the position in C order.
 */
export function lowerCheck(ids: Variable, size: Dim, record: number, errors: Buffer, placeOf: PlaceOf): Call {
  const builder = new KernelBuilder('check')
  const axes = ids.shape.map(() => builder.axis('i'))
  const at = axes.map(s.axis)
  const values = new Values(builder, placeOf)
  const value = s.cast(values.at(ids, indexOf(at)), 'int32')
  const ok = s.and(s.ge(value, 0), s.lt(value, builder.size(size)))
  const check = (offset: number, what: Scalar): Statement => {
    const place = { ref: { buffer: errors, offset, perTrip: [] }, shape: [2], strides: [1], scope: [] }
    return { kind: 'check', ok, errors: builder.buffer(place, 'readwrite'), code: record, value: what }
  }
  let nest: readonly Statement[] = [
    check(0, value),
    check(2, builder.linear(at, contiguousStrides(ids.shape))),
  ]
  for (let i = axes.length - 1; i >= 0; i--)
    nest = [serial(axes[i]!, s.int(0), builder.size(ids.shape[i]!), nest)]
  return builder.finish(nest)
}

/** out := 0; out[…a, ids[…i], …b] += updates[…a, …i, …b] (or := with `last`), in C order of the updates. */
export function lowerScatter(node: Apply, store: StoreTo, placeOf: PlaceOf): Call {
  const { family } = node.op
  if (family.kind !== 'scatter') throw new Error('internal: not a scatter')
  const builder = new KernelBuilder('scatter')
  const { place } = store
  const [ids, updates] = node.inputs as [Variable, Variable]
  const axis = family.axis(node.params)
  const buffer = builder.buffer(place, 'readwrite')
  const zero = s.const(scalarType(place.ref.buffer.dtype), 0)

  const clearAxes = place.shape.map(() => builder.axis('z'))
  const cleared = builder.linear(clearAxes.map(s.axis), place.strides)
  let clear: readonly Statement[] = [{ kind: 'store', buffer, index: cleared, value: zero }]
  for (let i = clearAxes.length - 1; i >= 0; i--) {
    const end = builder.size(place.shape[i]!)
    const isLast = i === clearAxes.length - 1
    clear = [
      isLast ? lanes(clearAxes[i]!, s.int(0), end, 2, clear) : serial(clearAxes[i]!, s.int(0), end, clear),
    ]
  }

  const axes = updates.shape.map(() => builder.axis('i'))
  const at = axes.map(s.axis)
  const values = new Values(builder, placeOf)
  const row = s.cast(values.at(ids, indexOf(at.slice(axis, axis + ids.ndim))), 'int32')
  const target = builder.linear([...at.slice(0, axis), row, ...at.slice(axis + ids.ndim)], place.strides)
  const update = values.at(updates, indexOf(at))
  const sum = family.last ? update : s.add(s.load(buffer, target), update)
  let add: readonly Statement[] = [
    { kind: 'store', buffer, index: target, value: s.cast(sum, place.ref.buffer.dtype) },
  ]
  for (let i = axes.length - 1; i >= 0; i--) {
    const end = builder.size(updates.shape[i]!)
    const alongRow = i === axes.length - 1 && i >= axis + ids.ndim
    add = [alongRow ? lanes(axes[i]!, s.int(0), end, 1, add) : serial(axes[i]!, s.int(0), end, add)]
  }
  return builder.finish([...clear, ...add])
}
