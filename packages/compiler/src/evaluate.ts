/**
 * Evaluate: the value of an expression at once, for trying things out. Compiled once per expression, and remembered with it.
 */
import type { Value, Variable } from '@arignote/graph'
import { type CompiledFunction, compile, type Results } from './compile.js'
import { type Pairs, pairsOf } from './signature.js'

interface Known {
  readonly inputs: readonly Variable[]
  readonly f: CompiledFunction
}

const known = new WeakMap<Variable, Known>()

/**
 * What a variable is for these values of its inputs: `evaluate(x.add(1), [[x, 2]])`. Theano's `eval`. In a program that does
 * it often, `compile` once.
 * @throws GraphError, ArgumentError as `compile` and a call do
 */
export function evaluate<V extends Variable>(variable: V, values: Pairs<Variable, Value> = []): Results<V> {
  const pairs = pairsOf('evaluate', 'the values', values)
  const inputs = pairs.map(([v]) => v)
  const before = known.get(variable)
  const isSame = before?.inputs.length === inputs.length && inputs.every((v, i) => v === before.inputs[i])
  const f = isSame ? before!.f : compile(inputs, variable as Variable, { name: 'evaluate' })
  if (!isSame) known.set(variable, { inputs, f: f as unknown as CompiledFunction })
  return (f as (...args: readonly Value[]) => unknown)(...pairs.map(([, value]) => value)) as Results<V>
}
