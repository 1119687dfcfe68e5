/**
 * The classes of errors, in a package of their own: what runs without the graph (`@arignote/load`) throws the same ones.
 */

/** Every error that a user can cause. */
export class ArignoteError extends Error {
  override readonly name: string = 'ArignoteError'
  constructor(
    /** Stable: `E012`. */
    readonly code: string,
    message: string,
  ) {
    super(message)
  }
}

/** An element type that the operation does not take. */
export class DTypeError extends ArignoteError {
  override readonly name = 'DTypeError'
}

/** Sizes or ranks that do not fit. */
export class ShapeError extends ArignoteError {
  override readonly name = 'ShapeError'
}

/** A graph that does not make sense as a whole. */
export class GraphError extends ArignoteError {
  override readonly name = 'GraphError'
}

/** A NaN or an infinity where none is allowed. */
export class NumericError extends ArignoteError {
  override readonly name = 'NumericError'
}

/** An argument that is not what the function takes. */
export class ArgumentError extends ArignoteError {
  override readonly name = 'ArgumentError'
}
