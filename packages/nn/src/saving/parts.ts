/** What of a model is kept in files besides its configuration: shared variables under names of their own. */
import type { Shared } from '@arignote/graph'
import type { Model } from '../models/model.js'

/** Variables in order, each with a name that no other has. */
export type Named = readonly (readonly [name: string, variable: Shared])[]

/** By their own names, `dense_1/kernel`; a name that is taken is counted on. */
export function named(variables: readonly Shared[]): Named {
  const taken = new Set<string>()
  return variables.map(variable => {
    const base = variable.name ?? 'variable'
    let name = base
    for (let n = 2; taken.has(name); n++) name = `${base}_${n}`
    taken.add(name)
    return [name, variable]
  })
}

const once = (variables: readonly Shared[]) => [...new Set(variables)]

export const weightsOf = (model: Model): Named => named(once(model.weights.map(w => w.variable)))

/** What is trained, in the order in which the optimiser has it. */
export const trainedOf = (model: Model): readonly Shared[] =>
  once(model.weights.filter(w => w.trainable).map(w => w.variable))

/** States of random streams and of stateful layers. */
export const memoryOf = (model: Model): Named =>
  named(once(model.layers.flatMap(layer => layer.built.memory ?? [])))

/** The optimiser's state; empty for a model that is not compiled. */
export function slotsOf(model: Model): Named {
  if (model.compiledWith === null) return []
  const { optimizer } = model
  optimizer.build(trainedOf(model))
  return named(optimizer.slots)
}
