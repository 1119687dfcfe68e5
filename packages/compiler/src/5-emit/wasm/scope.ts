/**
 * Scope: what names stand for while a kernel is walked — axes, registers, buffers, sizes, and the lanes at work.
 *
 * A value is one node where it is the same in every lane, and otherwise one vector for each jammed copy. Reads of
 * registers and of memory carry versions: entering and leaving a loop, or a store, begins new ones.
 */
import type { Axis, BufferParam, Loop, Register, Scalar, SizeParam } from '@arignote/loops'
import type { OpName, ValueType } from '@arignote/wasm'
import { Addresses } from './address.js'
import type { LoopCode, Statement } from './code.js'
import { type Effects, Expansions, effectsOf } from './effects.js'
import { Graph } from './graph.js'
import { type Table, valueTypes } from './instructions.js'
import type { Block, Node, Slot } from './node.js'
import { type Poly, polyOfNode } from './poly.js'
import { type Lanes, splat } from './vectors.js'

/** Uniform, or one vector for each jammed copy. */
export type Built = Node | readonly Node[]

export function isUniform(x: Built): x is Node {
  return !Array.isArray(x)
}

/** The lanes loop at work. Copy j, lane l of a trip is at counter + (j·lanes + l)·step. */
export interface LaneContext {
  readonly axis: Axis
  readonly lanes: Lanes
  /** The instructions on so many lanes. */
  readonly table: Table
  readonly jam: number
  readonly step: number
  readonly registers: ReadonlySet<Register>
  /** Stands for the axis in polynomials. */
  readonly symbol: Node
  readonly counter: Poly
}

/** What a register stands for: a value that it is a name for, or variables if it is assigned somewhere. */
export type RegisterState = Alias | Variables

interface Alias {
  readonly built: Built
  readonly poly: Poly | null
}

/** The variables of a register at one version. Their reads are made when they are asked for: many are assigned anew before. */
export class Variables {
  readonly poly = null
  private reads: Built | null = null

  constructor(
    private readonly graph: Graph,
    private readonly home: Block,
    readonly slots: readonly Slot[],
    readonly isVector: boolean,
  ) {}

  get built(): Built {
    this.reads ??= this.isVector ? this.slots.map(slot => this.read(slot)) : this.read(this.slots[0]!)
    return this.reads
  }

  private read(slot: Slot): Node {
    return this.graph.read(slot, this.home)
  }
}

/** An index that differs from lane to lane other than by the axis. */
export interface LaneIndex {
  readonly scalar: Scalar
  readonly copies: readonly Node[]
}

export interface EmitOptions {
  readonly simd: boolean
  readonly fused: boolean
}

export class Scope {
  readonly graph = new Graph()
  readonly addresses = new Addresses(this.graph)
  readonly params = new Map<BufferParam | SizeParam, Node>()
  readonly axes = new Map<Axis, Poly>()
  readonly registers = new Map<Register, RegisterState>()
  readonly expansions = new Expansions()
  readonly laneIndices = new Map<Node, LaneIndex>()
  block: Block = this.graph.root
  lanes: LaneContext | null = null
  /** Scalars that wait for their operands: one stack for all that are being built, one inside another. */
  readonly pending: Scalar[] = []
  /** What scalars were built to, and which of them a store or an assignment may change. */
  built = new Map<Scalar, Built>()
  volatile = new Set<Scalar>()
  private readonly laneIndexOf = new Map<Node, Node>()
  private readonly versions = new Map<BufferParam, { version: number; home: Block }>()
  private readonly splats = { bool: new Map<Node, Node>(), other: new Map<Node, Node>() }
  private readonly effects = new Map<Loop, Effects>()
  private version = 0

  constructor(
    readonly options: EmitOptions,
    /** Registers that are assigned somewhere. */
    readonly mutable: ReadonlySet<Register>,
    /** Buffers that are written somewhere. */
    readonly written: ReadonlySet<BufferParam>,
  ) {}

  push(statement: Statement): void {
    this.block.statements.push(statement)
  }

  slot(name: string, type: ValueType): Slot {
    const slot: Slot = { name, type, local: null }
    this.block.slots.push(slot)
    return slot
  }

