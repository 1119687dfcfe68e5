/**
 * Stack: nodes  →  instructions on the operand stack, and locals.
 *
 * A value used once is computed where it is used; others are computed at their first use into a local, which is free
 * again after the last.
 */
import type { FunctionBuilder, Local, OpName, ValueType, WasmFunction } from '@arignote/wasm'
import { leastOf } from './address.js'
import type { Block, Node, Slot } from './node.js'
import { childTowards } from './uses.js'

export class StackCode {
  /** The block whose code is being emitted. */
  block: Block
  private readonly f: FunctionBuilder
  private readonly freeLocals: Record<ValueType, Local[]> = { i32: [], i64: [], f32: [], f64: [], v128: [] }

  constructor(f: FunctionBuilder, root: Block) {
    this.f = f
    this.block = root
  }

  /** Leaves a value on the stack. */
  value(root: Node): void {
    this.tree(root, null)
  }

  /** Computes a value into its local, unless it is there or costs nothing. */
  settle(x: Node): void {
    if (x.local === null && !x.isLeaf && !isNothing(x)) this.tree(x, x)
  }

  private tree(root: Node, settled: Node | null): void {
    const f = this.f
    const stack: Node[] = [root]
    /** How many nodes of the stack have their operands above them. */
    const opened: boolean[] = [false]
    while (stack.length > 0) {
      const top = stack.length - 1
      const x = stack[top]!
      if (!opened[top] && this.isThere(x, settled)) {
        stack.length = opened.length = top
      } else if (!opened[top] && x.operands.length > 0) {
        opened[top] = true
        for (let i = x.operands.length - 1; i >= 0; i--) {
          stack.push(x.operands[i]!)
          opened.push(false)
        }
      } else {
        stack.length = opened.length = top
        this.instruction(x)
        if (x === settled) {
          x.local = this.allocate(x.type)
          f.set(x.local)
        } else if (!x.isLeaf && --x.remaining > 0) {
          x.local = this.allocate(x.type)
          f.tee(x.local)
        }
      }
    }
  }

  /** Pushes a value that need not be computed, if that is what it is. */
  private isThere(x: Node, settled: Node | null): boolean {
    const f = this.f
    if (x.local !== null && x !== settled) {
      f.get(x.local)
      this.consume(x)
    } else if (x.op === 'read') f.get(this.variable(x.slot!))
    else if (x.op === 'shift' && isNothing(x)) return this.isThere(x.operands[0]!, settled)
    else return false
    return true
  }

  private instruction(x: Node): void {
    if (x.op === 'select') this.f.select()
    else if (x.op === 'shift') this.addConstant(x.amount!())
    else if (x.op === 'copy') return
    else if (x.op === 'call') this.f.call(x.immediates[0] as WasmFunction)
    else if (x.op === 'read' || x.op === 'lanes') throw new Error(`internal: ${x.op} is no instruction`)
    else if (x.group === null) this.op(x.op, immediatesOf(x))
    else {
      const [lane, align] = x.immediates as [number | null, number]
      const at = { offset: x.at - leastOf(x.group), align: Math.min(align, 8) }
      this.op(x.op, lane === null ? [at] : [lane, at])
    }
  }

  addConstant(value: number): void {
    if ((value | 0) !== 0) this.f.op('i32.const', value | 0).op('i32.add')
  }

  op(name: OpName, immediates: readonly unknown[]): void {
    const op = this.f.op as (name: OpName, ...immediates: readonly unknown[]) => FunctionBuilder
    if (immediates.length === 0) op.call(this.f, name)
    else op.call(this.f, name, ...immediates)
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

function immediatesOf(x: Node): readonly unknown[] {
  return x.op === 'i8x16.shuffle' ? [x.immediates] : x.immediates
}
