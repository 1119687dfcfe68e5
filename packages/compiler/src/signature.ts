/**
 * Signature: what the user asked `compile` for  →  inputs, results and updates that make sense together.
 *
 * Everything that can be wrong before sizes are known is refused here, judged on the graph as the user wrote it.
 */
import {
  cast,
  constant,
  describeGiven,
  differentDim,
  equalDim,
  Shared,
  substitute,
  type Value,
  Variable,
} from '@arignote/graph'
import { promote } from '@arignote/loops'
import {
  duplicateGiven,
  duplicateInput,
  duplicateUpdate,
  givenType,
  notAList,
  notAnInput,
  notAVariable,
  unlistedInput,
  unusedInput,
  unusedInputText,
  updateDType,
  updateNotShared,
  updateShape,
} from './errors.js'
import { asSymbol, type Required, type SizeRules, sizeRules, sizesIn, variablesOf } from './sizes.js'

export type Pairs<K, V> = readonly (readonly [K, V])[] | ReadonlyMap<K, V>

export interface SignatureOptions {
  readonly name: string
  readonly updates: Pairs<Shared, Variable | Value>
  readonly givens: Pairs<Variable, Variable | Value>
  readonly onUnusedInput: 'raise' | 'warn' | 'ignore'
}

export interface Signature {
  readonly name: string
  readonly inputs: readonly Variable[]
  /** Every shared variable that is read or updated. */
  readonly shared: readonly Shared[]
  /** Outputs, then new values. */
  readonly results: readonly Variable[]
  readonly updates: readonly Shared[]
  readonly sizes: SizeRules
}

/**
 * @throws GraphError for inputs that are no inputs, repeated, unused or not listed, and for updates of what is not shared
 * @throws DTypeError, ShapeError for updates and givens of another type
 */
export function signatureOf(
  inputs: readonly Variable[],
  outputs: readonly Variable[],
  options: SignatureOptions,
): Signature {
  const { name } = options
  checkInputs(name, inputs)
  for (const [i, v] of outputs.entries()) requireVariable(name, v, `output ${i}`, 'an output is a variable')
  const pairs = pairsOf(name, 'the updates', options.updates)
  const updates = pairs.map(([target]) => target)
  const givens = givensOf(name, pairsOf(name, 'the givens', options.givens))
  const values = pairs.map(([target, value]) => newValue(name, target, value, givens.map))
  checkRepeated(name, updates)
  const results = [...substitute(outputs, givens.map), ...values.map(v => v.value)]

  const use = sizesIn(results, givens.map)
  const free = variablesOf(results, use)
  const more = defaultUpdates(free, updates)
  if (more.length > 0) return signatureOf(inputs, outputs, { ...options, updates: [...pairs, ...more] })
  for (const v of free) {
    if (v instanceof Shared || inputs.includes(v)) continue
    throw unlistedInput(name, v, whoDependsOn(v, outputs.length, results, updates))
  }
  const shared = [...new Set([...free.filter(v => v instanceof Shared), ...updates])]
  const sizes = sizeRules(inputs, shared, use, [...givens.required, ...values.flatMap(v => v.required)])
  if (options.onUnusedInput !== 'ignore') {
    inputs.forEach((v, i) => {
      if (
        free.includes(v) ||
        bindsAlone(v, [...inputs.filter(x => free.includes(x)), ...shared], use.symbols)
      )
        return
      if (options.onUnusedInput === 'raise') throw unusedInput(name, v, i)
      console.warn(unusedInputText(name, v, i))
    })
  }
  return { name, inputs, shared, results, updates, sizes }
}

/** A list of pairs or a Map, as pairs; one pair without the list around it is a common slip. */
export function pairsOf<K, V>(name: string, which: string, given: Pairs<K, V>): readonly (readonly [K, V])[] {
  const list: readonly unknown[] = given instanceof Map ? [...given] : Array.isArray(given) ? given : [given]
  if (list.some(pair => !Array.isArray(pair) || pair.length !== 2))
    throw notAList(name, which, describeGiven(given))
  return list as readonly (readonly [K, V])[]
}

function checkInputs(name: string, inputs: readonly Variable[]): void {
  inputs.forEach((v, i) => {
    requireVariable(name, v, `input ${i}`, 'inputs are variables such as matrix("x")')
    if (v instanceof Shared)
      throw notAnInput(name, v, i, 'it is shared: its value is read without being passed')
    if (v.owner !== null) {
      throw notAnInput(
        name,
        v,
        i,
        'it is computed from other variables; to put a value in its place use `givens`',
      )
    }
    const first = inputs.indexOf(v)
    if (first !== i) throw duplicateInput(name, v, first, i)
  })
}

