/**
 * A Sequential of Keras 1.x may begin with a Merge of several others: branches that meet. In 2.x that is a Model, whose
 * layers are those of the branches, in turn, then the Merge, then the rest – the order in which 1.x stored weights too.
 */
import type { Json, JsonRecord, Serialized } from '../json.js'
import { notAConfig } from './errors.js'

interface Entry extends Serialized {
  readonly name: string
  readonly inbound_nodes: readonly Json[]
}

const place = (name: string): Json => [name, 0, 0]

/** @param listOf the layers of a Sequential */
export function mergesToLayers(
  [merge, ...rest]: readonly Serialized[],
  listOf: (config: unknown) => readonly Serialized[] | null,
): Serialized {
  const branches = (merge!.config.layers ?? []) as unknown as readonly Serialized[]
  const entries: Entry[] = []
  const inputs: string[] = []
  const add = ({ class_name, config }: Serialized, before: readonly string[]): string => {
    const name = String(config.name)
    const inbound_nodes = before.length === 0 ? [] : [before.map(place)]
    entries.push({ class_name, config, name, inbound_nodes })
    return name
  }
  const ends = branches.map((branch, i) => {
    const list = listOf(branch.config)
    const [first] = list ?? []
    const shape = first?.config.batch_input_shape
    if (!Array.isArray(shape))
      throw notAConfig(
        'modelFromJSON',
        `branch ${i} of a Merge does not tell its input`,
        'a Sequential whose first layer has batch_input_shape',
      )
    const dtype = first!.config.input_dtype ?? (first!.class_name === 'Embedding' ? 'int32' : 'float32')
    let last = add(
      {
        class_name: 'InputLayer',
        config: {
          name: `${String(first!.config.name)}_input`,
          batch_input_shape: shape,
          dtype,
        } as JsonRecord,
      },
      [],
    )
    inputs.push(last)
    for (const layer of list!) last = add(layer, [last])
    return last
  })
  let last = add(merge!, ends)
  for (const layer of rest) last = add(layer, [last])
  const config = {
    layers: entries as unknown as Json,
    input_layers: inputs.map(place),
    output_layers: [place(last)],
  }
  return { class_name: 'Model', config }
}
