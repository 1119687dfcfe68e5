/**
 * Every layer there is: `layers.lstm({ units: 128 })`. A new kind is one more row.
 */
import { snakeCase } from '../names.js'
import { dense } from './dense.js'
import { inputLayer } from './input.js'
import type { LayerKind } from './kind.js'
import { Layer, type LayerOptions } from './layer.js'
import type { OptionTable } from './option.js'

/** Options may be left out where none is required. */
type Given<O> = Record<never, never> extends O ? [options?: O] : [options: O]

const maker =
  <T extends OptionTable>(kind: LayerKind<T>) =>
  (...given: Given<LayerOptions<T>>): Layer<T> =>
    new Layer(kind, (given[0] ?? {}) as LayerOptions<T>)

export const layers = {
  /** act(x · kernel + bias), over the last axis. */
  dense: maker(dense),
}

const kinds: readonly LayerKind[] = [inputLayer, dense]

/** The kinds by Keras's name of the class, for reading configurations. */
export const kindsByClass: ReadonlyMap<string, LayerKind> = new Map(
  kinds.map(kind => [snakeCase(kind.className), kind]),
)
