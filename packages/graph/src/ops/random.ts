/**
 * The ops of random numbers: elementwise, so they fuse with what uses them and need no memory of their own. What they
 * compute is said in `random.ts` of the loops package; what they are asked to compute, in `random/`.
 */
import {
  belowOf,
  type DType,
  exponentialOf,
  normalOf,
  type Scalar,
  threefry2x32,
  uniformOf,
  wordsOf,
} from '@arignote/loops'
import type { Dim } from '../dim.js'
import type { Op } from '../op.js'
import { apply1, type Variable } from '../variable.js'
import { broadcast } from './builders.js'
import { commonShape, entry } from './entry.js'

const positionOp: Op<{ readonly shape: readonly Dim[] }> = {
  name: 'position',
  family: { kind: 'source', at: ([position]) => position!, flat: true },
  infer: (_, { shape }) => ({ outputs: [{ dtype: 'int32', shape }] }),
  grad: () => [],
}

/** Each element is its own position in C order. */
export const position = entry(
  positionOp,
  (shape: readonly Dim[]): Variable => apply1(positionOp, [], { shape }),
)

/** Elementwise, and without a derivative. */
function discrete<P>(
  name: string,
  body: (args: readonly Scalar[], params: P) => Scalar,
  dtype: (params: P) => DType,
): Op<P> {
  return {
    name,
    family: { kind: 'map', body },
    infer: (types, params, variables) => {
      const { shape, requires } = commonShape(name, types, variables)
      return { outputs: [{ dtype: dtype(params), shape }], requires }
    },
    grad: ({ inputs }) => inputs.map(() => null),
  }
}

const threefryOp = discrete<{ readonly word: 0 | 1 }>(
  'threefry',
  ([c0, c1, k0, k1], { word }) => threefry2x32([k0!, k1!], [c0!, c1!])[word],
  () => 'int32',
)

/** Two int32 tensors or scalars. */
export type Pair = readonly [Variable, Variable]

/** The two words that the generator makes of a counter under a key, each computed only if it is used. */
export function threefry(key: Pair, counter: Pair): Pair {
  const inputs = broadcast('threefry', [...counter, ...key])
  return [apply1(threefryOp, inputs, { word: 0 }), apply1(threefryOp, inputs, { word: 1 })]
}

export type FloatType = 'float32' | 'float64'
export type Distribution = keyof typeof wordsOf

interface Kind {
  readonly distribution: Distribution
  readonly dtype: FloatType
}

const bodies = { uniform: uniformOf, normal: normalOf, exponential: exponentialOf }

const distributedOp = discrete<Kind>(
  'distributed',
  (words, { distribution, dtype }) => bodies[distribution](words, dtype),
  ({ dtype }) => dtype,
)

/** How many words `distributed` takes. */
export const wordCount = ({ distribution, dtype }: Kind): number => wordsOf[distribution][dtype]

/** Random words as numbers: uniform from 0 to 1, or normal of variance 1, or exponential of mean 1. */
export const distributed = entry(
  distributedOp,
  (words: readonly Variable[], kind: Kind): Variable => apply1(distributedOp, words, kind),
)

const belowOp = discrete<null>(
  'below',
  ([a, b, range]) => belowOf([a!, b!], range!),
  () => 'int32',
)

/** Two words as an integer from 0 to below the range, which counts as unsigned. */
export const below = entry(
  belowOp,
  (words: Pair, range: Variable): Variable => apply1(belowOp, broadcast('below', [...words, range]), null),
)
