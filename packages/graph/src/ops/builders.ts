/**
 * Builders of elementwise operations: an entry (meaning, derivative)  →  the function that users call.
 *
 * Promotion and broadcasting happen here and nowhere else: by the time an op is applied, explicit `cast` and `expand`
 * nodes have made its operands alike. No constants at the top of this file: modules in a cycle with it call its
 * functions while they load.
 */
import { type DType, isFloat, promote, type Scalar, s } from '@arignote/loops'
import { type Dim, differentDim } from '../dim.js'
import { cannotBroadcast, wrongDType } from '../errors.js'
import type { Op } from '../op.js'
import type { DTypeOf, MaxRank, MeetOf, RankOf, TensorLike, ToFloat } from '../static.js'
import type { TensorType } from '../type.js'
import { dtypeOfValue, type Value } from '../value.js'
import { apply1, type Tensor, Variable } from '../variable.js'
import { cast } from './cast.js'
import { constantFor } from './constant.js'
import { commonShape, entry, markSingular } from './entry.js'
import { expand, expandDims } from './view.js'

// ── operands ──────────────────────────────────────────────────────────────────────────────────

/** A variable as it is; a host value as a constant. */
export function asTensor(x: TensorLike, operation = 'constant'): Variable {
  return x instanceof Variable ? x : constantFor(operation, x)
}

/** The operands as tensors of one dtype: the greatest; plain numbers adapt to the others. */
export function promoted(values: readonly TensorLike[], operation = 'constant'): readonly Variable[] {
  const dtype = commonDType(values)
  return values.map(x =>
    x instanceof Variable || dtypeOfValue(x) !== null
      ? cast(asTensor(x, operation), dtype)
      : constantFor(operation, x as Value, dtype),
  )
}

/** The dtype in which values meet. */
export function commonDType(values: readonly TensorLike[]): DType {
  const own = values.map(x => (x instanceof Variable ? x.dtype : dtypeOfValue(x)))
  const strong = own.filter(dtype => dtype !== null)
  const base = strong.length === 0 ? null : strong.reduce(promote)
  const weak = values.filter((_, i) => own[i] === null).map(x => dtypeOfNumbers(x as Value, base))
  return [...strong, ...weak].reduce(promote)
}

/** The dtype that numbers take beside tensors of dtype `base`: its own if they fit, else the least that they fit. */
function dtypeOfNumbers(value: Value, base: DType | null): DType {
  const numbers = Array.isArray(value) ? (value.flat(Number.POSITIVE_INFINITY) as unknown[]) : [value]
  if (numbers.length > 0 && numbers.every(x => typeof x === 'boolean')) return 'bool'
  if (base === null || isFloat(base)) return base ?? 'float32'
  const within = (low: number, high: number) =>
    numbers.every(x => typeof x !== 'number' || (Number.isInteger(x) && x >= low && x <= high))
  if (base === 'uint8' && within(0, 255)) return 'uint8'
  return within(-(2 ** 31), 2 ** 31 - 1) ? 'int32' : 'float32'
}

/** The tensors with equal shapes, by NumPy's rule; only a size that is known to be 1 is repeated. */
export function broadcast(
  operation: string,
  tensors: readonly Variable[],
  given: readonly TensorLike[] = tensors,
): readonly Variable[] {
  const ndim = Math.max(...tensors.map(x => x.ndim))
  if (tensors.every(x => x.ndim === ndim && x.shape === tensors[0]!.shape)) return tensors
  const shape = broadcastShape(operation, asGiven(given, tensors), ndim)
  return tensors.map(x => expandTo(x, shape))
}

/** The user's own variables instead of what was made of them. */
function asGiven(given: readonly TensorLike[], made: readonly Variable[]): readonly Variable[] {
  return given.map((x, i) => (x instanceof Variable ? x : made[i]!))
}

/** The shape that the tensors broadcast to; of each, the last `cores[i]` axes left out. */
export function broadcastShape(
  operation: string,
  tensors: readonly Variable[],
  ndim: number,
  cores: readonly number[] = [],
): readonly Dim[] {
  return Array.from({ length: ndim }, (_, axis) => {
    const sizes = tensors
      .map((x, i) => x.shape[axis - ndim + x.ndim - (cores[i] ?? 0)] ?? 1)
      .filter(n => n !== 1)
    const size = sizes.find(n => typeof n === 'number') ?? sizes[0] ?? 1
    const other = sizes.find(n => differentDim(n, size))
    if (other !== undefined)
      throw cannotBroadcast(
        operation,
        tensors,
        [sizes[0]!, sizes.find(n => differentDim(n, sizes[0]!)) ?? other],
        ndim - axis + Math.max(0, ...cores),
      )
    return size
  })
}

