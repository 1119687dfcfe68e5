/**
 * The expression behind a stored value: what is computed on the way (interior) and what is read from memory (leaves).
 */
import type { Apply, Variable } from '@arignote/graph'
import { type Scalar, s, scalarType } from '@arignote/loops'
import type { Changeable } from './changeable.js'
import type { Place } from './program.js'

export type PlaceOf = (v: Variable) => Place | null

export interface Leaf {
  readonly variable: Variable
  /** Read at the very index that is stored: through maps only. */
  readonly pointwise: boolean
}

export interface Expression {
  /** Each with whether it is made at the very index that is stored. */
  readonly interior: ReadonlyMap<Variable, boolean>
  readonly leaves: readonly Leaf[]
}

/** Walks down from a value to what has a place. The value itself is computed, even if it has a place. */
export function expressionOf(placeOf: PlaceOf, value: Variable, computed: boolean): Expression {
  if (!computed) return reading(value)
  const interior = new Map<Variable, boolean>([[value, true]])
  const leaves = new Map<Variable, Changeable<Leaf>>()
  const stack: Variable[] = [value]
  while (stack.length > 0) {
    const v = stack.pop()!
    const node = v.owner
    if (node === null) throw new Error(`internal: ${v.name ?? 'an input'} has no place`)
    const pointwise = interior.get(v)! && isElementwise(node)
    for (let i = 0; i < node.inputs.length; i++) {
      const input = node.inputs[i]!
      const leaf = leaves.get(input)
      if (leaf !== undefined) {
        leaf.pointwise &&= pointwise
        continue
      }
      const before = interior.get(input)
      if (before === false || before === pointwise) continue
      if (before === undefined && placeOf(input) !== null) leaves.set(input, { variable: input, pointwise })
      else {
        interior.set(input, pointwise)
        stack.push(input)
      }
    }
  }
  return { interior, leaves: [...leaves.values()] }
}

/** Nothing is computed. */
export function reading(value: Variable): Expression {
  return { interior: new Map(), leaves: [{ variable: value, pointwise: true }] }
}

/**
 * Whether every element depends only on elements at its own index (and on scalars), so that axes may be merged. Whatever
 * `anchor` reads is not looked at.
 */
export function isPointwise({ interior, leaves }: Expression, anchor: Apply | null = null): boolean {
  for (const { variable, pointwise } of leaves)
    if (!pointwise && variable.ndim > 0 && !anchor?.inputs.includes(variable)) return false
  for (const v of interior.keys()) {
    const node = v.owner!
    if (node === anchor || isElementwise(node) || repeatedScalar(v) !== null) continue
    if (node.op.family.kind !== 'source' || node.op.family.flat !== true) return false
  }
  return true
}

/** Each element is made from the elements at its own index. */
function isElementwise({ op }: Apply): boolean {
  return op.family.kind === 'map' || op.family.kind === 'effect'
}

/** The scalar that every element of a chain of views is: views that only lay elements out, so that all are the one. */
export function repeatedScalar(v: Variable): Variable | null {
  let source = v
  while (source.ndim > 0) {
    const node = source.owner
    if (node?.op.family.kind !== 'view' || node.op.family.strided === undefined) return null
    source = node.inputs[0]!
  }
  return source
}

/** About how many instructions an element of a map costs, by what its body is built from. */
export function nodeCost(node: Apply): number {
  switch (node.op.family.kind) {
    case 'map':
      return mapCost(node).instructions
    case 'effect':
      return 0
    case 'gather':
      return 3
    case 'view':
      return node.op.family.assemble !== undefined || node.op.family.strided === undefined ? 3 : 0
    default:
      return 1
  }
}

/** A map of plain instructions, without a transcendental function. */
export function isPlainMap(node: Apply): boolean {
  return node.op.family.kind === 'map' && mapCost(node).isPlain
}

interface MapCost {
  readonly instructions: number
  readonly isPlain: boolean
}

const costs = new WeakMap<object, Map<string, MapCost>>()
const transcendental = 12
const division = 4

function mapCost(node: Apply): MapCost {
  const family = node.op.family
  if (family.kind !== 'map') return { instructions: 1, isPlain: false }
  const { inputs } = node
  let key = ''
  for (let i = 0; i < inputs.length; i++) key += `${inputs[i]!.dtype} `
  let table = costs.get(node.op)
  if (table === undefined) {
    table = new Map()
    costs.set(node.op, table)
  }
  let cost = table.get(key)
  if (cost === undefined) {
    const args = inputs.map((v, i): Scalar => s.register({ name: `x${i}`, type: scalarType(v.dtype) }))
    cost = scalarCost(family.body(args, node.params, node.outputs[0]!.type))
    table.set(key, cost)
  }
  return cost
}

function scalarCost(root: Scalar): MapCost {
  const seen = new Set<Scalar>()
  const stack = [root]
  let cost = 0
  let isPlain = true
  while (stack.length > 0) {
    const x = stack.pop()!
    if (seen.has(x)) continue
    seen.add(x)
    if (x.kind === 'intrinsic') {
      cost += transcendental
      isPlain = false
    } else if (x.kind === 'instruction')
      cost += x.name === 'div' || x.name === 'sqrt' || x.name === 'quot' || x.name === 'rem' ? division : 1
    if (x.kind === 'intrinsic' || x.kind === 'instruction') stack.push(...x.args)
  }
  return { instructions: cost, isPlain }
}
