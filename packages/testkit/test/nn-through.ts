/** What a layer makes of some arrays: outputs, gradients, and what it wants shared variables to become. */
import { compile } from '@arignote/compiler'
import * as A from '@arignote/graph'
import { input, type Layer, network, runNetwork } from '@arignote/nn'

export type Nested = readonly unknown[]

export function shapeOf(x: unknown): number[] {
  return Array.isArray(x) ? [x.length, ...shapeOf(x[0])] : []
}

interface Options {
  readonly training?: boolean
  /** Of the first input. */
  readonly mask?: Nested | null
  /** One per output: the loss is the sum of outputs times these. */
  readonly cotangents?: readonly Nested[]
}

export interface Through {
  /** All outputs, as nested arrays. */
  readonly outputs: readonly unknown[]
  readonly mask: unknown
  readonly loss: unknown
  /** By the inputs, then by the trained weights. */
  readonly gradients: readonly unknown[]
  readonly updated: readonly unknown[]
}

/** Runs layers one after the other. */
export function through(
  stack: Layer | readonly Layer[],
  xs: readonly Nested[],
  options: Options = {},
): Through {
  const layers = [stack].flat() as readonly Layer[]
  const { training = false, mask = null, cotangents = [] } = options
  const { dtype } = layers[0]!
  const given = xs.map(x => input({ batchShape: shapeOf(x), dtype }))
  let last: readonly unknown[] = given
  for (const layer of layers) last = [layer.apply(last as typeof given)].flat()
  const net = network(given, last as typeof given)
  const variables = xs.map(x => A.tensor('x', { dtype, shape: shapeOf(x).map(() => null) }))
  const updates: A.Variable[] = []
  const flows = variables.map((tensor, i) => ({
    tensor,
    mask: i === 0 && mask !== null ? A.neq(A.constant(mask as A.Value), 0) : null,
  }))
  const outputs = runNetwork(net, flows, {
    training,
    update: (_, value) => updates.push(value),
    penalize: () => {},
  })
  const weights = layers.flatMap(layer => layer.weights.filter(w => w.trainable).map(w => w.variable))
  const terms = cotangents.map((c, i) => A.mul(outputs[i]!.tensor, A.constant(c as A.Value, dtype)).sum())
  const loss = terms.length === 0 ? [] : [terms.reduce((a, b) => a.add(b) as never)]
  const gradients = loss.length === 0 ? [] : A.grad(loss[0]!, [...variables, ...weights])
  const masks = outputs[0]!.mask === null ? [] : [outputs[0]!.mask]
  const f = compile(variables, [...outputs.map(o => o.tensor), ...masks, ...loss, ...gradients, ...updates], {
    onUnusedInput: 'ignore',
  })
  const results = (f(...(xs as readonly A.Value[])) as readonly A.NdArray[]).map(v => A.toNested(v))
  const next = (count: number) => results.splice(0, count)
  return {
    outputs: next(outputs.length),
    mask: next(masks.length)[0] ?? null,
    loss: next(loss.length)[0] ?? null,
    gradients: next(gradients.length),
    updated: results,
  }
}
