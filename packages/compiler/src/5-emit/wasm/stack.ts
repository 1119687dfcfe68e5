/**
 * Stack: nodes  →  instructions on the operand stack, and locals.
 *
 * A value used once is computed where it is used; others are computed at their first use into a local, which is free
 * again after the last.
 */
import type { FunctionBuilder, Local, OpName, ValueType, WasmFunction } from '@arignote/wasm'
import { type Group, leastOf } from './address.js'
import type { Block, Node, Slot } from './node.js'
import { childTowards } from './uses.js'

export class StackCode {
  /** The block whose code is being emitted. */
  block: Block
  private readonly f: FunctionBuilder
  /** What is still to be computed, each an operand of the one before, and which operand of it comes next. */
  private readonly waiting: Node[] = []
  private readonly next: number[] = []
  private readonly freeLocals: Record<ValueType, Local[]> = { i32: [], i64: [], f32: [], f64: [], v128: [] }

  constructor(f: FunctionBuilder, root: Block) {
    this.f = f
    this.block = root
  }

  /** Leaves a value on the stack. */
  value(root: Node): void {
    if (!this.isThere(root)) this.tree(root, null)
  }

  /** Computes a value into its local, unless it is there or costs nothing. */
  settle(x: Node): void {
    if (x.local === null && !x.isLeaf && !isNothing(x)) this.tree(x, x)
  }

  private tree(root: Node, settled: Node | null): void {
    const { waiting, next } = this
    waiting[0] = root
    next[0] = 0
    let top = 0
    while (top >= 0) {
      const x = waiting[top]!
      const { operands } = x
      let i = next[top]!
      while (i < operands.length && this.isThere(operands[i]!)) i++
      if (i < operands.length) {
        next[top++] = i + 1
        waiting[top] = operands[i]!
        next[top] = 0
        continue
      }
      top--
      this.compute(x, x === settled)
    }
  }

  /** From operands that are on the stack; into a local where it is needed again. */
  private compute(x: Node, isSettled: boolean): void {
    this.instruction(x)
    if (isSettled) {
      x.local = this.allocate(x.type)
      this.f.set(x.local)
    } else if (!x.isLeaf && --x.remaining > 0) {
      x.local = this.allocate(x.type)
      this.f.tee(x.local)
    }
  }

  /** Pushes a value for which nothing else has to be computed, if that is what it is. */
  private isThere(x: Node): boolean {
    if (x.local !== null) {
      this.f.get(x.local)
      this.consume(x)
    } else if (x.op === 'read') this.f.get(x.slot!.local ?? this.variable(x.slot!))
    else if (x.operands.length === 0) this.compute(x, false)
    else if (x.op === 'shift' && isNothing(x)) return this.isThere(x.operands[0]!)
    else return false
    return true
  }

  private instruction(x: Node): void {
    if (x.op === 'select') this.f.select()
    else if (x.op === 'shift') this.addConstant(x.amount!())
    else if (x.op === 'copy') return
    else if (x.op === 'call') this.f.call(x.immediates[0] as WasmFunction)
    else if (x.op === 'read' || x.op === 'lanes') throw new Error(`internal: ${x.op} is no instruction`)
    else if (x.group === null) this.f.instruction(x.op, x.immediates)
    else {
      const [lane, align] = x.immediates as [number | null, number]
      this.access(x.op, x.group, x.at, Math.min(align, 8), lane)
    }
  }

  /** An instruction that accesses memory at `at` of a group. */
  access(op: OpName, group: Group, at: number, align: number, lane: number | null): void {
    const place = { offset: at - leastOf(group), align }
    this.f.instruction(op, lane === null ? [place] : [lane, place])
  }

  addConstant(value: number): void {
    if ((value | 0) !== 0) this.f.op('i32.const', value | 0).op('i32.add')
  }

  /** The local of a variable. */
  variable(slot: Slot): Local {
    slot.local ??= this.allocate(slot.type)
    return slot.local
  }

  allocate(type: ValueType): Local {
    return this.freeLocals[type].pop() ?? this.f.local(type)
  }

  /** One use less is to come. */
  consume(x: Node): void {
    if (--x.remaining > 0) return
    if (x.home === this.block) this.release(x)
    else childTowards(x.home, this.block).release.push(x)
  }

  /** Frees the local of a node that has no more uses. */
  release(x: Node): void {
    if (x.remaining <= 0 && x.local !== null) this.free(x.local)
  }

  free(local: Local): void {
    this.freeLocals[local.type].push(local)
  }
}

/** A shift by nothing of something that costs nothing. */
function isNothing(x: Node): boolean {
  return x.op === 'shift' && x.amount!() === 0 && x.operands[0]!.isLeaf
}
