/**
 * The instructions on vectors of 4 lanes or of 2 (see `vectors.ts`). Shift counts are scalars.
 */
import type { OpName } from '@arignote/wasm'
import type { Graph } from './graph.js'
import { type Emit, scalarTable, type Table } from './instructions.js'
import type { Node } from './node.js'
import { type Lanes, narrow, widen } from './vectors.js'

const op =
  (name: OpName): Emit =>
  (graph, operands) =>
    graph.op(name, operands)

const same: Emit = (_graph, [x]) => x!

const floats = (
  name: 'add' | 'sub' | 'mul' | 'div' | 'neg' | 'abs' | 'sqrt' | 'floor' | 'ceil' | 'trunc' | 'nearest',
) => ({
  float32: op(`f32x4.${name}`),
  float64: op(`f64x2.${name}`),
})

const arithmetic = (name: 'add' | 'sub' | 'mul') => ({
  ...floats(name),
  int32: op(`i32x4.${name}`),
  int64: op(`i64x2.${name}`),
})

const bits = (name: 'and' | 'or' | 'xor') => {
  const emit = op(`v128.${name}`)
  return { int32: emit, int64: emit, bool: emit }
}

const shift = (name: 'shl' | 'shr_s' | 'shr_u') => ({
  int32: op(`i32x4.${name}`),
  int64: op(`i64x2.${name}`),
})

/**
 * A constant bound costs one instruction instead of V8's six or so: pmax(x, c) = x < c ? c : x passes NaN on, and the signs of zeros
 * cannot go wrong unless c is the zero that wins over the other.
 */
const extreme = (name: 'min' | 'max', shape: 'f32x4' | 'f64x2'): Emit => {
  const wins = name === 'max' ? 0 : -0
  return (graph, [a, b]) => {
    const [x, c] = b!.op === 'v128.const' ? [a!, b!] : [b!, a!]
    const bound = c.op === 'v128.const' ? lowest(c, shape) : Number.NaN
    if (Number.isNaN(bound)) return graph.op(`${shape}.${name}`, [a!, b!])
    const chosen = graph.op(`${shape}.p${name}`, [x, c])
    if (!Object.is(bound, wins)) return chosen
    return name === 'max' ? graph.op(`${shape}.add`, [chosen, c]) : graph.op(`${shape}.${name}`, [a!, b!])
  }
}

function lowest(c: Node, shape: 'f32x4' | 'f64x2'): number {
  const { buffer, byteOffset } = c.immediates[0] as ArrayBufferView
  return (
    shape === 'f32x4' ? new Float32Array(buffer, byteOffset, 1) : new Float64Array(buffer, byteOffset, 1)
  )[0]!
}

const multiplyAdd = (shape: 'f32x4' | 'f64x2', fused: boolean): Emit => {
  if (fused) return op(`${shape}.relaxed_madd`)
  return (graph, [a, b, c]) => graph.op(`${shape}.add`, [graph.op(`${shape}.mul`, [a!, b!]), c!])
}

/** A choice by comparing the very two that are chosen from is what `pmin` and `pmax` do in one instruction. */
function choose(graph: Graph, mask: Node, a: Node, b: Node): Node {
  const shape = mask.op.startsWith('f32x4') ? 'f32x4' : 'f64x2'
  if (mask.op === `${shape}.lt` || mask.op === `${shape}.gt`) {
    const [x, y] = mask.operands
    const isLess = mask.op === `${shape}.lt`
    // a < b ? a : b is pmin(b, a), and b < a ? a : b is pmax(b, a).
    if (x === a && y === b) return graph.op(isLess ? `${shape}.pmin` : `${shape}.pmax`, [b, a])
    if (x === b && y === a) return graph.op(isLess ? `${shape}.pmax` : `${shape}.pmin`, [b, a])
  }
  return graph.op('v128.bitselect', [a, b, mask])
}

/** Lane by lane, by the scalar instruction. */
const lanewise = (name: 'quot' | 'rem', lanes: Lanes): Emit => {
  return (graph, [a, b]) => {
    const lane = (i: number) => {
      const operands = [a!, b!].map(x => constantLane(graph, x) ?? graph.op('i32x4.extract_lane', [x], i))
      return scalarTable[name].int32(graph, operands)
    }
    let result = graph.op('i32x4.splat', [lane(0)])
    for (let i = 1; i < lanes; i++) result = graph.op('i32x4.replace_lane', [result, lane(i)], i)
    return result
  }
}

