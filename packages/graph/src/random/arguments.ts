/**
 * What the methods of a random stream are given: checked, and made tensors of the draw's shape.
 */
import { type DType, isFloat } from '@arignote/loops'
import type { Dim } from '../dim.js'
import { badArgument } from '../errors.js'
import { checkDType, describeGiven } from '../given.js'
import { cast } from '../ops/cast.js'
import { constantFor } from '../ops/constant.js'
import { broadcastTo } from '../ops/shape.js'
import { Variable } from '../variable.js'

/** A parameter of a distribution: one for all elements, or a tensor that broadcasts to the shape. */
export type Parameter = number | Variable

/** The parameter under each element. */
export function under(operation: string, x: Parameter, shape: readonly Dim[], dtype: DType): Variable {
  const value: Variable = x instanceof Variable ? cast(x, dtype) : constantFor(operation, x, dtype)
  return broadcastTo(value, shape)
}

export function checkFloat(operation: string, dtype: DType): void {
  checkDType(operation, dtype)
  if (!isFloat(dtype)) throw badArgument(operation, `${dtype} is not a float`, 'ask for float32 or float64')
}

export function checkOrder(operation: string, low: Parameter, high: Parameter): void {
  if (typeof low === 'number' && typeof high === 'number' && !(low < high))
    throw badArgument(operation, `nothing from ${low} to below ${high}`, 'low must be less than high')
}

export function checkProbability(operation: string, p: Parameter): void {
  if (typeof p === 'number' && !(p >= 0 && p <= 1))
    throw badArgument(operation, `a probability of ${p}`, 'a probability is a number from 0 to 1')
}

export function checkDeviation(operation: string, std: Parameter): void {
  if (typeof std === 'number' && !(std >= 0))
    throw badArgument(operation, `a standard deviation of ${std}`, 'it must not be negative')
}

export function checkSeed(seed: unknown): void {
  if (Number.isSafeInteger(seed)) return
  const what = typeof seed === 'number' ? `a seed of ${seed}` : `${describeGiven(seed).what} is no seed`
  throw badArgument('randomStream', what, 'a seed is a whole number of at most 53 bits')
}

/** The state of a stream that has not been drawn from. */
export function stateOf(seed: number): Int32Array {
  checkSeed(seed)
  return Int32Array.of(seed | 0, Math.floor(seed / 2 ** 32) | 0, 0)
}
