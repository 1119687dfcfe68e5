/**
 * The scalar instructions as WebAssembly: for every instruction and every type that it accepts, a node.
 *
 * bool is an i32 that is 0 or 1. Nothing here traps: integer divisions are guarded.
 */
import type { InstructionName, instructions, ScalarType } from '@arignote/loops'
import type { OpName, ValueType } from '@arignote/wasm'
import type { Graph } from './graph.js'
import { integerOf, type Node } from './node.js'

export type Emit = (graph: Graph, operands: readonly Node[]) => Node

/** A row for every instruction, with an entry for every type that it accepts. */
export type Table = {
  readonly [N in InstructionName]: { readonly [T in (typeof instructions)[N]['accepts'][number]]: Emit }
}

/** The WebAssembly type of a register. */
export const valueTypes = {
  float32: 'f32',
  float64: 'f64',
  int32: 'i32',
  int64: 'i64',
  bool: 'i32',
} as const satisfies Record<ScalarType, ValueType>

export function constantNode(graph: Graph, type: ScalarType, value: number): Node {
  switch (type) {
    case 'bool':
      return graph.int(value === 0 ? 0 : 1)
    case 'int64':
      return graph.constant('i64.const', BigInt(value))
    case 'int32':
      return graph.int(value)
    case 'float32':
      return graph.constant('f32.const', Math.fround(value))
    case 'float64':
      return graph.constant('f64.const', value)
  }
}

const op =
  (name: OpName): Emit =>
  (graph, operands) =>
    graph.op(name, operands)

const same: Emit = (_graph, [x]) => x!

const floats = (
  name: 'div' | 'min' | 'max' | 'neg' | 'abs' | 'sqrt' | 'floor' | 'ceil' | 'trunc' | 'nearest',
) => ({
  float32: op(`f32.${name}`),
  float64: op(`f64.${name}`),
})

const arithmetic = (name: 'add' | 'sub' | 'mul') => ({
  float32: op(`f32.${name}`),
  float64: op(`f64.${name}`),
  int32: ((graph, [a, b]) => graph[name](a!, b!)) as Emit,
  int64: op(`i64.${name}`),
})

const bits = (name: 'and' | 'or' | 'xor') => ({
  int32: op(`i32.${name}`),
  int64: op(`i64.${name}`),
  bool: op(`i32.${name}`),
})

const comparison = (name: 'lt' | 'le' | 'gt' | 'ge') => ({
  float32: op(`f32.${name}`),
  float64: op(`f64.${name}`),
  int32: op(`i32.${name}_s`),
})

const equality = (name: 'eq' | 'ne') => ({
  float32: op(`f32.${name}`),
  float64: op(`f64.${name}`),
  int32: op(`i32.${name}`),
  int64: op(`i64.${name}`),
})

const shift = (name: 'shl' | 'shr_s' | 'shr_u') => ({
  int32: op(`i32.${name}`),
  int64: ((graph, [x, count]) => graph.op(`i64.${name}`, [x!, count64(graph, count!)])) as Emit,
})

function count64(graph: Graph, count: Node): Node {
  const known = integerOf(count)
  return known === null
    ? graph.op('i64.extend_i32_u', [count])
    : graph.constant('i64.const', BigInt(known & 63))
}

const multiplyAdd = (type: 'f32' | 'f64'): Emit => {
  return (graph, [a, b, c]) => graph.op(`${type}.add`, [graph.op(`${type}.mul`, [a!, b!]), c!])
}

const extreme = (comparison: 'i32.lt_s' | 'i32.gt_s'): Emit => {
  return (graph, [a, b]) => graph.select(graph.op(comparison, [a!, b!]), a!, b!)
}

/** a / b; a / 0 = 0; a / −1 wraps. For b in {−1, 0} the quotient is a·b, and 1 is divided by instead. */
const quotient: Emit = (graph, [a, b]) => {
  const { divisor, isOdd } = guarded(graph, b!)
  const plain = graph.op('i32.div_s', [a!, divisor])
  return isOdd === null ? plain : graph.select(isOdd, graph.mul(a!, b!), plain)
}

/** a % b; a % 0 = a % −1 = a % 1 = 0. */
const remainder: Emit = (graph, [a, b]) => graph.op('i32.rem_s', [a!, guarded(graph, b!).divisor])

function guarded(graph: Graph, b: Node): { divisor: Node; isOdd: Node | null } {
  const known = integerOf(b)
  if (known !== null && known !== 0 && known !== -1) return { divisor: b, isOdd: null }
  const isOdd = graph.op('i32.lt_u', [graph.add(b, graph.int(1)), graph.int(2)])
  return { divisor: graph.select(isOdd, graph.int(1), b), isOdd }
}

const choice: Emit = (graph, [condition, a, b]) => graph.select(condition!, a!, b!)

export const scalarTable = {
  add: arithmetic('add'),
  sub: arithmetic('sub'),
  mul: arithmetic('mul'),
  div: floats('div'),
  min: { ...floats('min'), int32: extreme('i32.lt_s') },
  max: { ...floats('max'), int32: extreme('i32.gt_s') },
  neg: floats('neg'),
  abs: floats('abs'),
  sqrt: floats('sqrt'),
  floor: floats('floor'),
  ceil: floats('ceil'),
  trunc: floats('trunc'),
  nearest: floats('nearest'),
  mulAdd: { float32: multiplyAdd('f32'), float64: multiplyAdd('f64') },
  quot: { int32: quotient },
  rem: { int32: remainder },
  and: bits('and'),
  or: bits('or'),
  xor: bits('xor'),
  not: { bool: op('i32.eqz') },
  shl: shift('shl'),
  shrS: shift('shr_s'),
  shrU: shift('shr_u'),
  eq: equality('eq'),
  ne: equality('ne'),
  lt: comparison('lt'),
  le: comparison('le'),
  gt: comparison('gt'),
  ge: comparison('ge'),
  select: { float32: choice, float64: choice, int32: choice, int64: choice, bool: choice },
  toFloat32: { float64: op('f32.demote_f64'), int32: op('f32.convert_i32_s'), bool: op('f32.convert_i32_s') },
  toFloat64: {
    float32: op('f64.promote_f32'),
    int32: op('f64.convert_i32_s'),
    bool: op('f64.convert_i32_s'),
  },
  toInt32: {
    float32: op('i32.trunc_sat_f32_s'),
    float64: op('i32.trunc_sat_f64_s'),
    int64: op('i32.wrap_i64'),
    bool: same,
  },
  toInt64: { int32: op('i64.extend_i32_s') },
  bitsOf32: { float32: op('i32.reinterpret_f32') },
  bitsOf64: { float64: op('i64.reinterpret_f64') },
  fromBits32: { int32: op('f32.reinterpret_i32') },
  fromBits64: { int64: op('f64.reinterpret_i64') },
} as const satisfies Table
