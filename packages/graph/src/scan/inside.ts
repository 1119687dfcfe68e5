/**
 * Whether what is being built is the inside of a loop or of a branch: there no size may depend on what is computed.
 */
let depth = 0

/** Does something to a step, or to a body. */
export function insideBody<T>(work: () => T): T {
  depth++
  try {
    return work()
  } finally {
    depth--
  }
}

export const isInsideBody = (): boolean => depth > 0
