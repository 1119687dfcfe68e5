/**
 * Given: what a user gave where something else was wanted, in words, and what to do about it where that can be guessed.
 */
import { dtypeInfo } from '@arignote/loops'
import { badArgument, notSymbolic, unknownName } from './argument-errors.js'
import { DimExpr } from './dim.js'
import { Variable } from './variable.js'

export interface Given {
  /** `a list`, `the number 3`, `what scan gives for a state`. */
  readonly what: string
  /** A sentence for the message; null where there is nothing to guess. */
  readonly hint: string | null
}

const getterOf = (x: object, name: string) => Object.getOwnPropertyDescriptor(x, name)?.get

/** What scan gives for a state or an output: histories have these two, computed when asked for. */
const isHistory = (x: object) => getterOf(x, 'all') !== undefined && getterOf(x, 'last') !== undefined

const isCompiled = (x: object) => typeof x === 'function' && 'graph' in x && 'kernels' in x

/** In words, for a message. */
export function describeGiven(x: unknown): Given {
  if (x === undefined) return { what: 'undefined', hint: null }
  if (x === null) return { what: 'null', hint: null }
  if (typeof x === 'string') return { what: `the string ${JSON.stringify(x)}`, hint: null }
  if (typeof x !== 'object' && typeof x !== 'function')
    return { what: `the ${typeof x} ${String(x)}`, hint: makesOne }
  if (x instanceof Variable) return { what: 'a symbolic variable', hint: null }
  if (x instanceof DimExpr)
    return { what: `the symbolic size ${x}`, hint: 'dim(x, axis) is a size as a tensor' }
  if (isHistory(x)) return { what: 'what scan gives for a state or an output', hint: takeOne }
  if (isCompiled(x)) return { what: 'a compiled function', hint: 'call it to get values' }
  if (typeof x === 'function') return { what: 'a function', hint: null }
  if (Array.isArray(x))
    return { what: 'a list', hint: x.some(y => y instanceof Variable) ? stacked : makesOne }
  if (ArrayBuffer.isView(x) || ('data' in x && 'stride' in x)) return { what: 'an array', hint: makesOne }
  const name = Object.getPrototypeOf(x)?.constructor?.name
  const isPlain = name === undefined || name === 'Object'
  return { what: isPlain ? 'an object' : `an object of the class ${name}`, hint: null }
}

const makesOne = 'constant(value) makes a symbolic tensor of a value'
const takeOne = 'take its .last, the value of the last step, or its .all, the values of all steps'
const stacked = 'stack([x, y]) makes one tensor of several'

/** For those who did not have the type-checker look: what must be a symbolic tensor is one. */
export function checkTensor(operation: string, x: unknown, role = 'the first operand'): void {
  if (!(x instanceof Variable)) throw notSymbolic(operation, role, describeGiven(x))
}

/** The same, and the tensor. */
export function checkedTensor(operation: string, x: unknown): Variable {
  checkTensor(operation, x)
  return x as Variable
}

/** What must be a list is one. */
export function checkList(operation: string, what: string, given: unknown): void {
  if (!Array.isArray(given))
    throw badArgument(operation, `${describeGiven(given).what} is not ${what}`, `${what} is a list: [ … ]`)
}

/** The options, which are an object, and none has a name that there is not. */
export function checkOptions<O>(operation: string, options: O, names: readonly string[]): O {
  if (options === undefined) return options
  if (
    typeof options !== 'object' ||
    options === null ||
    Array.isArray(options) ||
    options instanceof Variable
  )
    throw badArgument(
      operation,
      `${describeGiven(options).what} cannot be its options`,
      `options are an object: { ${names[0]}: … }`,
    )
  for (const name in options) if (!names.includes(name)) throw unknownName(operation, 'option', name, names)
  return options
}

/** One of the names that there are. */
export function checkName(operation: string, what: string, given: unknown, names: readonly string[]): void {
  if (!names.includes(given as string)) throw unknownName(operation, what, given, names)
}

const dtypes = Object.keys(dtypeInfo)

/** An element type. */
export function checkDType(operation: string, dtype: unknown): void {
  if (!Object.hasOwn(dtypeInfo, dtype as string)) throw unknownName(operation, 'dtype', dtype, dtypes)
}
