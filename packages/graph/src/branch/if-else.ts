/**
 * `ifElse`: what users write. One alternative, a list or a record of them; all of one call under one condition.
 */
import type { DType } from '@arignote/loops'
import { differentDim, printDim } from '../dim.js'
import { type ArignoteError, DTypeError, GraphError, report, rolesOf, ShapeError } from '../errors.js'
import { asTensor } from '../ops/builders.js'
import { cast } from '../ops/cast.js'
import { constantFor } from '../ops/constant.js'
import { full } from '../ops/source.js'
import type { MaxRank, MeetOf, RankOf, TensorLike } from '../static.js'
import { dtypeOfValue } from '../value.js'
import { asOneCall, type Tensor, Variable } from '../variable.js'
import { choose, sameShape } from './op.js'

type Names<X> = { readonly [K in keyof X]: TensorLike }
/** What becomes of one alternative and its counterpart: tensors have one type, other values take it. */
type Chosen<X, Y> =
  X extends Variable<infer D, infer R>
    ? Tensor<D, R>
    : Y extends Variable<infer D, infer R>
      ? Tensor<D, R>
      : Tensor<MeetOf<X, Y>, MaxRank[RankOf<X>][RankOf<Y>]>
type AllChosen<X, Y extends Names<X>> = { -readonly [K in keyof X]: Chosen<X[K], Y[K]> }

export interface IfElse {
  <const X extends readonly Variable[], const Y extends Names<X>>(
    condition: TensorLike,
    a: X,
    b: Y,
  ): AllChosen<X, Y>
  <X extends { readonly [name: string]: Variable }, Y extends Names<X>>(
    condition: TensorLike,
    a: X,
    b: Y,
  ): AllChosen<X, Y>
  <X extends TensorLike, Y extends TensorLike>(condition: TensorLike, a: X, b: Y): Chosen<X, Y>
}

/** The same as a method of the condition. */
export interface IfElseMethod {
  <const X extends readonly Variable[], const Y extends Names<X>>(a: X, b: Y): AllChosen<X, Y>
  <X extends { readonly [name: string]: Variable }, Y extends Names<X>>(a: X, b: Y): AllChosen<X, Y>
  <X extends TensorLike, Y extends TensorLike>(a: X, b: Y): Chosen<X, Y>
}

/**
 * `a` if the condition holds (is not 0), else `b`. What only one of them needs is computed only when it is chosen. Both
 * have one dtype, and one shape; a number stands for a whole tensor of it. Lists and records of alternatives are chosen
 * from together. Several values chosen by an array of conditions: `where`. (Theano: `ifelse`; JAX: `lax.cond`.)
 *
 * @throws DTypeError, ShapeError where the alternatives differ; ShapeError for a condition with axes
 */
export const ifElse = ((condition: TensorLike, a: unknown, b: unknown): unknown =>
  asOneCall(() => {
    const test = conditionOf(condition)
    if (isList(a)) {
      if (!Array.isArray(b) || b.length !== a.length) throw notAlike(a, b)
      return a.map((x, i) => chosen(test, x, b[i] as TensorLike))
    }
    if (isRecord(a)) {
      const names = Object.keys(a)
      if (!isRecordOf(b, names)) throw notAlike(a, b)
      return Object.fromEntries(names.map(name => [name, chosen(test, a[name]!, b[name]!)]))
    }
    return chosen(test, a as TensorLike, b as TensorLike)
  })) as IfElse

function conditionOf(condition: TensorLike): Variable {
  const v = asTensor(condition, 'ifElse')
  if (v.ndim > 0) throw conditionHasAxes(v)
  return cast(v, 'bool')
}

/** Lists of numbers are values; a list of alternatives has a tensor in it. */
const isList = (x: unknown): x is readonly TensorLike[] =>
  Array.isArray(x) && (x.length === 0 || x.some(v => v instanceof Variable))

