/** The table that `model.summary()` prints, to the letter as Keras 2.3 does. */
import { printShape } from '../layers/errors.js'
import type { LayerNode } from '../layers/symbolic.js'
import { sizeOf } from '../size.js'
import type { Model } from './model.js'

export interface SummaryOptions {
  /** Characters in a line; default 65, or 98 where layers are connected otherwise than in turn. */
  readonly lineLength?: number
  /** Where columns end, as shares of the line. */
  readonly positions?: readonly number[]
}

export function summaryOf(model: Model, options: SummaryOptions = {}): readonly string[] {
  const { nodes } = model.network
  const inTurn = isChain(nodes)
  const width = options.lineLength ?? (inTurn ? 65 : 98)
  const shares = options.positions ?? (inTurn ? [0.45, 0.85, 1] : [0.33, 0.55, 0.67, 1])
  const ends = shares.map(share => Math.floor(share <= 1 ? width * share : share))
  const line = (fields: readonly string[]) => rowOf(fields, ends)
  const header = ['Layer (type)', 'Output Shape', 'Param #', 'Connected to']
  const rows = model.layers.map(layer => {
    const own = nodes.filter(node => node.layer === layer)
    const shapes = own[0]!.outputs.map(x => printShape(x.shape))
    const output = own.length > 1 ? 'multiple' : shapes.length === 1 ? shapes[0]! : `[${shapes.join(', ')}]`
    const fields = [`${layer.name} (${layer.kind.className})`, output, String(layer.countParams())]
    return inTurn
      ? [line(fields)]
      : connected(own).map((name, i) => line(i === 0 ? [...fields, name] : ['', '', '', name]))
  })
  const counts = { trained: 0, fixed: 0 }
  for (const { variable, trainable } of new Map(model.weights.map(w => [w.variable, w])).values())
    counts[trainable ? 'trained' : 'fixed'] += sizeOf(variable.cell.shape)
  return [
    `Model: "${model.name}"`,
    '_'.repeat(width),
    line(inTurn ? header.slice(0, 3) : header),
    '='.repeat(width),
    ...rows.flatMap((lines, i) => [...lines, (i === rows.length - 1 ? '=' : '_').repeat(width)]),
    `Total params: ${thousands(counts.trained + counts.fixed)}`,
    `Trainable params: ${thousands(counts.trained)}`,
    `Non-trainable params: ${thousands(counts.fixed)}`,
    '_'.repeat(width),
  ]
}

/** Whether every layer has one input and is used once, by the next. */
function isChain(nodes: readonly LayerNode[]): boolean {
  const uses = new Map<unknown, number>()
  for (const node of nodes) {
    uses.set(node.layer, (uses.get(node.layer) ?? 0) + 1)
    for (const x of node.inputs) uses.set(x, (uses.get(x) ?? 0) + 1)
  }
  return nodes.every(node => node.inputs.length <= 1) && [...uses.values()].every(count => count === 1)
}

/** `lstm_1[0][0]` for every input of every use. */
function connected(nodes: readonly LayerNode[]): readonly string[] {
  const names = nodes.flatMap(node =>
    node.inputs.map(x => `${x.node.layer.name}[${x.node.index}][${x.index}]`),
  )
  return names.length === 0 ? [''] : names
}

/** Cut and filled to the end of its column; the last character of a column is a space. */
function rowOf(fields: readonly string[], ends: readonly number[]): string {
  return fields.reduce(
    (line, field, i) =>
      `${i === 0 ? '' : `${line.slice(0, -1)} `}${field}`.slice(0, ends[i]!).padEnd(ends[i]!),
    '',
  )
}

const thousands = (n: number) => n.toString().replace(/\B(?=(\d{3})+(?!\d))/g, ',')
