/** Options that all cells of ours have, checked. */
import { badArgument, checkDType, checkOptions, describeGiven, type Shared } from '@arignote/graph'
import type { ActivationLike } from '../activations.js'
import type { FloatType } from '../dtype.js'
import type { InitializerLike } from '../initializers.js'

export interface CellOptions<D extends FloatType = FloatType> {
  /** How many numbers the cell sees at each step. */
  readonly inputSize: number
  /** How many numbers its state has. */
  readonly units: number
  /** Of what goes into the state; default tanh. */
  readonly activation?: ActivationLike | null
  /** Default true. */
  readonly useBias?: boolean
  /** Default glorotUniform. */
  readonly kernelInitializer?: InitializerLike
  /** Of the whole matrix, all gates at once; default orthogonal. */
  readonly recurrentInitializer?: InitializerLike
  /** Default zeros. */
  readonly biasInitializer?: InitializerLike
  /** The same seed gives the same weights. */
  readonly seed?: number
  /** Default float32. */
  readonly dtype?: D
  readonly name?: string
  /** Shared variables to use in place of new ones. */
  readonly params?: Readonly<Record<string, Shared>>
}

export interface GateOptions<D extends FloatType = FloatType> extends CellOptions<D> {
  /** Of the gates; default sigmoid. */
  readonly recurrentActivation?: ActivationLike | null
  /** 2 (the default): one dropout mask for all gates; 1: a mask for each. */
  readonly implementation?: 1 | 2
}

const common = [
  'inputSize',
  'units',
  'activation',
  'useBias',
  'kernelInitializer',
  'recurrentInitializer',
  'biasInitializer',
  'seed',
  'dtype',
  'name',
  'params',
]

/** The options of a cell, and those of every cell with their defaults. @throws ArgumentError for what is none */
export function checkCell<D extends FloatType>(
  operation: string,
  options: CellOptions<D>,
  own: readonly string[],
): { readonly inputSize: number; readonly units: number; readonly dtype: D; readonly name: string } {
  checkOptions(operation, options ?? null, [...common, ...own])
  const { inputSize, units, dtype = 'float32' as D, name = operation.replace('Cell', ''), seed } = options
  for (const [what, size] of [
    ['inputSize', inputSize],
    ['units', units],
  ] as const)
    if (!Number.isInteger(size) || size < 1)
      throw badArgument(
        operation,
        size === undefined ? `no ${what}` : `${what} is ${describeGiven(size).what}`,
        `it must have one, an integer from 1 on: { ${what}: 128 }`,
      )
  checkDType(operation, dtype)
  if (dtype !== 'float32' && dtype !== 'float64')
    throw badArgument(operation, `a cell of ${dtype}`, 'its dtype is float32 or float64')
  if (seed !== undefined && !Number.isInteger(seed))
    throw badArgument(operation, `seed is ${describeGiven(seed).what}`, 'a seed is an integer')
  return { inputSize, units, dtype, name }
}

/** 1 or 2. */
export function checkImplementation(operation: string, given: unknown): 1 | 2 {
  if (given === undefined || given === 1 || given === 2) return given ?? 2
  throw badArgument(
    operation,
    `implementation is ${describeGiven(given).what}`,
    '1: a dropout mask for each gate; 2: one for all',
  )
}

/** True or false. */
export function checkFlag(operation: string, name: string, given: unknown, byDefault: boolean): boolean {
  if (given === undefined) return byDefault
  if (typeof given === 'boolean') return given
  throw badArgument(operation, `${name} is ${describeGiven(given).what}`, `${name} is true or false`)
}
