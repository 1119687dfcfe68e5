/** Adam (Kingma and Ba 2015), for the samples that train with it. */
import { pow, type Shared, shared, sqrt, square, type Variable, zerosArray } from 'arignote'

export function adam(
  gradients: readonly Variable[],
  parameters: readonly Shared[],
): (readonly [Shared, Variable])[] {
  const steps = shared(0, 'steps')
  const t = steps.add(1)
  const rate = sqrt(pow(0.999, t).neg().add(1)).div(pow(0.9, t).neg().add(1)).mul(1e-3)
  const updates: (readonly [Shared, Variable])[] = [[steps, t]]
  parameters.forEach((p, i) => {
    const m = shared(zerosArray(p.cell.shape), `${p.name}.m`)
    const v = shared(zerosArray(p.cell.shape), `${p.name}.v`)
    const nextM = m.mul(0.9).add(gradients[i]!.mul(0.1))
    const nextV = v.mul(0.999).add(square(gradients[i]!).mul(0.001))
    updates.push([m, nextM], [v, nextV], [p, p.sub(nextM.mul(rate).div(sqrt(nextV).add(1e-4)))])
  })
  return updates
}