type Alternatives = { readonly [name: string]: TensorLike }

function isRecord(x: unknown): x is Alternatives {
  if (typeof x !== 'object' || x === null || Array.isArray(x) || x instanceof Variable) return false
  return Object.getPrototypeOf(x) === Object.prototype && Object.values(x).some(v => v instanceof Variable)
}

function isRecordOf(x: unknown, names: readonly string[]): x is Alternatives {
  if (typeof x !== 'object' || x === null || x instanceof Variable) return false
  return Object.keys(x).length === names.length && names.every(name => Object.hasOwn(x, name))
}

function chosen(condition: Variable, a: TensorLike, b: TensorLike): Variable {
  const dtype = [a, b].map(dtypeOf).find(known => known !== null) ?? null
  const [x, y] = [alternative(a, b, dtype), alternative(b, a, dtype)]
  if (x.dtype !== y.dtype) throw dtypesDiffer(x, y)
  if (x.ndim !== y.ndim) throw shapesDiffer(x, y, null)
  x.shape.forEach((n, axis) => {
    if (differentDim(n, y.shape[axis]!)) throw shapesDiffer(x, y, axis)
  })
  return choose(condition, x, y)
}

const dtypeOf = (x: TensorLike): DType | null => (x instanceof Variable ? x.dtype : dtypeOfValue(x))

/** A number takes the type of its counterpart. */
function alternative(x: TensorLike, other: TensorLike, dtype: DType | null): Variable {
  if (x instanceof Variable) return x
  const isOne = typeof x === 'number' || typeof x === 'boolean'
  const known = dtypeOfValue(x)
  const value = constantFor('ifElse', x, known ?? dtype ?? (typeof x === 'boolean' ? 'bool' : 'float32'))
  return isOne && other instanceof Variable ? (full(other.shape, value) as Variable) : value
}

// ── errors ────────────────────────────────────────────────────────────────────────────────────

const operation = 'ifElse'

function conditionHasAxes(v: Variable): ArignoteError {
  return report(ShapeError, 'E080', {
    operation,
    problem: 'the condition is not a scalar',
    operands: [['condition', v]],
    lines: ['one value decides which branch runs; to choose element by element use where()'],
  })
}

const pair = (a: Variable, b: Variable) => rolesOf([a, b])

function dtypesDiffer(a: Variable, b: Variable): ArignoteError {
  return report(DTypeError, 'E081', {
    operation,
    problem: 'the branches have different dtypes',
    operands: pair(a, b),
    lines: [`both branches must have the same dtype: ${a.dtype} ≠ ${b.dtype}; cast one of them`],
  })
}

/** `axis` null: the numbers of axes differ already. */
function shapesDiffer(a: Variable, b: Variable, axis: number | null): ArignoteError {
  const [have, want] =
    axis === null ? [a.ndim, b.ndim] : [a.shape[axis]!, b.shape[axis]!].map(n => printDim(n))
  const where = axis === null ? `${have} ≠ ${want} axes` : `on axis ${axis} ${have} ≠ ${want}`
  return report(ShapeError, 'E082', {
    operation,
    problem: 'the branches have different shapes',
    operands: pair(a, b),
    lines: [`${sameShape}: ${where}`, 'nothing is broadcast but a single number'],
  })
}

function notAlike(a: unknown, b: unknown): ArignoteError {
  return report(GraphError, 'E083', {
    operation,
    problem: `the branches are ${describe(a)} and ${describe(b)}`,
    lines: [
      'both branches have the same form: a tensor each, lists of one length, or records of the same names',
    ],
  })
}

function describe(x: unknown): string {
  if (x instanceof Variable) return 'a tensor'
  if (Array.isArray(x)) return `a list of ${x.length}`
  if (typeof x === 'object' && x !== null) return `a record of ${Object.keys(x).join(', ') || 'nothing'}`
  return `the ${typeof x} ${String(x)}`
}
