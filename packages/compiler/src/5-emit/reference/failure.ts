/** A node that cannot be computed, on the way up: each scan that it passes adds the trip it was in. */
import type { Apply } from '@arignote/graph'
import { indexOutOfRange, routineFailed } from '../../errors.js'
import { type Passed, type Visit, visitsOf } from '../../visits.js'
import type { Value } from './value.js'

export abstract class Failure extends Error {
  readonly passed: Passed[] = []

  constructor(
    readonly node: Apply,
    message: string,
  ) {
    super(message)
  }

  get steps(): readonly Visit[] {
    return visitsOf(this.passed)
  }

  /** The error for the user. */
  abstract toUser(): Error
}

export class IndexFailure extends Failure {
  constructor(
    node: Apply,
    readonly ids: Value,
    /** Among the indices, in C order. */
    readonly at: number,
    readonly size: number,
  ) {
    super(node, 'an index is out of range')
  }

  toUser(): Error {
    const { node, ids, at, size, steps } = this
    return indexOutOfRange(node, ids.data[at]!, size, { shape: ids.shape, at, steps })
  }
}

/** A run of a routine. */
export class RoutineFailure extends Failure {
  constructor(
    node: Apply,
    /** The shape of the batch, and the position in it in C order. */
    readonly shape: readonly number[],
    readonly at: number,
  ) {
    super(node, 'a routine cannot go on')
  }

  toUser(): Error {
    return routineFailed(this.node, this)
  }
}
