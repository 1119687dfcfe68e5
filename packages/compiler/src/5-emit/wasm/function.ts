/**
 * Function: blocks of nodes  →  a WebAssembly function.
 *
 * A value used once is computed where it is used, on the stack; others are computed at their first use into a local,
 * which is free again after the last. Loops end with their condition, and are entered only if they run.
 */
import type { Kernel } from '@arignote/loops'
import { FunctionBuilder, type Local, type OpName, type ValueType, type WasmFunction } from '@arignote/wasm'
import { leastOf } from './address.js'
import type { LoopCode, Statement } from './code.js'
import type { Block, Node, Slot } from './node.js'
import type { EmitOptions } from './scope.js'
import { walkKernel } from './statements.js'
import { childTowards, countUses } from './uses.js'

/** A kernel as a function of i32 parameters without results. */
export function emitKernel(kernel: Kernel, options: EmitOptions): WasmFunction {
  const scope = walkKernel(kernel, options)
  const { root } = scope.graph
  countUses(root)
  const names = new Set<string>()
  for (const { name } of kernel.params) {
    let free = /^\d*$/.test(name) ? `p${name}` : name
    while (names.has(free)) free += '_'
    names.add(free)
  }
  const f = new FunctionBuilder(kernel.name, Object.fromEntries([...names].map(name => [name, 'i32'])), [])
  for (const [i, param] of kernel.params.entries()) {
    scope.params.get(param)!.slot!.local = f.params[[...names][i]!]!
  }
  new Emitter(f, root).statements(root)
  return f.finish()
}

class Emitter {
  readonly #f: FunctionBuilder
  readonly #free: Record<ValueType, Local[]> = { i32: [], i64: [], f32: [], f64: [], v128: [] }
  #block: Block

  constructor(f: FunctionBuilder, root: Block) {
    this.#f = f
    this.#block = root
  }

  statements(block: Block): void {
    for (const x of block.statements) this.#statement(x)
    for (const slot of block.slots) if (slot.local !== null) this.#free[slot.type].push(slot.local)
  }

