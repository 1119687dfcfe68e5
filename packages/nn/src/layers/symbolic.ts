/**
 * Symbolic tensors of the layer level: which layer made it of which others. A model is what lies between some of them;
 * each of its functions (training, evaluating, predicting) makes a graph of its own by walking these nodes.
 */
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
