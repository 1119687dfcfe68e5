/**
 * Values: scalars  →  nodes, in a scope. Nothing recurses but indices inside indices.
 */
import {
  type InstructionName,
  isLeaf,
  type Leaf,
  operandsOf,
  type Scalar,
  type ScalarType,
} from '@arignote/loops'
import { constantNode, type Emit, scalarTable } from './instructions.js'
import { correction } from './large-arguments.js'
import { loadScalar } from './memory.js'
import type { Node } from './node.js'
import {
  addPoly,
  mulPoly,
  nodeOfPoly,
  type Poly,
  polyOfInteger,
  polyOfNode,
  subPoly,
  substitute,
} from './poly.js'
import { type Built, isUniform, type Scope } from './scope.js'
import { extractLane } from './vectors.js'

/** The value of a scalar where the scope stands. */
export function build(scope: Scope, root: Scalar): Built {
  const there = scope.built.get(root)
  return there ?? (isLeaf(root) ? buildLeaf(scope, root) : buildTree(scope, root))
}

function buildTree(scope: Scope, root: Scalar): Built {
  const { built, volatile, pending } = scope
  const base = pending.length
  pending.push(root)
  while (pending.length > base) {
    const ready = pending.length
    const x = pending[ready - 1]!
    if (built.has(x)) {
      pending.pop()
      continue
    }
    const operands = operandsIn(scope, x)
    for (let i = operands.length - 1; i >= 0; i--) {
      const operand = operands[i]!
      if (!built.has(operand) && !isLeaf(operand)) pending.push(operand)
    }
    if (pending.length > ready) continue
    pending.pop()
    built.set(x, buildOne(scope, x))
    if (isVolatile(scope, x) || (volatile.size > 0 && operands.some(y => volatile.has(y)))) volatile.add(x)
  }
  return built.get(root)!
}

function buildLeaf(scope: Scope, x: Leaf): Built {
  const value = buildOne(scope, x)
  scope.built.set(x, value)
  if (isVolatile(scope, x)) scope.volatile.add(x)
  return value
}

/** The value of an operand that is built, or a leaf. */
function builtOf(scope: Scope, x: Scalar): Built {
  return scope.built.get(x) ?? buildLeaf(scope, x as Leaf)
}

const nothing: readonly Scalar[] = []

/** A load's index is no operand: it becomes an address. An intrinsic's argument may have folded away in its expansion. */
function operandsIn(scope: Scope, x: Scalar): readonly Scalar[] {
  if (x.kind === 'intrinsic') return [scope.expansions.of(x), ...x.args]
  return x.kind === 'instruction' ? x.args : nothing
}

export function buildUniform(scope: Scope, scalar: Scalar): Node {
  const built = build(scope, scalar)
  if (!isUniform(built)) throw new Error('internal: a value must be the same in every lane')
  return built
}

/** One vector for each jammed copy. */
export function buildVectors(scope: Scope, scalar: Scalar): readonly Node[] {
  const built = build(scope, scalar)
  return isUniform(built) ? copiesOf(scope, built, scalar.type) : built
}

export function copiesOf(scope: Scope, x: Node, type: ScalarType): readonly Node[] {
  return new Array<Node>(scope.lanes!.jam).fill(scope.splat(x, type))
}

function isVolatile(scope: Scope, x: Scalar): boolean {
  if (x.kind === 'register') return scope.mutable.has(x.register)
  return x.kind === 'load' && !isSteady(scope, x)
}

/** Whether a load gives the same value all through the block: neither its buffer nor its index can change. */
function isSteady(scope: Scope, x: Scalar & { kind: 'load' }): boolean {
  if (scope.written.has(x.buffer)) return false
  const stack: Scalar[] = [x.index]
  for (let budget = 64; stack.length > 0; budget--) {
    const y = stack.pop()!
    if (budget === 0 || (y.kind === 'register' && scope.mutable.has(y.register))) return false
    if (y.kind === 'load' && scope.written.has(y.buffer)) return false
    stack.push(...(y.kind === 'intrinsic' ? y.args : operandsOf(y)))
  }
  return true
}

function buildOne(scope: Scope, x: Scalar): Built {
  switch (x.kind) {
    case 'const':
      return constantNode(scope.graph, x.type, x.value)
    case 'size':
      return scope.params.get(x.size)!
    case 'axis':
      return scope.lanes?.axis === x.axis
        ? laneNumbers(scope)
        : nodeOfPoly(scope.graph, scope.axes.get(x.axis)!)
    case 'register': {
      const state = scope.registers.get(x.register)
      if (state === undefined) throw new Error(`internal: register ${x.register.name} is not declared`)
      return state.built
    }
    case 'load':
      return loadScalar(scope, x)
    case 'intrinsic':
      return corrected(scope, x)
    case 'instruction':
      return instruction(scope, x)
  }
}

/** What the expansion gives, but for arguments that are too large for it. */
function corrected(scope: Scope, x: Scalar & { kind: 'intrinsic' }): Built {
  const { graph, lanes } = scope
  const value = builtOf(scope, scope.expansions.of(x))
  if (isUniform(value)) {
    const target = correction(x.name, x.type, 1)
    return target === null ? value : graph.call(target, [value, builtOf(scope, x.args[0]!) as Node])
  }
  const target = correction(x.name, x.type, lanes!.lanes)
  const argument = builtOf(scope, x.args[0]!) as readonly Node[]
  return target === null ? value : value.map((v, copy) => graph.call(target, [v, argument[copy]!]))
}

