/**
 * Modifiers: gradients → gradients, or updates → updates. They compose with any optimiser, and with each other.
 */
import {
  add,
  cast,
  checkOptions,
  clip,
  div,
  formOf,
  type Gradients,
  ge,
  mul,
  type Shared,
  shared,
  sqrt,
  square,
  sub,
  sum,
  type Variable,
  type Wrt,
  where,
  zerosArray,
} from '@arignote/graph'
import type { Constraint } from '../constraints.js'
import { type Params, paramsOf, type Updates } from './updates.js'

/** √Σg² over all elements of all gradients: a scalar. */
export function globalNorm(gradients: Wrt): Variable {
  const squares = formOf(gradients).list.map((g): Variable => sum(square(g)))
  return sqrt(squares.reduce((a, b) => add(a, b)))
}

/**
 * All gradients scaled by norm / globalNorm where that is less than 1, so that their directions stay (Pascanu, Mikolov and
 * Bengio 2013; Keras's clipnorm, Lasagne's `total_norm_constraint`). tf.keras clips each gradient by itself instead.
 */
export function clipNorm<const W extends Wrt>(gradients: W, norm: number | Variable): Gradients<W> {
  const { list, pack } = formOf(gradients)
  const total = globalNorm(list)
  const scale: Variable = where(ge(total, norm), div(norm, total), 1)
  return pack(list.map(g => mul(g, cast(scale, g.dtype)))) as Gradients<W>
}

/** Each element brought between −limit and limit (Keras's clipvalue). */
export function clipValue<const W extends Wrt>(gradients: W, limit: number): Gradients<W> {
  const { list, pack } = formOf(gradients)
  return pack(list.map(g => clip(g, -limit, limit))) as Gradients<W>
}

/** The updates with some values changed. */
const changed = (updates: Updates, change: (variable: Shared, value: Variable) => Variable): Updates =>
  updates.map(([variable, value]) => [variable, change(variable, value)])

/**
 * Every parameter also shrinks by the share `rate` of what it was: p′ − rate · p. Decoupled from the gradient, as in AdamW
 * (Loshchilov and Hutter 2019); there the rate is learning rate · weight decay.
 */
export function weightDecay(updates: Updates, params: Params, rate: number | Variable): Updates {
  const decaying = new Set(paramsOf('weightDecay', params))
  const shrink = (p: Shared): Variable =>
    mul(p, typeof rate === 'number' ? rate : (cast(rate, p.dtype) as Variable))
  return changed(updates, (p, value) => (decaying.has(p) ? sub(value, shrink(p)) : value))
}

function withVelocity(
  operation: string,
  updates: Updates,
  params: Params,
  next: (p: Shared, value: Variable, velocity: Variable) => readonly [value: Variable, velocity: Variable],
): Updates {
  const moving = new Set(paramsOf(operation, params))
  const velocities: (readonly [Shared, Variable])[] = []
  const moved = changed(updates, (p, value) => {
    if (!moving.has(p)) return value
    const velocity: Shared = shared(zerosArray(p.cell.shape, p.dtype), `${p.name ?? 'param'}/velocity`)
    const [newValue, newVelocity] = next(p, value, velocity)
    velocities.push([velocity, newVelocity])
    return newValue
  })
  return [...velocities, ...moved]
}

/** Steps s become velocities v′ = momentum · v + s, and p′ = p + v′ (Lasagne's `apply_momentum`). */
export function applyMomentum(updates: Updates, params: Params, momentum = 0.9): Updates {
  return withVelocity('applyMomentum', updates, params, (p, value, v) => {
    const velocity: Variable = add(mul(v, momentum), sub(value, p))
    return [add(p, velocity), velocity]
  })
}

/** Steps s become velocities v′ = momentum · v + s, and p′ = p + s + momentum · v′ (Lasagne's `apply_nesterov_momentum`). */
export function applyNesterov(updates: Updates, params: Params, momentum = 0.9): Updates {
  return withVelocity('applyNesterov', updates, params, (p, value, v) => {
    const velocity: Variable = add(mul(v, momentum), sub(value, p))
    return [add(value, mul(velocity, momentum)), velocity]
  })
}

/** New values brought to the nearest ones that are allowed. */
export function applyConstraints(
  updates: Updates,
  constraints: ReadonlyMap<Shared, Pick<Constraint, 'apply'>>,
): Updates {
  return changed(updates, (variable, value) => constraints.get(variable)?.apply(value) ?? value)
}

export interface MovingAverages {
  /** The updates given, and those of the averages. */
  readonly updates: Updates
  /** One shared variable per parameter, which begins as a copy of it. */
  readonly averages: readonly Shared[]
}

/**
 * Averages of the parameters over the steps, which often predict better than the last: a′ = decay · a + (1 − decay) · p′
 * (Polyak and Juditsky 1992).
 */
export function movingAverage(
  updates: Updates,
  params: Params,
  options: { readonly decay?: number } = {},
): MovingAverages {
  const { decay = 0.999 } = checkOptions('movingAverage', options, ['decay'])
  const values = new Map(updates)
  const pairs = paramsOf('movingAverage', params).map(p => {
    const average: Shared = shared(p.getValue(), `${p.name ?? 'param'}/average`)
    const value = values.get(p) ?? p
    return [average, add(mul(average, decay), mul(value, 1 - decay)) as Variable] as const
  })
  return { updates: [...updates, ...pairs], averages: pairs.map(([average]) => average) }
}
