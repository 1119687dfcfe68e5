/**
 * Lanes loops: up to three passes over a range — jammed vectors, single vectors, and what is left one by one.
 *
 *     begin            begin+n₁           begin+n₂   end
 *       │ jam·lanes each  │  lanes each      │ 1 each │        n₁ = n − n mod (jam·lanes), n₂ = n − n mod lanes
 *
 * A fold runs in vectors that start at its identity. Afterwards copy after copy is combined, then lane after lane, and the
 * result with what the registers held: an order that depends on nothing but the length.
 */
import type { Fold, Loop, Register, Scalar } from '@arignote/loops'
import { varyingOf } from './effects.js'
import type { Node, Slot } from './node.js'
import {
  addPoly,
  isInteger,
  nodeOfPoly,
  type Poly,
  polyOfInteger,
  polyOfNode,
  scalePoly,
  subPoly,
} from './poly.js'
import { isUniform, type LaneContext, type RegisterState, type Scope, type Variables } from './scope.js'
import { simdTable } from './simd.js'
import { countedLoop, keep, type Range, walk } from './statements.js'
import { build, buildVectors } from './value.js'
import { extractLane, type Lanes } from './vectors.js'

export function lanesLoop(scope: Scope, x: Loop, range: Range): void {
  const { registers, lanes } = varyingOf(x, scope.expansions)
  const count = countOf(x, range)
  const jam = count === null ? x.jam : Math.min(x.jam, Math.max(1, Math.floor(count / lanes)))
  const cuts = [
    cut(scope, range, x.step, count, jam * lanes),
    cut(scope, range, x.step, count, lanes),
  ] as const
  const symbol = scope.graph.lanes(scope.block)
  const table = simdTable(lanes, scope.options.fused)
  const contextOf = (copies: number, counter: Poly): LaneContext => {
    return { axis: x.axis, lanes, table, jam: copies, step: x.step, registers, symbol, counter }
  }
  const pass = (start: Poly, end: Poly, copies: number) =>
    countedLoop(scope, x, { start, end }, x.step * copies * lanes, true, counter => {
      scope.lanes = contextOf(copies, counter)
      walk(scope, x.body)
      scope.lanes = null
    })

  const folding = x.folds.length > 0 && (count === null || count >= lanes)
  const held = folding ? startFolds(scope, x.folds, contextOf(jam, polyOfInteger(0))) : null
  pass(range.start, cuts[0], jam)
  if (jam > 1) {
    if (folding) joinCopies(scope, x.folds, contextOf(1, polyOfInteger(0)), jam)
    pass(cuts[0], cuts[1], 1)
  }
  if (held !== null) joinLanes(scope, x.folds, held, lanes)
  countedLoop(scope, x, { start: cuts[1], end: range.end }, x.step, x.step === 1, () => walk(scope, x.body))
}

/** The number of iterations where it is known. */
function countOf({ step }: Loop, { start, end }: Range): number | null {
  const distance = subPoly(end, start)
  return isInteger(distance) ? Math.max(0, Math.ceil(distance.constant / step)) : null
}

/** Where a pass ends that takes `width` iterations at a time. */
function cut(scope: Scope, { start, end }: Range, step: number, count: number | null, width: number): Poly {
  if (count !== null) return addPoly(start, polyOfInteger((count - (count % width)) * step))
  const { graph } = scope
  const distance = nodeOfPoly(graph, addPoly(subPoly(end, start), polyOfInteger(step - 1)))
  const n = step === 1 ? distance : graph.op('i32.div_s', [distance, graph.int(step)])
  const rest = graph.op('i32.rem_s', [n, graph.int(width)])
  return addPoly(start, scalePoly(polyOfNode(graph.sub(n, rest)), step))
}

// ── folds

