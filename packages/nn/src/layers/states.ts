/** The states that a stateful layer keeps. */
import { type Shared, type Value, zerosArray } from '@arignote/graph'
import { wrongWeights } from './errors.js'
import { setTogether } from './layer.js'

/** Sets them to values, or to zeros. @throws ArgumentError, ShapeError if one does not fit; then none is set */
export function setStates(layer: string, states: readonly Shared[], given?: readonly unknown[]): void {
  const named = states.map((variable, i) => ({ variable, name: `state ${i}` }))
  if (given !== undefined && given.length !== states.length)
    throw wrongWeights(
      layer,
      named.map(state => state.name),
      given.length,
    )
  const values = given ?? states.map(state => zerosArray(state.cell.shape, state.dtype as 'float32'))
  setTogether(layer, named, values as readonly Value[])
}
