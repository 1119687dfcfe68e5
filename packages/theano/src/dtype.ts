/**
 * Theano's dtypes  →  ours. Of integers there are uint8 and int32: narrower ones are int32, and so is int64, whose values
 * are refused beyond 2³¹, never cut off. float16, complex and wider unsigned numbers there are not.
 */
import { badArgument } from '@arignote/graph'
import type { DType } from '@arignote/loops'
import { config, type FloatX } from './config.js'
import { argumentOf, type Keyword } from './keywords.js'

/** Each name that Theano has and we can mean, and what it is here. */
export interface DTypes {
  readonly floatX: FloatX
  readonly float32: 'float32'
  readonly float64: 'float64'
  readonly int8: 'int32'
  readonly int16: 'int32'
  readonly int32: 'int32'
  readonly int64: 'int32'
  readonly uint8: 'uint8'
  readonly uint16: 'int32'
  readonly bool: 'bool'
}

export type DTypeName = keyof DTypes
/** What is meant where no dtype is given. */
export type Named<N> = N extends DTypeName ? DTypes[N] : FloatX

const ours: Readonly<Record<Exclude<DTypeName, 'floatX'>, DType>> = {
  float32: 'float32',
  float64: 'float64',
  int8: 'int32',
  int16: 'int32',
  int32: 'int32',
  int64: 'int32',
  uint8: 'uint8',
  uint16: 'int32',
  bool: 'bool',
}

/** A dtype in its place, or as a keyword. */
export type DTypeArgument<N extends DTypeName = DTypeName> = Keyword<'dtype', N>

/** @throws ArgumentError for a dtype that there is not */
export function dtypeOf<N extends DTypeName = 'floatX'>(
  argument: DTypeArgument<N> | null | undefined,
  operation: string,
): Named<N> {
  const given: string = argumentOf<'dtype', string>(operation, 'dtype', argument) ?? 'floatX'
  if (given === 'floatX') return config.floatX as Named<N>
  if (Object.hasOwn(ours, given)) return ours[given as keyof typeof ours] as Named<N>
  throw badArgument(
    operation,
    `there is no dtype ${JSON.stringify(given)} here`,
    `there are ${Object.keys(ours).join(', ')} and floatX; integers but uint8 are int32`,
  )
}
