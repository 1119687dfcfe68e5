/**
 * Function: method calls  →  a checked body.
 *
 * The operand stack is type-checked while code is emitted, so an ill-typed function fails
 * at the JavaScript line that emitted the bad instruction, not inside the engine. Who knows
 * the emitted code to be right may leave that to the engine, which checks every module again.
 * Indices and bytes are the business of `binary.ts`.
 */
import {
  closedLabel,
  constantGlobal,
  foreignLocal,
  missingElse,
  numericName,
  unknownInstruction,
} from './errors.js'
import { type ImmediateArguments, immediateOf, noImmediate } from './immediate.js'
import type { Callable, Global, Instruction, Label, Local, WasmFunction } from './instruction.js'
import type { Opcode, ValueType } from './opcode.js'
import { type KindOf, type OpName, opcodes } from './opcodes.js'
import { OperandStack } from './stack.js'

/** Parameters by name, in order. */
export type Params = Readonly<Record<string, ValueType>>

/** Emits the inside of a block; branches to `label` leave a block or repeat a loop. */
export type Body = (label: Label) => void

export interface FunctionOptions {
  /** Whether types are checked while code is emitted; default true. */
  readonly checked?: boolean
}

type Types = readonly ValueType[]
type Mutable<T> = { -readonly [K in keyof T]: T[K] }

/**
 * A function in one expression:
 *
 * ```ts
 * const twice = func('twice', { x: 'f32' }, ['f32'], (f, { x }) => {
 *   f.get(x).get(x).op('f32.add')
 * })
 * ```
 */
export function func<P extends Params>(
  name: string,
  params: P,
  results: Types,
  build: (f: FunctionBuilder, params: { readonly [K in keyof P]: Local }) => void,
): WasmFunction {
  const f = new FunctionBuilder(name, params, results)
  build(f, f.params as { readonly [K in keyof P]: Local })
  return f.finish()
}

/** Emits one function, instruction by instruction. Every method returns the builder itself. */
export class FunctionBuilder {
  /** The function under construction, so that it can call itself. */
  readonly self: WasmFunction
  /** The parameters, by name. */
  readonly params: Readonly<Record<string, Local>>

  private readonly function: Mutable<WasmFunction>
  private readonly locals: Local[] = []
  /** For each local the one instruction that reads it. */
  private readonly reads: Instruction[] = []
  private readonly body: Instruction[] = []
  private readonly calls = new Set<Callable>()
  private readonly globals = new Set<Global>()
  /** Null where nothing is checked. */
  private readonly stack: OperandStack | null
  /** The labels of the open blocks, the innermost last; the body's own first. */
  private readonly open: Label[] = []
  private labels = 0

  constructor(name: string, params: Params, results: Types, { checked = true }: FunctionOptions = {}) {
    this.self = this.function = {
      kind: 'function',
      name,
      params: Object.values(params),
      results,
      locals: this.locals,
      body: this.body,
      calls: this.calls,
      globals: this.globals,
      usesMemory: false,
      finished: false,
    }
    this.stack = checked ? new OperandStack(name) : null
    this.enter({ id: -1, types: results }, results)
    this.params = Object.fromEntries(
      Object.entries(params).map(([param, type]) => {
        if (/^\d+$/.test(param)) throw numericName(param, name)
        return [param, this.local(type, param)]
      }),
    )
  }

  /** Declares a local variable; it starts as zero. */
  local(type: ValueType, name = `l${this.locals.length}`): Local {
    const local: Local = { kind: 'local', index: this.locals.length, type, name }
    this.locals.push(local)
    this.reads.push({ kind: 'local.get', local })
    return local
  }

  /** Pushes the value of a local or global. */
  get(from: Local | Global): this {
    this.stack?.putOne(from.type)
    if (from.kind === 'global') return this.useGlobal('global.get', from)
    if (this.locals[from.index] !== from) throw foreignLocal('local.get', from.name, this.self.name)
    this.body.push(this.reads[from.index]!)
    return this
  }

  /** Pops a value into a local or global. */
  set(to: Local | Global): this {
    if (to.kind === 'global' && !to.mutable) throw constantGlobal(to.name, this.self.name)
    this.stack?.takeOne(`${to.kind}.set`, to.type, to.name)
    if (to.kind === 'global') return this.useGlobal('global.set', to)
    return this.useLocal('local.set', to)
  }

  /** Copies the top of the stack into a local. */
  tee(to: Local): this {
    this.stack?.takeOne('local.tee', to.type, to.name)
    this.stack?.putOne(to.type)
    return this.useLocal('local.tee', to)
  }

  /** Emits an instruction of the table, with its immediates. */
  op<N extends OpName>(name: N, ...immediates: ImmediateArguments[KindOf<N>]): this {
    return this.instruction(name, immediates)
  }

  /** The same for a name that is known only when this runs. */
  instruction(name: OpName, immediates: readonly unknown[]): this {
    const item = plain.get(name) ?? instructionOf(name, immediates, this.self.name)
    const { row } = item
    if (this.stack !== null) {
      this.stack.take(name, row.operands)
      this.stack.put(row.results)
    }
    if (row.memory) this.function.usesMemory = true
    this.body.push(item)
    return this
  }

