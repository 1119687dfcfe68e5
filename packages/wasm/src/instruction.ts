/**
 * Instruction: the data that a function body is made of, and the things it refers to.
 *
 * Bodies hold references (a local, a callee), never indices of the module: the same
 * function can be part of many modules.
 */
import type { Immediate } from './immediate.js'
import type { Opcode, ValueType } from './opcode.js'
import type { OpName } from './opcodes.js'

/** A parameter or local variable of one function. */
export interface Local {
  readonly kind: 'local'
  readonly index: number
  readonly type: ValueType
  readonly name: string
}

/** A variable of the module. */
export interface Global {
  readonly kind: 'global'
  readonly name: string
  readonly type: 'i32' | 'f32' | 'f64'
  readonly mutable: boolean
  readonly initial: number
}

/** The target of a branch: the end of a block or if, the start of a loop. */
export interface Label {
  /** Numbered in order of appearance within the function. */
  readonly id: number
  /** What a branch to this label must have on the stack. */
  readonly types: readonly ValueType[]
}

/** A function that the host provides. */
export interface ImportedFunction {
  readonly kind: 'import'
  readonly module: string
  readonly name: string
  readonly params: readonly ValueType[]
  readonly results: readonly ValueType[]
}

/** A function with a body. It belongs to no module: exports decide where it goes. */
export interface WasmFunction {
  readonly kind: 'function'
  readonly name: string
  readonly params: readonly ValueType[]
  readonly results: readonly ValueType[]
  /** Parameters first. */
  readonly locals: readonly Local[]
  readonly body: readonly Instruction[]
  readonly calls: ReadonlySet<Callable>
  readonly globals: ReadonlySet<Global>
  readonly usesMemory: boolean
  readonly finished: boolean
}

/** Whatever `call` may name. */
export type Callable = WasmFunction | ImportedFunction

/** One instruction of a body. */
export type Instruction =
  | {
      readonly kind: 'op'
      readonly name: OpName
      readonly row: Opcode
      readonly immediate: Immediate
    }
  | { readonly kind: 'local.get' | 'local.set' | 'local.tee'; readonly local: Local }
  | { readonly kind: 'global.get' | 'global.set'; readonly global: Global }
  | { readonly kind: 'call'; readonly target: Callable }
  | {
      readonly kind: 'block' | 'loop' | 'if'
      readonly label: Label
      readonly results: readonly ValueType[]
    }
  | { readonly kind: 'br' | 'br_if'; readonly label: Label; readonly depth: number }
  | { readonly kind: 'else' | 'end' | 'return' | 'drop' | 'select' | 'unreachable' }
