/**
 * Adam as a plain function over symbolic gradients: `adam` of `arignote/nn` without its options. Why not that one: `cells.ts`.
 */
import { pow, type Shared, shared, sqrt, square, type Tensor, zerosArray } from 'arignote'

export type Parameter = Shared<'float32'>
export type Gradient = Tensor<'float32'>
export type Update = [Parameter, Gradient]

export interface AdamOptions {
  /** α: a number, or a symbolic scalar for one that changes. */
  readonly learningRate?: number | Tensor<'float32', 0>
  readonly beta1?: number
  readonly beta2?: number
  readonly epsilon?: number
}

/**
 * Adam (Kingma and Ba 2015, algorithm 1), for every parameter p with gradient g:
 *
 *     m ← β₁ m + (1 − β₁) g      v ← β₂ v + (1 − β₂) g²
 *     p ← p − α m̂ / (√v̂ + ε)     m̂ = m / (1 − β₁ᵗ), v̂ = v / (1 − β₂ᵗ)
 */
export function adam(
  gradients: readonly Gradient[],
  parameters: readonly Parameter[],
  { learningRate = 1e-3, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-7 }: AdamOptions = {},
): Update[] {
  const steps = shared(0, 'adam.t')
  const t = steps.add(1)
  const missing1 = pow(beta1, t).neg().add(1)
  const missing2 = pow(beta2, t).neg().add(1)
  const updates: Update[] = [[steps, t]]
  parameters.forEach((p, k) => {
    const g = gradients[k]!
    const m = zerosLike(p, 'm')
    const v = zerosLike(p, 'v')
    const newM = m.mul(beta1).add(g.mul(1 - beta1))
    const newV = v.mul(beta2).add(square(g).mul(1 - beta2))
    const step = newM.div(missing1).div(sqrt(newV.div(missing2)).add(epsilon))
    updates.push([m, newM], [v, newV], [p, p.sub(step.mul(learningRate))])
  })
  return updates
}

const zerosLike = (p: Parameter, name: string): Parameter =>
  shared(zerosArray(p.getValue({ borrow: true }).shape), `${p.name}.${name}`)