/** The scalar of which a vector is the splat. */
function constantLane(graph: Graph, x: Node): Node | null {
  if (x.op === 'i32x4.splat') return x.operands[0]!
  if (x.op !== 'v128.const') return null
  const { buffer, byteOffset } = x.immediates[0] as ArrayBufferView
  const words = new Int32Array(buffer, byteOffset, 4)
  return words.every(word => word === words[0]) ? graph.int(words[0]!) : null
}

const one32 = (graph: Graph) => graph.vector(new Float32Array(4).fill(1))
const unit32 = (graph: Graph) => graph.vector(new Int32Array(4).fill(1))

function table(lanes: Lanes, fused: boolean): Table {
  const four = lanes === 4
  const mask32: (emit: Emit) => Emit = four
    ? emit => emit
    : emit => (graph, xs) => widen(graph, emit(graph, xs))
  const narrowed = (graph: Graph, mask: Node) => (four ? mask : narrow(graph, mask))
  const comparison = (name: 'lt' | 'le' | 'gt' | 'ge') => ({
    float32: mask32(op(`f32x4.${name}`)),
    float64: op(`f64x2.${name}`),
    int32: mask32(op(`i32x4.${name}_s`)),
  })
  const equality = (name: 'eq' | 'ne') => ({
    float32: mask32(op(`f32x4.${name}`)),
    float64: op(`f64x2.${name}`),
    int32: mask32(op(`i32x4.${name}`)),
    int64: op(`i64x2.${name}`),
  })
  const choose32: Emit = (graph, [mask, a, b]) => choose(graph, narrowed(graph, mask!), a!, b!)
  const choose64: Emit = (graph, [mask, a, b]) => choose(graph, mask!, a!, b!)
  return {
    add: arithmetic('add'),
    sub: arithmetic('sub'),
    mul: arithmetic('mul'),
    div: floats('div'),
    min: { float32: extreme('min', 'f32x4'), float64: extreme('min', 'f64x2'), int32: op('i32x4.min_s') },
    max: { float32: extreme('max', 'f32x4'), float64: extreme('max', 'f64x2'), int32: op('i32x4.max_s') },
    neg: floats('neg'),
    abs: floats('abs'),
    sqrt: floats('sqrt'),
    floor: floats('floor'),
    ceil: floats('ceil'),
    trunc: floats('trunc'),
    nearest: floats('nearest'),
    mulAdd: { float32: multiplyAdd('f32x4', fused), float64: multiplyAdd('f64x2', fused) },
    quot: { int32: lanewise('quot', lanes) },
    rem: { int32: lanewise('rem', lanes) },
    and: bits('and'),
    or: bits('or'),
    xor: bits('xor'),
    not: { bool: op('v128.not') },
    shl: shift('shl'),
    shrS: shift('shr_s'),
    shrU: shift('shr_u'),
    eq: equality('eq'),
    ne: equality('ne'),
    lt: comparison('lt'),
    le: comparison('le'),
    gt: comparison('gt'),
    ge: comparison('ge'),
    select: { float32: choose32, float64: choose64, int32: choose32, int64: choose64, bool: choose64 },
    toFloat32: {
      float64: op('f32x4.demote_f64x2_zero'),
      int32: op('f32x4.convert_i32x4_s'),
      bool: (graph, [mask]) => graph.op('v128.and', [narrowed(graph, mask!), one32(graph)]),
    },
    toFloat64: {
      float32: op('f64x2.promote_low_f32x4'),
      int32: op('f64x2.convert_low_i32x4_s'),
      bool: (graph, [mask]) => graph.op('v128.and', [mask!, graph.vector(new Float64Array(2).fill(1))]),
    },
    toInt32: {
      float32: op('i32x4.trunc_sat_f32x4_s'),
      float64: op('i32x4.trunc_sat_f64x2_s_zero'),
      int64: (graph, [x]) => narrow(graph, x!),
      bool: (graph, [mask]) => graph.op('v128.and', [narrowed(graph, mask!), unit32(graph)]),
    },
    toInt64: { int32: op('i64x2.extend_low_i32x4_s') },
    bitsOf32: { float32: same },
    bitsOf64: { float64: same },
    fromBits32: { int32: same },
    fromBits64: { int64: same },
  } satisfies Table
}

const made: { readonly [L in Lanes]: Partial<Record<'plain' | 'fused', Table>> } = { 2: {}, 4: {} }

export function simdTable(lanes: Lanes, fused: boolean): Table {
  const key = fused ? 'fused' : 'plain'
  made[lanes][key] ??= table(lanes, fused)
  return made[lanes][key]
}
