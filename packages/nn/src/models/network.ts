/**
 * Networks: what lies between some symbolic tensors and others, walked in order to make a graph.
 */
import type { Variable } from '@arignote/graph'
import type { CallContext, Flow } from '../layers/kind.js'
import type { Layer } from '../layers/layer.js'
import type { LayerNode, SymbolicTensor } from '../layers/symbolic.js'
import { disconnectedInput } from './errors.js'

export interface Network {
  readonly inputs: readonly SymbolicTensor[]
  readonly outputs: readonly SymbolicTensor[]
  /** Every use of a layer, those whose outputs are needed first. */
  readonly nodes: readonly LayerNode[]
  /** Every layer once, in the order of its first use; inputs among them. */
  readonly layers: readonly Layer[]
}

/** @throws GraphError if an output needs an input that is not in the list */
export function network(inputs: readonly SymbolicTensor[], outputs: readonly SymbolicTensor[]): Network {
  const nodes = nodesInOrder(inputs, outputs)
  return { inputs, outputs, nodes, layers: [...new Set(nodes.map(node => node.layer))] }
}

function nodesInOrder(
  inputs: readonly SymbolicTensor[],
  outputs: readonly SymbolicTensor[],
): readonly LayerNode[] {
  const given = new Set(inputs.map(x => x.node))
  const order: LayerNode[] = []
  const seen = new Set<LayerNode>()
  const stack: { readonly node: LayerNode; readonly ready: boolean }[] = []
  for (const { node } of [...outputs].reverse()) stack.push({ node, ready: false })
  for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
    const { node, ready } = top
    if (ready) {
      order.push(node)
      continue
    }
    if (seen.has(node)) continue
    seen.add(node)
    if (node.inputs.length === 0 && !given.has(node)) throw disconnectedInput(node.layer.name)
    stack.push({ node, ready: true })
    if (!given.has(node))
      for (const x of [...node.inputs].reverse()) stack.push({ node: x.node, ready: false })
  }
  return order
}

/** The outputs for these inputs, as a graph. */
export function runNetwork(
  { inputs, outputs, nodes }: Network,
  flows: readonly Flow[],
  context: CallContext,
): readonly Flow[] {
  const known = new Map<SymbolicTensor, Flow>(inputs.map((x, i) => [x, flows[i]!]))
  for (const node of nodes) {
    if (node.outputs.every(x => known.has(x))) continue
    const given = node.inputs.map(x => known.get(x)!)
    for (const [i, flow] of node.layer.call(given, context).entries()) known.set(node.outputs[i]!, flow)
  }
  return outputs.map(x => known.get(x)!)
}

/** A tensor of which every step counts. */
export const unmasked = (tensor: Variable): Flow => ({ tensor, mask: null })