function instruction(scope: Scope, { name, args }: Scalar & { kind: 'instruction' }): Built {
  const { graph, lanes } = scope
  const type = name === 'select' ? args[1]!.type : args[0]!.type
  const operands = new Array<Built>(args.length)
  let uniform = true
  for (let i = 0; i < args.length; i++) {
    const x = builtOf(scope, args[i]!)
    operands[i] = x
    uniform &&= isUniform(x)
  }
  if (uniform) return emitterOf(scalarTable[name], name, type)(graph, operands as Node[])
  const { jam } = lanes!
  const emit = emitterOf(lanes!.table[name], name, type)
  const isShift = name === 'shl' || name === 'shrS' || name === 'shrU'
  if (isShift && !isUniform(operands[1]!)) {
    throw new Error('internal: a shift count must be the same in every lane')
  }
  const vectors = new Array<Node>(jam)
  for (let copy = 0; copy < jam; copy++) {
    const column = new Array<Node>(args.length)
    for (let i = 0; i < args.length; i++) {
      const x = operands[i]!
      if (!isUniform(x)) column[i] = x[copy]!
      else column[i] = isShift && i === 1 ? x : scope.splat(x, args[i]!.type)
    }
    vectors[copy] = emit(graph, column)
  }
  return vectors
}

function emitterOf(
  row: { readonly [T in ScalarType]?: Emit },
  name: InstructionName,
  type: ScalarType,
): Emit {
  const emit = row[type]
  if (emit === undefined) throw new Error(`internal: ${name} is not defined for ${type}`)
  return emit
}

/** The axis of the lanes loop as data. */
function laneNumbers(scope: Scope): readonly Node[] {
  const { lanes, jam, step, counter } = scope.lanes!
  const first = scope.graph
  const base = nodeOfPoly(first, counter)
  return Array.from({ length: jam }, (_, copy) => {
    const offsets = Int32Array.from({ length: 4 }, (_, lane) => (copy * lanes + (lane % lanes)) * step)
    return first.op('i32x4.add', [scope.splat(base, 'int32'), first.vector(offsets)])
  })
}

const deepest = 100

/** An int32 scalar as a polynomial over uniform nodes, the symbol of the lanes axis, and indices of lanes. */
export function polyOf(scope: Scope, x: Scalar, depth = 0): Poly {
  switch (x.kind) {
    case 'const':
      return polyOfInteger(x.value)
    case 'axis':
      return scope.lanes?.axis === x.axis ? polyOfNode(scope.lanes.symbol) : scope.axes.get(x.axis)!
    case 'register': {
      const poly = scope.registers.get(x.register)?.poly
      if (poly != null) return poly
      break
    }
    case 'instruction': {
      const poly = depth < deepest ? polyOfInstruction(scope, x, depth + 1) : null
      if (poly !== null) return poly
    }
  }
  const built = build(scope, x)
  return isUniform(built) ? polyOfNode(built) : scope.laneIndex(x, built)
}

function polyOfInstruction(
  scope: Scope,
  { name, args }: Scalar & { kind: 'instruction' },
  depth: number,
): Poly | null {
  const operand = (i: number) => polyOf(scope, args[i]!, depth)
  switch (name) {
    case 'add':
      return addPoly(operand(0), operand(1))
    case 'sub':
      return subPoly(operand(0), operand(1))
    case 'mul':
      return mulPoly(operand(0), operand(1))
    case 'shl':
      return args[1]!.kind === 'const' ? mulPoly(operand(0), polyOfInteger(1 << args[1]!.value)) : null
    default:
      return null
  }
}

/** The same polynomial for one lane: of the `n`-th position of a trip. */
export function polyAtLane(scope: Scope, poly: Poly, n: number): Poly {
  const { symbol, step, counter } = scope.lanes!
  const result = scope.laneIndices.size === 0 ? poly : withoutLaneIndices(scope, poly, n)
  return inPlaceOf(result, symbol, n === 0 ? counter : addPoly(counter, polyOfInteger(n * step)))
}

function withoutLaneIndices(scope: Scope, poly: Poly, n: number): Poly {
  const { lanes } = scope.lanes!
  let result = poly
  for (const factor of new Set(poly.terms.list.flatMap(term => term.factors))) {
    const index = scope.laneIndices.get(factor)
    if (index === undefined) continue
    const node =
      buildAtLane(scope, index.scalar, n) ??
      extractLane(scope.graph, 'int32', index.copies[Math.floor(n / lanes)]!, n % lanes, lanes)
    result = inPlaceOf(result, factor, polyOfNode(node))
  }
  return result
}

function inPlaceOf(poly: Poly, x: Node, by: Poly): Poly {
  const result = substitute(poly, x, by)
  if (result === null) throw new Error('internal: an index is too unwieldy')
  return result
}

const cheap = 12

/** A small scalar evaluated for one lane by scalar instructions; null where it depends on vectors in registers. */
function buildAtLane(scope: Scope, scalar: Scalar, n: number): Node | null {
  const { lanes } = scope
  const stack: Scalar[] = [scalar]
  for (let size = 0; stack.length > 0; size++) {
    const x = stack.pop()!
    if (size > cheap || (x.kind === 'register' && lanes!.registers.has(x.register))) return null
    if (x.kind === 'register' && !isUniform(scope.registers.get(x.register)!.built)) return null
    stack.push(...operandsOf(x))
  }
  const { built, volatile } = scope
  const { axis, counter, step } = lanes!
  scope.built = new Map()
  scope.volatile = new Set()
  scope.lanes = null
  scope.axes.set(axis, addPoly(counter, polyOfInteger(n * step)))
  const node = buildUniform(scope, scalar)
  scope.axes.delete(axis)
  scope.lanes = lanes
  scope.built = built
  scope.volatile = volatile
  return node
}
