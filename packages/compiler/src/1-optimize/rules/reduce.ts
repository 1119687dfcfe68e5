/**
 * Reductions: of reductions, of repetitions, of axes with one element, and of what is monotone in its operand.
 *
 * No sum is rounded otherwise, but for n · Σ x.
 */
import {
  add,
  all,
  any,
  anything,
  apply1,
  as,
  commuted,
  literalOf,
  max,
  min,
  mul,
  neg,
  not,
  of,
  prod,
  type ReduceParams,
  type Rule,
  readAxes,
  rule,
  sub,
  suchThat,
  sum,
  type Variable,
} from '@arignote/graph'
import { isFloat } from '@arignote/loops'
import { buildAxes } from '../axes.js'
import { filled, times, view } from '../build.js'

const [x, k] = [anything('x'), anything('k')]
const paramsOf = (v: Variable) => v.owner!.params as ReduceParams

/** The same reduction of another value of the same shape. */
const reduced = (
  like: Variable,
  op: { readonly op: NonNullable<Variable['owner']>['op'] },
  value: Variable,
) => apply1(op.op, [value], paramsOf(like))

/** Reduces an axis view: the axes it repeats contribute a factor, or nothing. */
function ofRepeated(x: Variable, root: Variable, factor: boolean): Variable | null {
  const seen = readAxes(x)
  if (seen === null) return null
  const params = paramsOf(root)
  const from = params.axes.flatMap(axis => seen.axes[axis] ?? [])
  const repeated = params.axes.flatMap(axis => (seen.axes[axis] === null ? [seen.shape[axis]!] : []))
  if (!factor && repeated.some(n => typeof n !== 'number' || n === 0)) return null
  const rank = new Map<number, number>()
  for (let axis = 0; axis < seen.source.ndim; axis++) if (!from.includes(axis)) rank.set(axis, rank.size)
  const inner =
    from.length === 0
      ? seen.source
      : apply1(root.owner!.op, [seen.source], { ...params, axes: [...from].sort((a, b) => a - b) })
  if (inner.dtype !== root.dtype) return null
  const kept = seen.axes.filter((_, axis) => !params.axes.includes(axis))
  const axes = kept.map(axis => (axis === null ? null : rank.get(axis)!))
  const whole = factor ? repeated.reduce<Variable>((total, n) => times(total, n), inner) : inner
  return buildAxes({ source: whole, axes, shape: root.shape })
}

/** Over axes of size 1 every reduction is a squeeze. */
function overUnitAxes(x: Variable, root: Variable): Variable | null {
  const params = paramsOf(root)
  const unit = params.axes.filter(axis => x.shape[axis] === 1)
  const isEmpty = params.axes.length === 0
  if ((unit.length === 0 && !isEmpty) || x.dtype !== root.dtype) return null
  const less = view.squeeze(x, unit)
  const rest = params.axes
    .filter(axis => !unit.includes(axis))
    .map(axis => axis - unit.filter(u => u < axis).length)
  return rest.length === 0 ? less : apply1(root.owner!.op, [less], { ...params, axes: rest })
}

function ofReduction(x: Variable, inner: Variable, root: Variable): Variable | null {
  const first = paramsOf(inner).axes
  const kept = x.shape.map((_, axis) => axis).filter(axis => !first.includes(axis))
  const axes = [...first, ...paramsOf(root).axes.map(axis => kept[axis]!)].sort((a, b) => a - b)
  const all = apply1(root.owner!.op, [x], { ...paramsOf(root), axes })
  return all.dtype === root.dtype ? all : null
}

const names = [
  { sign: 'Σ', op: sum, factor: true },
  { sign: 'Π', op: prod, factor: false },
  { sign: 'max', op: max, factor: false },
  { sign: 'min', op: min, factor: false },
  { sign: 'any', op: any, factor: false },
  { sign: 'all', op: all, factor: false },
] as const

const general: readonly Rule[] = names.flatMap(({ sign, op, factor }) => [
  rule(`${sign} over axes of size 1, or none → squeeze`, of(op, x), ({ x }, v) => overUnitAxes(x, v)),
  rule(`${sign} (${sign} x) → ${sign} x`, of(op, as('y', of(op, x))), ({ x, y }, v) => ofReduction(x, y, v)),
  ...(op === prod
    ? []
    : [
        rule(`${sign} expand x → ${factor ? 'n · ' : ''}${sign} x`, of(op, x), ({ x }, v) =>
          ofRepeated(x, v, factor),
        ),
      ]),
])

const isReal = (v: Variable) => isFloat(v.dtype)

/** A finite number, repeated. */
function finite(v: Variable): number | null {
  const value = literalOf(v)
  return value !== null && Number.isFinite(value) ? value : null
}

/** What is monotone keeps the greatest the greatest, its rounding too. */
const monotone: readonly Rule[] = [
  rule('Σ −x → −Σ x', suchThat(of(sum, of(neg, x)), isReal), ({ x }, v) => neg(reduced(v, sum, x))),
  rule('any (not x) → not (all x)', of(any, of(not, x)), ({ x }, v) => not(reduced(v, all, x))),
  rule('all (not x) → not (any x)', of(all, of(not, x)), ({ x }, v) => not(reduced(v, any, x))),
  ...[
    { sign: 'max', other: 'min', op: max, opposite: min },
    { sign: 'min', other: 'max', op: min, opposite: max },
  ].flatMap(({ sign, other, op, opposite }) => [
    rule(`${sign} −x → −${other} x`, suchThat(of(op, of(neg, x)), isReal), ({ x }, v) =>
      neg(reduced(v, opposite, x)),
    ),
    rule(`${sign}(x + c) → ${sign} x + c`, suchThat(of(op, commuted(add, x, k)), isReal), ({ x, k }, v) => {
      const c = finite(k)
      return c === null ? null : add(reduced(v, op, x), filled(c, v.dtype, v.shape))
    }),
    rule(`${sign}(x − c) → ${sign} x − c`, suchThat(of(op, of(sub, x, k)), isReal), ({ x, k }, v) => {
      const c = finite(k)
      return c === null ? null : sub(reduced(v, op, x), filled(c, v.dtype, v.shape))
    }),
    rule(
      `${sign}(x · c) → ${sign} x · c, c > 0`,
      suchThat(of(op, commuted(mul, x, k)), isReal),
      ({ x, k }, v) => {
        const c = finite(k)
        return c === null || c <= 0 ? null : mul(reduced(v, op, x), filled(c, v.dtype, v.shape))
      },
    ),
    rule(
      `${sign}(x · c) → ${other} x · c, c < 0`,
      suchThat(of(op, commuted(mul, x, k)), isReal),
      ({ x, k }, v) => {
        const c = finite(k)
        return c === null || c >= 0 ? null : mul(reduced(v, opposite, x), filled(c, v.dtype, v.shape))
      },
    ),
  ]),
]

export const reductions: readonly Rule[] = [...general, ...monotone]
