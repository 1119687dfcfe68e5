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
  /** Every layer once, in Keras's order; inputs among them. */
  readonly layers: readonly Layer[]
}

/** @throws GraphError if an output needs an input that is not in the list */
export function network(inputs: readonly SymbolicTensor[], outputs: readonly SymbolicTensor[]): Network {
  const { order, visited } = nodesInOrder(inputs, outputs)
  return {
    inputs,
    outputs,
    nodes: order,
    layers: layersByDepth(order, visited, new Set(inputs.map(x => x.node))),
  }
}

function nodesInOrder(
  inputs: readonly SymbolicTensor[],
  outputs: readonly SymbolicTensor[],
): { readonly order: readonly LayerNode[]; readonly visited: readonly LayerNode[] } {
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
  return { order, visited: [...seen] }
}

/**
 * Layers as Keras lists them, and so their weights: by their greatest distance from an output, the farthest first; of equal
 * ones, what one comes to first from the outputs.
 */
function layersByDepth(
  order: readonly LayerNode[],
  visited: readonly LayerNode[],
  inputs: ReadonlySet<LayerNode>,
): readonly Layer[] {
  const ofNodes = new Map<LayerNode, number>()
  const depths = new Map<Layer, number>()
  for (const node of [...order].reverse()) {
    const depth = Math.max(ofNodes.get(node) ?? 0, depths.get(node.layer) ?? 0)
    depths.set(node.layer, depth)
    if (inputs.has(node)) continue
    for (const x of node.inputs) ofNodes.set(x.node, Math.max(depth + 1, ofNodes.get(x.node) ?? 0))
  }
  const layers = [...new Set(visited.map(node => node.layer))]
  return layers.sort((a, b) => depths.get(b)! - depths.get(a)!)
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
