/**
 * Gradients under Theano's names and keywords: `T.grad`, `T.jacobian`, `theano.gradient.…`.
 */
import { verifyGrad } from '@arignote/compiler'
import {
  checkOptions,
  type Gradients,
  type GradOptions,
  grad as gradOf,
  type Hessians,
  hessian as hessianOf,
  type Jacobians,
  jacobian as jacobianOf,
  Lop as LopOf,
  Rop as RopOf,
  type Tensor,
  type Value,
  Variable,
  type Wrt,
} from '@arignote/graph'

export interface GradientKeywords {
  /** Variables through which no gradient flows. */
  readonly consider_constant?: Variable | readonly Variable[] | null
  /** What to do about a variable that the cost does not depend on; ignored ones get zeros. */
  readonly disconnected_inputs?: 'raise' | 'warn' | 'ignore'
}

export interface GradKeywords extends GradientKeywords {
  readonly known_grads?: ReadonlyMap<Variable, Variable> | readonly (readonly [Variable, Variable])[] | null
}

const keywords = ['consider_constant', 'disconnected_inputs']

function optionsOf(operation: string, given: GradientKeywords): Omit<GradOptions, 'knownGrads'> {
  checkOptions(operation, given, keywords)
  const { consider_constant: constant, disconnected_inputs } = given
  return {
    ...(constant == null ? {} : { considerConstant: constant instanceof Variable ? [constant] : constant }),
    ...(disconnected_inputs === undefined ? {} : { disconnectedInputs: disconnected_inputs }),
  }
}

interface GradByKeywords<W extends Wrt> extends GradKeywords {
  readonly cost: Variable | null
  readonly wrt: W
}

export interface Grad {
  <const W extends Wrt>(cost: Variable | null, wrt: W, options?: GradKeywords): Gradients<W>
  <const W extends Wrt>(keywords: GradByKeywords<W>): Gradients<W>
}

/**
 * `T.grad(cost, wrt, { consider_constant, disconnected_inputs, known_grads })`, or all by keywords: `T.grad({ cost, wrt })`. Of a
 * list a list.
 */
export const grad: Grad = ((
  first: Variable | null | GradByKeywords<Wrt>,
  second?: Wrt,
  third?: GradKeywords,
) => {
  const isPositional = first === null || first instanceof Variable || second !== undefined
  const { cost, wrt, ...options } = isPositional
    ? { ...third, cost: first as Variable | null, wrt: second! }
    : first
  checkOptions('T.grad', options, [...keywords, 'known_grads'])
  const { known_grads, ...others } = options
  return gradOf(cost, wrt, {
    ...optionsOf('T.grad', others),
    ...(known_grads == null ? {} : { knownGrads: new Map(known_grads) }),
  })
}) as Grad

/** `T.jacobian(expression, wrt)`: the axes of the expression come first. */
export const jacobian = <Y extends Variable, const W extends Wrt>(
  expression: Y,
  wrt: W,
  options: GradientKeywords = {},
): Jacobians<Y, W> => jacobianOf(expression, wrt, optionsOf('T.jacobian', options))

/** `T.hessian(cost, wrt)`: of several variables each by itself. */
export const hessian = <const W extends Wrt>(
  cost: Variable,
  wrt: W,
  options: GradientKeywords = {},
): Hessians<W> => hessianOf(cost, wrt, optionsOf('T.hessian', options))

/** `T.Rop(f, wrt, eval_points)`: the Jacobian times a vector. */
export const Rop = <const Y extends Wrt, const W extends Wrt>(
  f: Y,
  wrt: W,
  eval_points: Parameters<typeof RopOf<Y, W>>[2],
): Gradients<Y> => RopOf(f, wrt, eval_points)

/** `T.Lop(f, wrt, eval_points)`: a vector times the Jacobian. */
export const Lop = <const W extends Wrt>(
  f: Variable | readonly Variable[],
  wrt: W,
  eval_points: Variable | readonly Variable[],
  options: GradientKeywords = {},
): Gradients<W> => LopOf(f, wrt, eval_points, optionsOf('T.Lop', options))

export interface VerifyKeywords {
  readonly eps?: number
  readonly rel_tol?: number
  /** Have no effect: the output's weights are drawn with a seed of their own, once. */
  readonly n_tests?: number
  readonly rng?: unknown
}

/** `theano.gradient.verify_grad(fun, pt, { eps, rel_tol })`: against central differences, in float64. */
export function verify_grad(
  fun: (...inputs: Tensor<'float64', number>[]) => Variable,
  pt: readonly Value[],
  options: VerifyKeywords = {},
): void {
  checkOptions('verify_grad', options, ['eps', 'rel_tol', 'n_tests', 'rng'])
  const { eps, rel_tol } = options
  verifyGrad(fun, pt, {
    ...(eps === undefined ? {} : { step: eps }),
    ...(rel_tol === undefined ? {} : { tolerance: rel_tol }),
  })
}