  /** A block; branches to its label leave it, with its results on the stack. */
  block(body: Body): this
  block(results: Types, body: Body): this
  block(first: Types | Body, second?: Body): this {
    const [results, body] = split(first, second)
    return this.nest('block', results, results, body)
  }

  /** A loop; branches to its label start it again. It ends when its body does. */
  loop(body: Body): this
  loop(results: Types, body: Body): this
  loop(first: Types | Body, second?: Body): this {
    const [results, body] = split(first, second)
    return this.nest('loop', results, [], body)
  }

  /** Pops a condition (i32) and takes one of two arms. */
  if(then: Body, otherwise?: Body): this
  if(results: Types, then: Body, otherwise: Body): this
  if(first: Types | Body, second?: Body, third?: Body): this {
    const [results, then, otherwise] =
      typeof first === 'function' ? [[], first, second] : [first, second as Body, third]
    if (results.length > 0 && !otherwise) throw missingElse(results, this.self.name)
    this.stack?.take('if', ['i32'])
    return this.nest('if', results, results, then, otherwise)
  }

  /** Leaves the block of `label`, or repeats its loop. What follows cannot be reached. */
  br(label: Label): this {
    const depth = this.distance('br', label)
    this.stack?.take('br', label.types)
    this.stack?.abandon()
    return this.emit({ kind: 'br', label, depth })
  }

  /** Pops a condition (i32) and branches if it is not zero. */
  brIf(label: Label): this {
    const depth = this.distance('br_if', label)
    this.stack?.take('br_if', [...label.types, 'i32'])
    this.stack?.put(label.types)
    return this.emit({ kind: 'br_if', label, depth })
  }

  /** Calls a function or an import. */
  call(target: Callable): this {
    this.stack?.take(`call $${target.name}`, target.params)
    this.stack?.put(target.results)
    this.calls.add(target)
    return this.emit({ kind: 'call', target })
  }

  /** Returns what the function promises; it must be on the stack. */
  return(): this {
    this.stack?.take('return', this.self.results)
    this.stack?.abandon()
    return this.emit({ kind: 'return' })
  }

  /** Pops one value of any type. */
  drop(): this {
    this.stack?.takeAny('drop')
    return this.emit({ kind: 'drop' })
  }

  /** Pops a, b and a condition (i32); pushes a if the condition is not zero, else b. */
  select(): this {
    this.stack?.select()
    return this.emit({ kind: 'select' })
  }

  /** Traps when reached. */
  unreachable(): this {
    this.stack?.abandon()
    return this.emit({ kind: 'unreachable' })
  }

  /** Ends the function, whose results must be on the stack. */
  finish(): WasmFunction {
    this.leave('end of function')
    this.function.finished = true
    return this.self
  }

  private nest(
    kind: 'block' | 'loop' | 'if',
    results: Types,
    target: Types,
    body: Body,
    otherwise?: Body,
  ): this {
    const label: Label = { id: this.labels++, types: target }
    this.emit({ kind, label, results })
    this.enter(label, results)
    body(label)
    if (otherwise) {
      this.leave('else')
      this.emit({ kind: 'else' })
      this.enter(label, results)
      otherwise(label)
    }
    this.leave(`end of ${kind}`)
    this.stack?.put(results)
    return this.emit({ kind: 'end' })
  }

  private enter(label: Label, results: Types): void {
    this.open.push(label)
    this.stack?.open(results)
  }

  private leave(what: string): void {
    this.open.pop()
    this.stack?.close(what)
  }

  private useLocal(kind: 'local.set' | 'local.tee', local: Local): this {
    if (this.locals[local.index] !== local) throw foreignLocal(kind, local.name, this.self.name)
    this.body.push({ kind, local })
    return this
  }

  private useGlobal(kind: 'global.get' | 'global.set', global: Global): this {
    this.globals.add(global)
    return this.emit({ kind, global })
  }

  private distance(what: string, label: Label): number {
    const position = this.open.lastIndexOf(label)
    if (position < 0) throw closedLabel(what, this.self.name)
    return this.open.length - 1 - position
  }

  private emit(content: Instruction): this {
    this.body.push(content)
    return this
  }
}

type TableInstruction = Instruction & { readonly kind: 'op' }

/** Instructions without immediates: one object does for all of a name. */
const plain = new Map<OpName, TableInstruction>()

function instructionOf(name: OpName, immediates: readonly unknown[], functionName: string): TableInstruction {
  const row: Opcode | undefined = opcodes[name]
  if (!row) throw unknownInstruction(name, functionName)
  if (row.immediate !== 'none')
    return { kind: 'op', name, row, immediate: immediateOf(name, row, immediates) }
  const item: TableInstruction = { kind: 'op', name, row, immediate: noImmediate }
  plain.set(name, item)
  return item
}

function split(first: Types | Body, second: Body | undefined): [Types, Body] {
  return typeof first === 'function' ? [[], first] : [first, second as Body]
}