  /** Binds a register to new variables, without giving them values. */
  variables(register: Register, copies: number | null): Variables {
    const type = copies === null ? valueTypes[register.type] : 'v128'
    const slots = Array.from({ length: copies ?? 1 }, () => this.slot(register.name, type))
    return this.bind(register, slots, copies !== null)
  }

  bind(register: Register, slots: readonly Slot[], isVector: boolean): Variables {
    const state = new Variables(this.graph, this.block, slots, isVector)
    this.registers.set(register, state)
    return state
  }

  /** A name for a value. */
  alias(register: Register, built: Built, poly: Poly | null): void {
    if (this.registers.has(register)) this.forget()
    this.registers.set(register, { built, poly })
  }

  /** The variables that a register is now. */
  variablesOf(register: Register): Variables {
    const state = this.registers.get(register)
    if (!(state instanceof Variables)) throw new Error(`internal: register ${register.name} is not declared`)
    return state
  }

  /** After an assignment: reads give the new value. */
  renew(register: Register): void {
    const state = this.registers.get(register)
    if (!(state instanceof Variables)) return
    this.bind(register, state.slots, state.isVector)
    this.changed()
  }

  /** After a store: loads give the new contents. */
  wrote(buffer: BufferParam): void {
    this.versions.set(buffer, { version: ++this.version, home: this.block })
    this.changed()
  }

  memory(buffer: BufferParam): { readonly version: number; readonly home: Block } {
    return this.versions.get(buffer) ?? { version: 0, home: this.graph.root }
  }

  /** A register or a buffer has new contents. */
  changed(): void {
    if (this.volatile.size === 0) return
    for (const x of this.volatile) this.built.delete(x)
    this.volatile.clear()
  }

  forget(): void {
    if (this.built.size > 0) this.built.clear()
    if (this.volatile.size > 0) this.volatile.clear()
  }

  /** What an iteration of a loop changes. */
  effectsIn(loop: Loop): Effects {
    let known = this.effects.get(loop)
    if (known === undefined) {
      known = effectsOf(loop.body)
      this.effects.set(loop, known)
    }
    return known
  }

  /** Runs `body` in the body of a loop. */
  within(loop: LoopCode, effects: Effects, body: () => void): void {
    const outer = this.block
    this.block = loop.body
    this.begin(effects)
    body()
    this.block = outer
    this.begin(effects)
    this.push({ kind: 'loop', loop })
  }

  private begin({ registers, buffers }: Effects): void {
    this.forget()
    for (const register of registers) this.renew(register)
    for (const buffer of buffers) this.wrote(buffer)
  }

  /** The polynomial of an index that lanes do not agree on. */
  laneIndex(scalar: Scalar, copies: readonly Node[]): Poly {
    let node = this.laneIndexOf.get(copies[0]!)
    if (node === undefined) {
      node = this.graph.lanes(this.block)
      this.laneIndexOf.set(copies[0]!, node)
    }
    // The scalar at hand is the one that means this now: an older one may speak of another loop.
    this.laneIndices.set(node, { scalar, copies })
    return polyOfNode(node)
  }

  /** A uniform value in every lane. Loads are repeated as loads into every lane. */
  splat(x: Node, type: Register['type']): Node {
    const known = this.splatOf(x, type)
    if (known !== null) return known
    const op = splatLoads.get(x.op)
    const node =
      op === undefined
        ? splat(this.graph, type, x)
        : this.graph.access(op, 'v128', x.operands, x.home, {
            group: x.group!,
            at: x.at,
            lane: null,
            align: x.immediates[1] as number,
          })
    this.splats[type === 'bool' ? 'bool' : 'other'].set(x, node)
    return node
  }

  splatOf(x: Node, type: Register['type']): Node | null {
    return this.splats[type === 'bool' ? 'bool' : 'other'].get(x) ?? null
  }
}

const splatLoads = new Map<string, OpName>([
  ['f32.load', 'v128.load32_splat'],
  ['i32.load', 'v128.load32_splat'],
  ['f64.load', 'v128.load64_splat'],
])
