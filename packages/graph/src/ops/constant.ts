/**
 * Constants. Short ones are interned by content, long ones by identity. Nothing here imports other operations, so that
 * every other file may load after it.
 */
import type { DType, TypedArray } from '@arignote/loops'
import type { Op } from '../op.js'
import type { DTypeOf, RankOf } from '../static.js'
import { convert, type HostValue, type Value } from '../value.js'
import { apply1, type Tensor, type Variable } from '../variable.js'
import { entry } from './entry.js'

export type ConstantParams = HostValue

const longestKey = 64
const identities = new WeakMap<TypedArray, number>()
let identityCount = 0

const constantOp: Op<ConstantParams> = {
  name: 'constant',
  family: { kind: 'constant' },
  infer: (_, { dtype, shape }) => ({ outputs: [{ dtype, shape }] }),
  grad: () => [],
  key: ({ data, shape, dtype }) => `${dtype}[${shape.join()}]${contentKey(data)}`,
}

/** Short data by content, so that equal constants are one; long data by identity. */
function contentKey(data: TypedArray): string {
  if (data.length <= longestKey) return Array.from(data, x => (Object.is(x, -0) ? '-0' : String(x))).join()
  const known = identities.get(data)
  if (known !== undefined) return `#${known}`
  identities.set(data, identityCount)
  return `#${identityCount++}`
}

/** A tensor with a fixed value; the dtype is the value's own, else float32 (bool for booleans). */
export const constant: {
  <D extends DType, const V extends Value>(value: V, dtype: D): Tensor<D, RankOf<V>>
  <const V extends Value>(value: V): Tensor<DTypeOf<V>, RankOf<V>>
  readonly op: Op<ConstantParams>
} = entry(constantOp, (value: Value, dtype?: DType): Variable => {
  return constantFor('constant', value, dtype)
}) as never

/** A value that was given to an operation, which errors name. */
export function constantFor(operation: string, value: Value, dtype?: DType): Variable {
  const converted = convert(value, dtype ?? null, operation, isBoolean(value) ? 'bool' : 'float32')
  return apply1(constantOp, [], converted)
}

function isBoolean(value: Value): boolean {
  let x: unknown = value
  while (Array.isArray(x)) x = x[0]
  return typeof x === 'boolean'
}