/** Gives the registers of folds vectors that start at the identity; returns what they were bound to. */
function startFolds(scope: Scope, folds: readonly Fold[], context: LaneContext): Map<Register, Variables> {
  const held = new Map<Register, Variables>()
  scope.lanes = context
  for (const { registers, identity } of folds) {
    const starts = identity.map(x => buildVectors(scope, x))
    for (const [i, register] of registers.entries()) {
      held.set(register, scope.variablesOf(register))
      const { slots } = scope.variables(register, context.jam)
      slots.forEach((slot, j) => {
        scope.push({ kind: 'set', slot, value: starts[i]![j]! })
      })
      scope.renew(register)
    }
  }
  scope.lanes = null
  scope.forget()
  return held
}

/** Combines all copies into the first, which alone is left. */
function joinCopies(scope: Scope, folds: readonly Fold[], context: LaneContext, jam: number): void {
  for (const fold of folds) {
    const states = fold.registers.map(register => scope.variablesOf(register))
    const bindFirst = () => {
      for (const [i, register] of fold.registers.entries()) scope.bind(register, [states[i]!.slots[0]!], true)
    }
    bindFirst()
    for (let copy = 1; copy < jam; copy++) {
      scope.forget()
      for (const [i, other] of fold.others.entries()) {
        scope.registers.set(other, { built: [vectorOf(states[i]!, copy)], poly: null })
      }
      scope.lanes = context
      const combined = fold.combine.map(x => buildVectors(scope, x))
      scope.lanes = null
      setAll(
        scope,
        fold.registers.map((register, i) => {
          return { register, slot: states[i]!.slots[0]!, value: combined[i]![0]! }
        }),
      )
      bindFirst()
    }
  }
  scope.forget()
}

function vectorOf({ built }: RegisterState, copy: number) {
  if (isUniform(built)) throw new Error('internal: a fold needs vectors')
  return built[copy]!
}

/** Combines lane after lane, and the result into what the registers held before. */
function joinLanes(
  scope: Scope,
  folds: readonly Fold[],
  held: ReadonlyMap<Register, Variables>,
  lanes: Lanes,
): void {
  for (const fold of folds) {
    const vectors = fold.registers.map(register => vectorOf(scope.registers.get(register)!, 0))
    const laneOf = (lane: number) =>
      vectors.map((x, i) => extractLane(scope.graph, fold.registers[i]!.type, x, lane, lanes))
    let total = laneOf(0)
    for (let lane = 1; lane < lanes; lane++) total = combine(scope, fold, total, laneOf(lane))
    for (const register of fold.registers) {
      const { slots } = held.get(register)!
      scope.bind(register, slots, false)
    }
    const before = fold.registers.map(register => build(scope, asScalar(register)))
    const sum = combine(scope, fold, before as Node[], total)
    for (const register of fold.registers) {
      scope.bind(register, held.get(register)!.slots, false)
    }
    setAll(
      scope,
      fold.registers.map((register, i) => {
        return { register, slot: held.get(register)!.slots[0]!, value: sum[i]! }
      }),
    )
    for (const register of fold.registers) scope.renew(register)
  }
  scope.forget()
}

const asScalar = (register: Register): Scalar => ({ kind: 'register', type: register.type, register })

/** combine(a, b) of scalars. */
function combine(scope: Scope, fold: Fold, a: readonly Node[], b: readonly Node[]): Node[] {
  scope.forget()
  for (const [i, register] of fold.registers.entries()) {
    scope.registers.set(register, { built: a[i]!, poly: null })
  }
  for (const [i, other] of fold.others.entries()) {
    scope.registers.set(other, { built: b[i]!, poly: null })
  }
  const combined = fold.combine.map(x => build(scope, x) as Node)
  scope.forget()
  return combined
}

interface Change {
  readonly register: Register
  readonly slot: Slot
  readonly value: Node
}

/** Several registers change at once: all values are computed before the first is set. */
function setAll(scope: Scope, changes: readonly Change[]): void {
  const values = changes.map(({ value, register }) => keep(scope, value, register.type))
  for (const [i, { slot }] of changes.entries()) scope.push({ kind: 'set', slot, value: values[i]! })
}
