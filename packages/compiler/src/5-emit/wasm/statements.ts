/**
 * Statements: a kernel  →  blocks of nodes. The order of statements is kept, so lowering decides what stands where.
 */
import {
  type Assign,
  type Check,
  type Declare,
  type Kernel,
  type Loop,
  type Statement as LoopStatement,
  s,
  scalarType,
} from '@arignote/loops'
import type { LoopCode } from './code.js'
import { effectsOf } from './effects.js'
import { lanesLoop } from './lanes-loop.js'
import { store } from './memory.js'
import type { Node } from './node.js'
import { addPoly, isInteger, nodeOfPoly, type Poly, polyOfInteger, polyOfNode, subPoly } from './poly.js'
import { type Built, type EmitOptions, isUniform, Scope } from './scope.js'
import { build, buildUniform, copiesOf, polyOf } from './value.js'

/** Walks a kernel; its code is in the scope's root block. */
export function walkKernel(kernel: Kernel, options: EmitOptions): Scope {
  const { registers, buffers } = effectsOf(kernel.body)
  const scope = new Scope(options, registers, buffers)
  for (const param of kernel.params) {
    const slot = { name: param.name, type: 'i32', local: null } as const
    scope.params.set(param, scope.graph.read(slot, scope.graph.root))
  }
  walk(scope, kernel.body)
  return scope
}

export function walk(scope: Scope, body: readonly LoopStatement[]): void {
  for (let i = 0; i < body.length; i++) {
    const x = body[i]!
    if (x.kind === 'loop') loop(scope, x)
    else if (x.kind === 'store') store(scope, x)
    else if (x.kind === 'declare') declare(scope, x)
    else if (x.kind === 'assign') assign(scope, x)
    else check(scope, x)
  }
}

function declare(scope: Scope, { register, value }: Declare): void {
  if (scope.mutable.has(register)) {
    const built = build(scope, value)
    const isVector = scope.lanes?.registers.has(register) ?? false
    scope.variables(register, isVector ? scope.lanes!.jam : null)
    scope.changed()
    set(scope, { kind: 'assign', register, value }, built)
    return
  }
  const built = build(scope, value)
  const kept = isUniform(built)
    ? keep(scope, built, register.type)
    : built.map(x => keep(scope, x, register.type))
  const isIndex = register.type === 'int32' && !scope.volatile.has(value)
  const poly = isIndex ? polyOf(scope, value) : isUniform(kept) ? polyOfNode(kept) : null
  const isPlain =
    poly?.terms.list.every(({ factors }) => !factors.some(x => scope.laneIndices.has(x))) ?? false
  scope.alias(register, kept, isPlain && register.type === 'int32' ? poly : null)
}

/** Computes a value here, and returns what will always stand for it. */
export function keep(scope: Scope, x: Node, type: Declare['register']['type']): Node {
  const isVariable = x.op === 'read' && x.home !== scope.graph.root
  const value = isVariable ? scope.graph.copy(x) : x
  scope.push({ kind: 'keep', value, splat: () => scope.splatOf(value, type) })
  return value
}

function assign(scope: Scope, statement: Assign): void {
  set(scope, statement, build(scope, statement.value))
}

/** Gives a register its value, which was built before. */
function set(scope: Scope, { register, value }: Assign, built: Built): void {
  const { slots, isVector } = scope.variablesOf(register)
  if (!isVector) {
    if (!isUniform(built)) throw new Error(`internal: register ${register.name} differs from lane to lane`)
    scope.push({ kind: 'set', slot: slots[0]!, value: built })
  } else {
    const copies = isUniform(built) ? copiesOf(scope, built, value.type) : built
    for (let i = 0; i < slots.length; i++) scope.push({ kind: 'set', slot: slots[i]!, value: copies[i]! })
  }
  scope.renew(register)
}

function check(scope: Scope, { ok, errors, code, value }: Check): void {
  const { graph } = scope
  const values = [buildUniform(scope, value)]
  const isOk = buildUniform(scope, ok)
  const first = buildUniform(scope, s.load(errors, s.int(0)))
  const failed = graph.op('i32.and', [graph.op('i32.eqz', [isOk]), graph.op('i32.eqz', [first])])
  const outer = scope.block.statements
  const before = outer.length
  store(scope, { kind: 'store', buffer: errors, index: s.int(0), value: s.int(code) })
  const register = { name: 'value', type: scalarType(errors.dtype) }
  scope.alias(register, values[0]!, null)
  store(scope, { kind: 'store', buffer: errors, index: s.int(1), value: s.register(register) })
  scope.push({ kind: 'check', failed, values, stores: outer.splice(before) })
}

// ── loops

function loop(scope: Scope, x: Loop): void {
  const range = { start: polyOf(scope, x.begin), end: polyOf(scope, x.end) }
  buildUniform(scope, x.begin)
  buildUniform(scope, x.end)
  if (x.mode === 'lanes' && scope.options.simd && scope.lanes === null) lanesLoop(scope, x, range)
  else countedLoop(scope, x, range, x.step, false, () => walk(scope, x.body))
}

export interface Range {
  readonly start: Poly
  readonly end: Poly
}

/**
 * A loop over the axis of `x`. `exact`: the distance is known to be a multiple of the step. One trip needs no loop.
 * In a lanes loop the lanes' context is set by `body`.
 */
export function countedLoop(
  scope: Scope,
  x: Loop,
  { start, end }: Range,
  step: number,
  exact: boolean,
  body: (counter: Poly) => void,
): void {
  const { graph } = scope
  const distance = subPoly(end, start)
  const trips = isInteger(distance) ? Math.max(0, Math.ceil(distance.constant / step)) : null
  if (trips === 0) return
  if (trips === 1) {
    scope.forget()
    scope.axes.set(x.axis, start)
    body(start)
    scope.forget()
    return
  }
  const stop = trips === null ? end : addPoly(start, polyOfInteger(trips * step))
  const preheader = graph.block('preheader', scope.block, null)
  const inside = graph.block('body', preheader, null)
  const counter = { name: x.axis.name, type: 'i32', local: null } as const
  const code: LoopCode = {
    counter,
    axis: graph.read(counter, inside),
    start,
    begin: nodeOfPoly(graph, start),
    end: nodeOfPoly(graph, stop),
    step,
    sure: trips !== null,
    exact: exact || trips !== null || step === 1,
    preheader,
    body: inside,
    pointers: [],
    control: null,
  }
  for (const block of [preheader, inside]) (block as { loop: LoopCode }).loop = code
  scope.axes.set(x.axis, polyOfNode(code.axis))
  scope.within(code, scope.effectsIn(x), () => body(polyOfNode(code.axis)))
}