function requireVariable(name: string, v: unknown, where: string, hint: string): void {
  if (!(v instanceof Variable)) throw notAVariable(name, where, describeGiven(v), hint)
}

/** The updates that shared variables which are read bring along, unless they have one. */
function defaultUpdates(
  read: readonly Variable[],
  updates: readonly Shared[],
): readonly (readonly [Shared, Variable])[] {
  return read.flatMap(v =>
    v instanceof Shared && v.defaultUpdate !== null && !updates.includes(v)
      ? [[v, v.defaultUpdate] as const]
      : [],
  )
}

function checkRepeated(name: string, updates: readonly Shared[]): void {
  updates.forEach((v, i) => {
    if (updates.indexOf(v) !== i) throw duplicateUpdate(name, v)
  })
}

/** A value for `target`: a variable, or a host value of the target's dtype. */
const asVariable = (value: Variable | Value, target: Variable): Variable =>
  value instanceof Variable ? value : constant(value, target.dtype)

/** Rows where two shapes must agree, as requirements where it cannot be told now; null where they do not. */
function agreement(target: Variable, value: Variable, rule: string): readonly Required[] | null {
  if (target.ndim !== value.ndim) return null
  const required: Required[] = []
  for (const [axis, left] of target.shape.entries()) {
    const right = value.shape[axis]!
    if (differentDim(left, right)) return null
    if (!equalDim(left, right))
      required.push({ node: null, requirement: { left, relation: 'equal', right, rule } })
  }
  return required
}

function givensOf(name: string, pairs: readonly (readonly [Variable, Variable | Value])[]) {
  const map = new Map<Variable, Variable>()
  const required: Required[] = []
  for (const [v, by] of pairs) {
    requireVariable(name, v, 'what a given replaces', 'a given is a pair [variable, its replacement]')
    if (map.has(v)) throw duplicateGiven(name, v)
    const value = asVariable(by, v)
    const rows = agreement(v, value, `the given for ${v.name ?? 'a variable'} must have its shape`)
    if (rows === null || promote(value.dtype, v.dtype) !== v.dtype) throw givenType(name, v, value)
    required.push(...rows)
    map.set(v, value.dtype === v.dtype ? value : cast(value, v.dtype))
  }
  return { map, required }
}

function newValue(
  name: string,
  target: Shared,
  value: Variable | Value,
  givens: ReadonlyMap<Variable, Variable>,
): { readonly value: Variable; readonly required: readonly Required[] } {
  if (!(target instanceof Shared)) throw updateNotShared(name, target)
  const [given] = substitute([asVariable(value, target)], givens)
  if (promote(given!.dtype, target.dtype) !== target.dtype) throw updateDType(name, target, given!)
  const rows = agreement(
    target,
    given!,
    `the new value of ${target.name ?? 'a shared variable'} must have its shape`,
  )
  if (rows === null && given!.ndim !== target.ndim) throw updateShape(name, target, given!)
  const unknown = target.shape.some(dim => asSymbol(dim) !== null)
  if (rows === null && !unknown) throw updateShape(name, target, given!)
  return {
    value: given!.dtype === target.dtype ? given! : cast(given!, target.dtype),
    required: unknown ? [] : (rows ?? []),
  }
}

/** A variable that is used for its sizes only: it has a size that is needed and that no other variable tells. */
function bindsAlone(
  v: Variable,
  others: readonly Variable[],
  needed: ReadonlyMap<unknown, unknown>,
): boolean {
  return v.shape.some(dim => {
    const symbol = asSymbol(dim)
    if (symbol === null || !needed.has(symbol)) return false
    return !others.some(other => other.shape.some(d => asSymbol(d) === symbol))
  })
}

function whoDependsOn(
  v: Variable,
  outputs: number,
  results: readonly Variable[],
  updates: readonly Shared[],
): string {
  const at = results.findIndex(result => variablesOf([result], sizesIn([result], new Map())).includes(v))
  if (at < 0) return 'a size'
  return at < outputs
    ? `output ${at}`
    : `the new value of ${updates[at - outputs]!.name ?? 'a shared variable'}`
}
