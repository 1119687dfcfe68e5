/** An index out of range on its way up: each scan that it passes adds the step it was in. */
import type { Apply } from '@arignote/graph'
import { indexOutOfRange } from '../../errors.js'
import type { Value } from './value.js'

export class IndexFailure extends Error {
  readonly steps: { readonly scan: string; readonly step: number }[] = []

  constructor(
    readonly node: Apply,
    readonly ids: Value,
    /** Among the indices, in C order. */
    readonly at: number,
    readonly size: number,
  ) {
    super('an index is out of range')
  }

  /** The error for the user. */
  toUser(): Error {
    const { node, ids, at, size, steps } = this
    return indexOutOfRange(node, ids.data[at]!, size, { shape: ids.shape, at, steps })
  }
}
