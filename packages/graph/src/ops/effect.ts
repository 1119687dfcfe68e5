/**
 * Effects: a value as it is, and something that happens when it is computed.
 *
 * Each call has a key of its own, so that equal ones are not merged; while its value is used, nothing removes it.
 */
import type { DType } from '@arignote/loops'
import { badArgument } from '../errors.js'
import type { Op } from '../op.js'
import type { TensorLike } from '../static.js'
import { substitute, topologicalOrder } from '../traverse.js'
import { apply1, type Rank, type Tensor, Variable } from '../variable.js'
import { asTensor } from './builders.js'
import { cast } from './cast.js'
import { entry } from './entry.js'
import { all } from './reduce.js'

export interface EffectParams {
  readonly key: number
  /** The label, or the message. */
  readonly text: string | null
}

let keys = 0

function effectOp(name: 'print' | 'assert'): Op<EffectParams> {
  return {
    name,
    family: { kind: 'effect', effect: name },
    infer: ([x]) => ({ outputs: [x!] }),
    grad: ({ inputs, cotangents: [g] }) => inputs.map((_, i) => (i === 0 ? g! : null)),
  }
}

const printOp = effectOp('print')
const assertOp = effectOp('assert')

/**
 * x, whose value is printed whenever it is computed: in a scan at every step. Where it is written to, `onPrint` of
 * `compile` decides. (Theano: `Print`.)
 */
export const print = entry(
  printOp,
  <D extends DType, R extends Rank>(x: Tensor<D, R>, label?: string): Tensor<D, R> =>
    apply1(printOp, [variable('print', x)], { key: keys++, text: label ?? null }) as Tensor<D, R>,
)

/**
 * x, if the condition holds for all its elements; else the call throws a NumericError with the message, and no shared
 * variable changes. (Theano: `Assert`.)
 */
export const assert = entry(
  assertOp,
  <D extends DType, R extends Rank>(
    x: Tensor<D, R>,
    condition: TensorLike,
    message: string,
  ): Tensor<D, R> => {
    if (typeof message !== 'string')
      throw badArgument('assert', 'there is no message', 'assert(x, condition, message) says what must hold')
    const holds = cast(asTensor(condition, 'assert'), 'bool')
    const inputs = [variable('assert', x), holds.ndim === 0 ? holds : all(holds)]
    return apply1(assertOp, inputs, { key: keys++, text: message }) as Tensor<D, R>
  },
)

function variable(operation: string, x: unknown): Variable {
  if (x instanceof Variable) return x
  throw badArgument(operation, 'the first argument is not a tensor', 'constant(value) makes one of a value')
}

/** The same values without anything happening: for those who compute again what was computed before. */
export function withoutEffects(results: readonly Variable[]): readonly Variable[] {
  const plain = new Map<Variable, Variable>()
  for (const { op, inputs, outputs } of topologicalOrder(results)) {
    if (op.family.kind === 'effect') plain.set(outputs[0]!, plain.get(inputs[0]!) ?? inputs[0]!)
  }
  return plain.size === 0 ? results : settled(results, plain)
}

/** An effect's input may have effects in turn, so it goes on until nothing changes. */
function settled(results: readonly Variable[], plain: ReadonlyMap<Variable, Variable>): readonly Variable[] {
  return withoutEffects(substitute(results, plain))
}
