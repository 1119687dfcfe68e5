/**
 * Jacobians and Hessians: all rows at once where every op on the way can be batched, else row by row in a scan.
 *
 * Row k is the pull-back of the k-th unit vector of the results. So the pull-back is built once, of a stand-in, and the
 * stand-in becomes the unit matrix: as one more axis in front of everything that depends on it (`batch.ts`).
 */
import { isFloat } from '@arignote/loops'
import { batchExpression } from './batch.js'
import { type Dim, productDim } from './dim.js'
import { type Alike, formOf, type Wrt } from './form.js'
import { checkOptions, checkTensor } from './given.js'
import { type Gradients, type GradOptions, pullBack, pullOptions } from './grad.js'
import { checkCost, checkedAlike } from './grad-checks.js'
import { gradientOfInteger } from './grad-errors.js'
import { cast } from './ops/cast.js'
import { eq } from './ops/comparison.js'
import { arange, eye, iota, ones } from './ops/source.js'
import { reshape } from './ops/view.js'
import { scan } from './scan/scan.js'
import type { RankSum } from './static.js'
import { substitute } from './traverse.js'
import { asOneCall, Variable } from './variable.js'

type JacobianOf<Y, X> =
  Y extends Variable<infer _, infer P>
    ? X extends Variable<infer D, infer Q>
      ? Variable<D, RankSum[P][Q]>
      : never
    : never

/** Jacobians in the form of the variables; the axes of the expression come first. */
export type Jacobians<Y extends Variable, W extends Wrt> = W extends Variable
  ? JacobianOf<Y, W>
  : { -readonly [K in keyof W]: JacobianOf<Y, W[K]> }

/** Second derivatives in the form of the variables, each with the axes of its variable twice. */
export type Hessians<W extends Wrt> = W extends Variable
  ? JacobianOf<W, W>
  : { -readonly [K in keyof W]: JacobianOf<W[K], W[K]> }

export interface JacobianOptions extends Omit<GradOptions, 'knownGrads'> {
  /**
   * All rows at once, which is fast and needs the memory for it (default); false: one after the other. Where an op on the
   * way has no batched form it is one after the other in any case.
   */
  readonly vectorize?: boolean
}

/**
 * The derivative of each element of the expression by each element of the variables: shape of the expression, then shape
 * of the variable.
 *
 * @example jacobian(tanh(W.dot(x)), x)   // a matrix
 */
export function jacobian<Y extends Variable, const W extends Wrt>(
  expression: Y,
  wrt: W,
  options: JacobianOptions = {},
): Jacobians<Y, W> {
  return asOneCall(() => {
    checkOptions('jacobian', options, ['vectorize', ...pullOptions])
    checkTensor('jacobian', expression, 'the expression')
    if (!isFloat(expression.dtype)) throw gradientOfInteger('jacobian', 'result', expression)
    const form = formOf(wrt)
    return form.pack(jacobians('jacobian', expression, form.list, options)) as Jacobians<Y, W>
  })
}

/**
 * The second derivatives of a scalar cost: for a vector a matrix. Of several variables each by itself, without the mixed
 * derivatives, as in Theano; for those, `jacobian(grad(cost, a), b)`.
 */
export function hessian<const W extends Wrt>(
  cost: Variable,
  wrt: W,
  options: JacobianOptions = {},
): Hessians<W> {
  return asOneCall(() => {
    checkOptions('hessian', options, ['vectorize', ...pullOptions])
    checkCost('hessian', cost)
    const form = formOf(wrt)
    const gradients = pullBack('hessian', [cost], form.list, [ones([], cost.dtype)], options)
    const second = { ...options, disconnectedInputs: 'ignore' } as const
    return form.pack(
      gradients.map((g, i) => jacobians('hessian', g, [form.list[i]!], second)[0]!),
    ) as Hessians<W>
  })
}

/**
 * The Hessian times a vector, without the Hessian: for the price of two gradients. Of several variables all derivatives
 * count, mixed ones too.
 *
 * @example hvp(loss, { W, b }, { W: direction, b: zerosLike(b) })
 */
export function hvp<const W extends Wrt>(
  cost: Variable,
  wrt: W,
  p: Alike<W>,
  options: Omit<GradOptions, 'knownGrads'> = {},
): Gradients<W> {
  return asOneCall(() => {
    checkOptions('hvp', options, pullOptions)
    checkCost('hvp', cost)
    const form = formOf(wrt)
    const directions = checkedAlike('hvp', ['vector', 'variable'], form.list, form.unpack(p))
    const gradients = pullBack('hvp', [cost], form.list, [ones([], cost.dtype)], options)
    const second = { ...options, disconnectedInputs: 'ignore' } as const
    return form.pack(pullBack('hvp', gradients, form.list, directions, second)) as Gradients<W>
  })
}

function jacobians(
  operation: string,
  expression: Variable,
  wrt: readonly Variable[],
  { vectorize = true, ...options }: JacobianOptions,
): readonly Variable[] {
  const { shape, dtype } = expression
  if (shape.length === 0) return pullBack(operation, [expression], wrt, [ones([], dtype)], options)
  const seed = new Variable(expression.type, null, 0, null)
  const rows = pullBack(operation, [expression], wrt, [seed], options)
  const size = productDim(shape)
  const unit = () => reshape(eye(size, size, 0, dtype), [size, ...shape]) as Variable
  const batched = vectorize ? batchExpression(rows, new Map([[seed, unit()]]), size) : null
  const stacked = batched ?? oneByOne(operation, rows, seed, size)
  return stacked.map(v => reshape(v, [...shape, ...v.shape.slice(1)]))
}

function oneByOne(
  operation: string,
  rows: readonly Variable[],
  seed: Variable,
  size: Dim,
): readonly Variable[] {
  const positions = reshape(iota([size], 0), seed.shape)
  const step = ({ position }: { readonly position: Variable }) => {
    const unit = cast(eq(positions, position), seed.dtype)
    const row = substitute(rows, new Map([[seed, unit]]))
    return Object.fromEntries(row.map((v, i) => [`row${i}`, v]))
  }
  const steps = scan(step, { sequences: { position: arange(size) }, name: operation })
  return rows.map((_, i) => steps[`row${i}`]!.all)
}
