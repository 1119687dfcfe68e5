/**
 * Function: blocks of nodes  →  a WebAssembly function.
 *
 * Statements are emitted in order. Loops end with their condition, and are entered only if they run.
 */
import type { Kernel, KernelParam } from '@arignote/loops'
import { FunctionBuilder, type Local, type WasmFunction } from '@arignote/wasm'
import { underTest } from '../../under-test.js'
import type { LoopCode, Statement } from './code.js'
import type { Block, Node } from './node.js'
import type { EmitOptions } from './scope.js'
import { StackCode } from './stack.js'
import { walkKernel } from './statements.js'
import { countUses } from './uses.js'

/** A kernel as a function of i32 parameters without results. */
export function emitKernel(kernel: Kernel, options: EmitOptions): WasmFunction {
  const scope = walkKernel(kernel, options)
  const { root } = scope.graph
  countUses(root)
  const names = new Map<string, KernelParam>()
  for (const param of kernel.params) {
    let free = /^\d*$/.test(param.name) ? `p${param.name}` : param.name
    while (names.has(free)) free += '_'
    names.set(free, param)
  }
  const params: Record<string, 'i32'> = {}
  for (const name of names.keys()) params[name] = 'i32'
  const f = new FunctionBuilder(kernel.name, params, [], { checked: underTest() })
  for (const [name, param] of names) scope.params.get(param)!.slot!.local = f.params[name]!
  new Emitter(f, root).statements(root)
  return f.finish()
}

class Emitter {
  private readonly f: FunctionBuilder
  private readonly stack: StackCode

  constructor(f: FunctionBuilder, root: Block) {
    this.f = f
    this.stack = new StackCode(f, root)
  }

  statements(block: Block): void {
    const { statements, slots } = block
    for (let i = 0; i < statements.length; i++) this.statement(statements[i]!)
    for (let i = 0; i < slots.length; i++) if (slots[i]!.local !== null) this.stack.free(slots[i]!.local!)
  }

  private statement(x: Statement): void {
    const f = this.f
    switch (x.kind) {
      case 'loop':
        this.loop(x.loop)
        return
      case 'set':
        this.stack.value(x.value)
        f.set(this.stack.variable(x.slot))
        return
      case 'keep': {
        const splat = x.splat()
        for (const value of [splat, x.value]) {
          if (value !== null && value.remaining > 0 && value.home === this.stack.block)
            this.stack.settle(value)
        }
        return
      }
      case 'store': {
        this.stack.value(x.address)
        this.stack.value(x.value)
        this.stack.access(x.op, x.group, x.at, x.align, x.lane)
        return
      }
      case 'check':
        for (const value of x.values) this.stack.settle(value)
        this.stack.value(x.failed)
        f.if(() => {
          for (const store of x.stores) this.statement(store)
        })
        // The stores' arm may be skipped, so nothing may be kept from it: their values are constants or settled.
        for (const value of x.values) this.stack.consume(value)
    }
  }

  // ── loops

  private loop(x: LoopCode): void {
    const f = this.f
    for (const value of x.preheader.hoisted) this.stack.settle(value)
    if (x.sure) this.run(x)
    else {
      this.stack.value(x.begin)
      this.stack.value(x.end)
      f.op('i32.lt_s').if(() => this.run(x))
    }
    this.leave(x.preheader)
  }

  private run(x: LoopCode): void {
    const f = this.f
    const isCounted = x.control === null
    const locals: Local[] = []
    this.stack.block = x.preheader
    for (const value of x.body.hoisted) this.stack.settle(value)
    for (const group of x.pointers) {
      const { start, startShift, slot } = group.pointer!
      this.stack.value(start)
      this.stack.addConstant(startShift())
      f.set(this.stack.variable(slot))
      locals.push(slot.local!)
    }
    let bound: Local | null = null
    if (isCounted) {
      this.stack.value(x.begin)
      f.set(this.stack.variable(x.counter))
      locals.push(x.counter.local!)
    } else {
      bound = this.stack.allocate('i32')
      locals.push(bound)
      const { slot, unit } = x.control!.pointer!
      f.get(slot.local!)
      this.distance(x, unit)
      f.op('i32.add').set(bound)
    }
    f.loop(label => {
      this.stack.block = x.body
      this.statements(x.body)
      for (const group of x.pointers) {
        if (group === x.control) continue
        const { slot, stride } = group.pointer!
        f.get(slot.local!)
        this.stack.value(stride)
        f.op('i32.add').set(slot.local!)
      }
      const { slot, step } = isCounted
        ? { slot: x.counter, step: x.step }
        : { slot: x.control!.pointer!.slot, step: x.control!.pointer!.stride.immediates[0] as number }
      f.get(slot.local!).op('i32.const', step).op('i32.add').tee(slot.local!)
      if (bound !== null) f.get(bound)
      else this.stack.value(x.end)
      f.op(x.exact ? 'i32.ne' : 'i32.lt_s').brIf(label)
    })
    this.leave(x.body)
    for (const local of locals) this.stack.free(local)
  }

  /** (end − begin)·unit */
  private distance({ begin, end }: LoopCode, unit: Node): void {
    const f = this.f
    if (begin.op === 'i32.const' && end.op === 'i32.const') {
      const trips = (end.immediates[0] as number) - (begin.immediates[0] as number)
      f.op('i32.const', Math.imul(trips, unit.immediates[0] as number))
      return
    }
    this.stack.value(end)
    if (begin.op !== 'i32.const' || begin.immediates[0] !== 0) {
      this.stack.value(begin)
      f.op('i32.sub')
    }
    f.op('i32.const', unit.immediates[0] as number).op('i32.mul')
  }

  private leave(block: Block): void {
    this.stack.block = block.parent!
    const { release } = block
    for (let i = 0; i < release.length; i++) this.stack.release(release[i]!)
  }
}
