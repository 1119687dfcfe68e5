/**
 * Weights of cells: a table of shapes and first values  →  shared variables, or those that were given, checked.
 */
import {
  checkOptions,
  describeGiven,
  type NdArray,
  ndarrayOf,
  type Shared,
  Shared as SharedClass,
  shared,
} from '@arignote/graph'
import { allocate } from '@arignote/loops'
import type { FloatType } from '../dtype.js'
import type { Initializer } from '../initializers.js'
import { randomSeed, seedsFrom } from '../seeds.js'
import { noParameter, wrongParameter } from './errors.js'

export interface Parameter {
  readonly shape: readonly number[]
  readonly initializer: Initializer
}

/** By name, in the order of `getWeights`. */
export type ParameterTable = Readonly<Record<string, Parameter>>

export interface ParameterOptions<D extends FloatType> {
  readonly name: string
  readonly dtype: D
  readonly seed: number | undefined
  readonly given: Readonly<Record<string, Shared>> | undefined
}

/** What recurrent kernels begin with, where nobody says anything. */
export const defaultRecurrent = 'orthogonal'

/** New shared variables for a table, or the ones that were given. @throws ArgumentError, ShapeError if those do not fit */
export function parametersOf<D extends FloatType>(
  table: ParameterTable,
  { name, dtype, seed, given }: ParameterOptions<D>,
): Readonly<Record<string, Shared<D>>> {
  const names = Object.keys(table)
  if (given !== undefined) {
    checkOptions(name, given, names)
    return Object.fromEntries(
      names.map(key => [key, checked<D>(name, key, given[key], table[key]!, dtype, names)]),
    )
  }
  const nextSeed = seedsFrom(seed ?? randomSeed())
  return Object.fromEntries(
    Object.entries(table).map(([key, { shape, initializer }]) => [
      key,
      shared(initializer.make(shape, { dtype, seed: nextSeed() }), `${name}.${key}`) as Shared<D>,
    ]),
  )
}

function checked<D extends FloatType>(
  cell: string,
  name: string,
  given: Shared | undefined,
  { shape }: Parameter,
  dtype: D,
  names: readonly string[],
): Shared<D> {
  if (given === undefined) throw noParameter(cell, name, names)
  if (!(given instanceof SharedClass))
    throw noParameter(cell, `${name} that is a shared variable, but ${describeGiven(given).what}`, names)
  if (given.dtype !== dtype || given.cell.shape.join() !== shape.join())
    throw wrongParameter(cell, name, given, dtype, shape)
  return given as Shared<D>
}

/** Blocks of columns side by side, each made as a matrix of its own: what Keras does with an identity. */
export function tiledIfIdentity(initializer: Initializer): Initializer {
  if (initializer.class_name !== 'Identity') return initializer
  return {
    ...initializer,
    make: ([rows, columns], context) => {
      const block = initializer.make([rows!, rows!], context)
      const data = allocate(context.dtype, rows! * columns!)
      return filled(data, [rows!, columns!], (i, j) => block.get(i, j % rows!))
    },
  }
}

/** A bias whose second block of so many is ones: the forget gate begins open (Jozefowicz, Zaremba and Sutskever 2015). */
export function withOpenForgetGate(initializer: Initializer, units: number): Initializer {
  return {
    ...initializer,
    make: (shape, context) => {
      const bias = initializer.make(shape, context)
      for (let k = units; k < 2 * units; k++) bias.set(k, 1)
      return bias
    },
  }
}

function filled(
  data: ReturnType<typeof allocate>,
  shape: readonly [number, number],
  value: (i: number, j: number) => number,
): NdArray {
  for (let k = 0; k < data.length; k++) data[k] = value(Math.floor(k / shape[1]), k % shape[1])
  return ndarrayOf(data, shape) as NdArray
}