  #statement(x: Statement): void {
    const f = this.#f
    switch (x.kind) {
      case 'loop':
        this.#loop(x.loop)
        return
      case 'set':
        this.#value(x.value)
        f.set(this.#variable(x.slot))
        return
      case 'keep': {
        const splat = x.splat()
        for (const value of [splat, x.value]) {
          if (value !== null && value.remaining > 0 && value.home === this.#block) this.#settle(value)
        }
        return
      }
      case 'store': {
        this.#value(x.address)
        this.#value(x.value)
        const at = { offset: x.at - leastOf(x.group), align: x.align }
        this.#op(x.op, x.lane === null ? [at] : [x.lane, at])
        return
      }
      case 'check':
        for (const value of x.values) this.#settle(value)
        this.#value(x.failed)
        f.if(() => {
          for (const store of x.stores) this.#statement(store)
        })
        // The stores' arm may be skipped, so nothing may be kept from it: their values are constants or settled.
        for (const value of x.values) this.#consume(value)
    }
  }

  // ── loops

  #loop(x: LoopCode): void {
    const f = this.#f
    this.#enter(x.preheader)
    if (x.sure) this.#run(x)
    else {
      this.#inOuter(x, () => {
        this.#value(x.begin)
        this.#value(x.end)
      })
      f.op('i32.lt_s')
      f.if(() => this.#run(x))
    }
    this.#leave(x.preheader)
  }

  /** Emits into the surrounding block although the preheader has been entered. */
  #inOuter(x: LoopCode, emit: () => void): void {
    this.#block = x.preheader.parent!
    emit()
    this.#block = x.preheader
  }

  #run(x: LoopCode): void {
    const f = this.#f
    const isCounted = x.control === null
    const locals: Local[] = []
    this.#enterFrom(x.preheader, x.body)
    for (const group of x.pointers) {
      const { start, startShift, slot } = group.pointer!
      this.#value(start)
      this.#addConstant(startShift())
      f.set(this.#variable(slot))
      locals.push(slot.local!)
    }
    let bound: Local | null = null
    if (isCounted) {
      this.#value(x.begin)
      f.set(this.#variable(x.counter))
      locals.push(x.counter.local!)
    } else {
      bound = this.#allocate('i32')
      locals.push(bound)
      const { slot, unit } = x.control!.pointer!
      f.get(slot.local!)
      this.#distance(x, unit)
      f.op('i32.add').set(bound)
    }
    f.loop(label => {
      this.#block = x.body
      this.statements(x.body)
      for (const group of x.pointers) {
        if (group === x.control) continue
        const { slot, stride } = group.pointer!
        f.get(slot.local!)
        this.#value(stride)
        f.op('i32.add').set(slot.local!)
      }
      const { slot, step } = isCounted
        ? { slot: x.counter, step: x.step }
        : { slot: x.control!.pointer!.slot, step: x.control!.pointer!.stride.immediates[0] as number }
      f.get(slot.local!).op('i32.const', step).op('i32.add').tee(slot.local!)
      if (bound !== null) f.get(bound)
      else this.#value(x.end)
      f.op(x.exact ? 'i32.ne' : 'i32.lt_s').brIf(label)
    })
    this.#leave(x.body)
    for (const local of locals) this.#free.i32.push(local)
  }

  /** (end − begin)·unit */
  #distance({ begin, end }: LoopCode, unit: Node): void {
    const f = this.#f
    if (begin.op === 'i32.const' && end.op === 'i32.const') {
      const trips = (end.immediates[0] as number) - (begin.immediates[0] as number)
      f.op('i32.const', Math.imul(trips, unit.immediates[0] as number))
      return
    }
    this.#value(end)
    if (begin.op !== 'i32.const' || begin.immediates[0] !== 0) {
      this.#value(begin)
      f.op('i32.sub')
    }
    f.op('i32.const', unit.immediates[0] as number).op('i32.mul')
  }

  #enter(block: Block): void {
    for (const x of block.hoisted) this.#settle(x)
    this.#block = block
  }

  #enterFrom(preheader: Block, body: Block): void {
    this.#block = preheader
    for (const x of body.hoisted) this.#settle(x)
  }

  #leave(block: Block): void {
    this.#block = block.parent!
    for (const x of block.release) this.#release(x)
  }

  // ── values

  /** Leaves a value on the stack. */
  #value(root: Node): void {
    this.#tree(root, null)
  }

  /** Computes a value into its local, unless it is there or costs nothing. */
  #settle(x: Node): void {
    if (x.local === null && !x.isLeaf && !this.#isNothing(x)) this.#tree(x, x)
  }

  /** A shift by nothing of something that costs nothing. */
  #isNothing(x: Node): boolean {
    return x.op === 'shift' && x.amount!() === 0 && x.operands[0]!.isLeaf
  }

  #tree(root: Node, settled: Node | null): void {
    const f = this.#f
    const stack: Node[] = [root]
    /** How many nodes of the stack have their operands above them. */
    const opened: boolean[] = [false]
    while (stack.length > 0) {
      const top = stack.length - 1
      const x = stack[top]!
      if (!opened[top] && this.#isThere(x, settled)) {
        stack.length = opened.length = top
      } else if (!opened[top] && x.operands.length > 0) {
        opened[top] = true
        for (let i = x.operands.length - 1; i >= 0; i--) {
          stack.push(x.operands[i]!)
          opened.push(false)
        }
      } else {
        stack.length = opened.length = top
        this.#instruction(x)
        if (x === settled) {
          x.local = this.#allocate(x.type)
          f.set(x.local)
        } else if (!x.isLeaf && --x.remaining > 0) {
          x.local = this.#allocate(x.type)
          f.tee(x.local)
        }
      }
    }
  }

  /** Pushes a value that need not be computed, if that is what it is. */
  #isThere(x: Node, settled: Node | null): boolean {
    const f = this.#f
    if (x.local !== null && x !== settled) {
      f.get(x.local)
      this.#consume(x)
    } else if (x.op === 'read') f.get(this.#variable(x.slot!))
    else if (this.#isNothing(x)) return this.#isThere(x.operands[0]!, settled)
    else return false
    return true
  }

  #instruction(x: Node): void {
    if (x.op === 'select') this.#f.select()
    else if (x.op === 'shift') this.#addConstant(x.amount!())
    else if (x.op === 'copy') return
    else if (x.op === 'read' || x.op === 'lanes') throw new Error(`internal: ${x.op} is no instruction`)
    else if (x.group === null) this.#op(x.op, immediatesOf(x))
    else {
      const [lane, align] = x.immediates as [number | null, number]
      const at = { offset: x.at - leastOf(x.group), align: Math.min(align, 8) }
      this.#op(x.op, lane === null ? [at] : [lane, at])
    }
  }

  #addConstant(value: number): void {
    if ((value | 0) !== 0) this.#f.op('i32.const', value | 0).op('i32.add')
  }

  #op(name: OpName, immediates: readonly unknown[]): void {
    const op = this.#f.op as (name: OpName, ...immediates: readonly unknown[]) => FunctionBuilder
    op.call(this.#f, name, ...immediates)
  }

  #variable(slot: Slot): Local {
    slot.local ??= this.#allocate(slot.type)
    return slot.local
  }

  #allocate(type: ValueType): Local {
    return this.#free[type].pop() ?? this.#f.local(type)
  }

  #consume(x: Node): void {
    if (--x.remaining > 0) return
    if (x.home === this.#block) this.#release(x)
    else childTowards(x.home, this.#block).release.push(x)
  }

  #release(x: Node): void {
    if (x.remaining > 0 || x.local === null) return
    this.#free[x.type].push(x.local)
  }
}

function immediatesOf(x: Node): readonly unknown[] {
  return x.op === 'i8x16.shuffle' ? [x.immediates] : x.immediates
}
