/**
 * Symbolic tensors of the layer level: which layer made it of which others. A model is what lies between some of them;
 * each of its functions (training, evaluating, predicting) makes a graph of its own by walking these nodes.
 */
import { badArgument, describeGiven } from '@arignote/graph'
import type { DType } from '@arignote/loops'
import type { Shape } from './kind.js'
import type { Layer } from './layer.js'

/** One use of a layer. */
export interface LayerNode {
  readonly layer: Layer
  readonly inputs: readonly SymbolicTensor[]
  readonly outputs: readonly SymbolicTensor[]
  /** Which use of the layer it is, from 0 on. */
  readonly index: number
}

export class SymbolicTensor {
  constructor(
    /** With the batch's size first. */
    readonly shape: Shape,
    readonly dtype: DType,
    readonly node: LayerNode,
    /** Which output of the node it is. */
    readonly index: number,
  ) {}
}

/** A list of them. @throws ArgumentError with what is said of the first thing that is none */
export function checkSymbolic(
  operation: string,
  problem: string,
  given: readonly unknown[],
): asserts given is readonly SymbolicTensor[] {
  const bad = given.findIndex(x => !(x instanceof SymbolicTensor))
  if (bad >= 0)
    throw badArgument(
      operation,
      `${problem} ${describeGiven(given[bad]).what}`,
      'input({ shape }) makes a tensor that layers can be applied to, and layer.apply another one',
    )
}