/** The tensors with equal axes before the last `cores[i]` of each, which stay as they are. */
export function broadcastBatch(
  operation: string,
  tensors: readonly Variable[],
  cores: readonly number[],
): readonly Variable[] {
  const ndim = Math.max(...tensors.map((x, i) => x.ndim - cores[i]!))
  const batch = broadcastShape(operation, tensors, ndim, cores)
  return tensors.map((x, i) => expandTo(x, [...batch, ...x.shape.slice(x.ndim - cores[i]!)]))
}

function expandTo(x: Variable, shape: readonly Dim[]): Variable {
  const missing = shape.length - x.ndim
  const ranked =
    missing === 0
      ? x
      : expandDims(
          x,
          Array.from({ length: missing }, (_, i) => i),
        )
  return expand(
    ranked,
    shape.map((n, axis) => (ranked.shape[axis] === 1 ? n : ranked.shape[axis]!)),
  )
}

// ── entries ───────────────────────────────────────────────────────────────────────────────────

type Gradient = Variable | null

interface MapMeaning {
  readonly name: string
  body(args: readonly Scalar[], output: TensorType): Scalar
  /** The result's dtype, of operands of one dtype. */
  dtype(operand: DType): DType
  grad?(g: Variable, inputs: readonly Variable[], out: Variable): readonly Gradient[]
  readonly singular?: boolean
}

/** An elementwise op without params over operands of one dtype. */
export function mapOp({ name, body, dtype, grad, singular }: MapMeaning): Op<null> {
  const op: Op<null> = {
    name,
    family: {
      kind: 'map',
      body: (args, _, output) => {
        const value = body(args, output)
        return output.dtype === 'uint8' ? s.and(value, 255) : value
      },
    },
    infer: (types, _, variables) => {
      const { shape, requires } = commonShape(name, types, variables)
      return { outputs: [{ dtype: dtype(types[0]!.dtype), shape }], requires }
    },
    grad: ({ inputs, outputs, cotangents: [g] }) => {
      if (grad === undefined || !inputs.some(x => isFloat(x.dtype))) return inputs.map(() => null)
      return grad(g!, inputs, outputs[0]!).map((d, i) => (isFloat(inputs[i]!.dtype) ? d : null))
    },
  }
  if (singular) markSingular(op)
  return op
}

interface UnaryEntry {
  /** Over floats; over int32 too unless the operation is one of real numbers. */
  body(x: Scalar): Scalar
  /** Over bools; absent: refused. */
  bool?(x: Scalar): Scalar
  grad?(g: Variable, x: Variable, out: Variable): Gradient
  /** The value can be infinite or NaN where x is finite. */
  readonly singular?: boolean
  /** Floats are refused. */
  readonly integral?: boolean
}

export interface FloatUnary {
  <X extends TensorLike>(x: X): Tensor<ToFloat[DTypeOf<X>], RankOf<X>>
  readonly op: Op<null>
}

/** A function of real numbers: integers and bools become float32 first. */
export function floatUnary(name: string, e: UnaryEntry): FloatUnary {
  const op = unaryOp(name, e, dtype => dtype)
  return entry(op, (x: TensorLike) => {
    const v = asTensor(x, name)
    return apply1(op, [isFloat(v.dtype) ? v : cast(v, 'float32')], null)
  }) as FloatUnary
}

export interface Unary {
  <X extends TensorLike>(x: X): Tensor<DTypeOf<X>, RankOf<X>>
  readonly op: Op<null>
}

/** An operation that keeps the dtype. */
export function unary(name: string, e: UnaryEntry): Unary {
  const op = unaryOp(name, e, dtype => dtype)
  return entry(op, (x: TensorLike) => {
    const v = asTensor(x, name)
    if (v.dtype === 'bool' && e.bool === undefined) throw wrongDType(name, [v], 'cast it to int32 first')
    if (isFloat(v.dtype) && e.integral)
      throw wrongDType(name, [v], 'bools are combined, or the bits of integers')
    return apply1(op, [v], null)
  }) as Unary
}

export interface Predicate {
  <X extends TensorLike>(x: X): Tensor<'bool', RankOf<X>>
  readonly op: Op<null>
}

/** A question about each element. */
export function predicate(name: string, e: UnaryEntry): Predicate {
  const op = unaryOp(name, e, () => 'bool')
  return entry(op, (x: TensorLike) => apply1(op, [asTensor(x, name)], null)) as Predicate
}

function unaryOp(name: string, e: UnaryEntry, dtype: (operand: DType) => DType): Op<null> {
  return mapOp({
    name,
    dtype,
    body: ([x]) => (x!.type === 'bool' && e.bool !== undefined ? e.bool(x!) : e.body(x!)),
    ...(e.grad === undefined
      ? {}
      : { grad: (g: Variable, [x]: readonly Variable[], out: Variable) => [e.grad!(g, x!, out)] }),
    ...(e.singular === undefined ? {} : { singular: e.singular }),
  })
}

interface BinaryEntry {
  body(x: Scalar, y: Scalar): Scalar
  /** Over two bools; absent: refused. */
  bool?(x: Scalar, y: Scalar): Scalar
  grad?(g: Variable, x: Variable, y: Variable, out: Variable): readonly [Gradient, Gradient]
  /** Floats are refused. */
  readonly integral?: boolean
  readonly singular?: boolean
}

export interface Binary {
  <X extends TensorLike, Y extends TensorLike>(
    x: X,
    y: Y,
  ): Tensor<MeetOf<X, Y>, MaxRank[RankOf<X>][RankOf<Y>]>
  readonly op: Op<null>
}

/** An operation in the common dtype. */
export function binary(name: string, e: BinaryEntry): Binary {
  const op = binaryOp(name, e, dtype => dtype)
  return entry(op, (x: TensorLike, y: TensorLike) => {
    const pair = promoted([x, y], name)
    const { dtype } = pair[0]!
    if (dtype === 'bool' && e.bool === undefined)
      throw wrongDType(name, asGiven([x, y], pair), 'cast one of them to int32 first')
    if (isFloat(dtype) && e.integral)
      throw wrongDType(name, asGiven([x, y], pair), 'bools are combined, or the bits of integers')
    return apply1(op, broadcast(name, pair, [x, y]), null)
  }) as Binary
}

export interface FloatBinary {
  <X extends TensorLike, Y extends TensorLike>(
    x: X,
    y: Y,
  ): Tensor<ToFloat[MeetOf<X, Y>], MaxRank[RankOf<X>][RankOf<Y>]>
  readonly op: Op<null>
}

/** An operation of real numbers: integers become float32 first. */
export function floatBinary(name: string, e: BinaryEntry): FloatBinary {
  const op = binaryOp(name, e, dtype => dtype)
  return entry(op, (x: TensorLike, y: TensorLike) => {
    const pair = promoted([x, y], name)
    const real = isFloat(pair[0]!.dtype) ? pair : pair.map(v => cast(v, 'float32'))
    return apply1(op, broadcast(name, real, [x, y]), null)
  }) as FloatBinary
}

export interface Comparison {
  <X extends TensorLike, Y extends TensorLike>(x: X, y: Y): Tensor<'bool', MaxRank[RankOf<X>][RankOf<Y>]>
  readonly op: Op<null>
}

/** A comparison in the common dtype; bools compare as 0 and 1. */
export function comparison(name: string, body: (x: Scalar, y: Scalar) => Scalar): Comparison {
  const bool = (x: Scalar, y: Scalar) => body(s.cast(x, 'int32'), s.cast(y, 'int32'))
  const op = binaryOp(name, { body, bool }, () => 'bool')
  return entry(op, (x: TensorLike, y: TensorLike) =>
    apply1(op, broadcast(name, promoted([x, y], name), [x, y]), null),
  ) as Comparison
}

function binaryOp(name: string, e: BinaryEntry, dtype: (operand: DType) => DType): Op<null> {
  return mapOp({
    name,
    dtype,
    body: ([x, y]) => (x!.type === 'bool' && e.bool !== undefined ? e.bool(x!, y!) : e.body(x!, y!)),
    ...(e.grad === undefined
      ? {}
      : { grad: (g: Variable, [x, y]: readonly Variable[], out: Variable) => e.grad!(g, x!, y!, out) }),
    ...(e.singular === undefined ? {} : { singular: e.singular }),
  })
}
