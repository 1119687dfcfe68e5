/**
 * Memory: loads and stores of scalars, of neighbouring elements as vectors, and of scattered elements lane by lane.
 *
 * An 8-bit element is widened when loaded and narrowed when stored; a bool is a mask in vectors and 0 or 1 in memory.
 */
import { type BufferParam, bytesOf, type DType, type Scalar, type Store } from '@arignote/loops'
import type { OpName } from '@arignote/wasm'
import { type Block, deeper, type Node } from './node.js'
import { addPoly, coefficientIn, homeOf, isInteger, keyOf, type Poly, polyOfNode, scalePoly } from './poly.js'
import { type Built, isUniform, type LaneContext, type Scope } from './scope.js'
import { build, buildVectors, polyAtLane, polyOf } from './value.js'
import { bytesOfWords } from './vectors.js'

const scalarLoads = {
  bool: 'i32.load8_u',
  uint8: 'i32.load8_u',
  int32: 'i32.load',
  float32: 'f32.load',
  float64: 'f64.load',
} as const satisfies Record<DType, OpName>

const scalarStores = {
  bool: 'i32.store8',
  uint8: 'i32.store8',
  int32: 'i32.store',
  float32: 'f32.store',
  float64: 'f64.store',
} as const satisfies Record<DType, OpName>

/** Where the elements of a trip lie. */
type Layout = 'uniform' | 'forward' | 'backward' | 'scattered'

function addressOf(scope: Scope, buffer: BufferParam, index: Scalar): Poly {
  const poly = polyOf(scope, index)
  return addPoly(polyOfNode(scope.params.get(buffer)!), scalePoly(poly, bytesOf(buffer.dtype)))
}

function layoutOf(scope: Scope, buffer: BufferParam, address: Poly): Layout {
  const { lanes, laneIndices } = scope
  if (lanes === null) return 'uniform'
  if (laneIndices.size > 0) {
    for (const { factors } of address.terms.list)
      if (factors.some(x => laneIndices.has(x))) return 'scattered'
  }
  const coefficient = coefficientIn(address, lanes.symbol)
  if (coefficient === null || !isInteger(coefficient)) return 'scattered'
  const stride = coefficient.constant * lanes.step
  const bytes = bytesOf(buffer.dtype)
  return stride === 0
    ? 'uniform'
    : stride === bytes
      ? 'forward'
      : stride === -bytes
        ? 'backward'
        : 'scattered'
}

// ── loads

export function loadScalar(scope: Scope, { buffer, index }: Scalar & { kind: 'load' }): Built {
  const address = addressOf(scope, buffer, index)
  const layout = layoutOf(scope, buffer, address)
  if (layout === 'uniform') return loadOne(scope, buffer, address)
  const lanes = scope.lanes!
  return Array.from({ length: lanes.jam }, (_, copy) => {
    if (layout === 'scattered') return gather(scope, buffer, address, copy * lanes.lanes)
    // The lowest of the elements is the last one if they lie backward.
    const first = copy * lanes.lanes + (layout === 'forward' ? 0 : lanes.lanes - 1)
    const vector = loadRow(scope, buffer, polyAtLane(scope, address, first), lanes)
    return layout === 'forward' ? vector : reversed(scope, buffer.dtype, vector, lanes)
  })
}

function loadOne(scope: Scope, buffer: BufferParam, address: Poly): Node {
  const node = access(scope, scalarLoads[buffer.dtype], buffer, address)
  return buffer.dtype === 'bool' ? scope.graph.op('i32.ne', [node, scope.graph.int(0)]) : node
}

/** Neighbouring elements as one vector. */
function loadRow(scope: Scope, buffer: BufferParam, address: Poly, { lanes }: LaneContext): Node {
  const { graph } = scope
  const load = (op: OpName) => access(scope, op, buffer, address)
  switch (buffer.dtype) {
    case 'float64':
      return load('v128.load')
    case 'float32':
    case 'int32':
      return load(lanes === 4 ? 'v128.load' : 'v128.load64_zero')
    default: {
      const bytes = lanes === 4 ? load('v128.load32_zero') : graph.op('i32x4.splat', [load('i32.load16_u')])
      const words = graph.op('i32x4.extend_low_i16x8_u', [graph.op('i16x8.extend_low_i8x16_u', [bytes])])
      return buffer.dtype === 'bool' ? maskOf(scope, words, lanes) : words
    }
  }
}

function maskOf(scope: Scope, words: Node, lanes: 2 | 4): Node {
  const mask = scope.graph.op('i32x4.ne', [words, scope.graph.vector(new Int32Array(4))])
  return lanes === 4 ? mask : scope.graph.op('i64x2.extend_low_i32x4_s', [mask])
}

function reversed(scope: Scope, dtype: DType, x: Node, { lanes }: LaneContext): Node {
  const isWide = lanes === 2 && (dtype === 'float64' || dtype === 'bool')
  const order = lanes === 4 ? [3, 2, 1, 0] : isWide ? [2, 3, 0, 1] : [1, 0, 1, 0]
  return scope.graph.op('i8x16.shuffle', [x, x], bytesOfWords(order))
}

/** Elements from anywhere, lane by lane. */
function gather(scope: Scope, buffer: BufferParam, address: Poly, first: number): Node {
  const { graph } = scope
  const { lanes } = scope.lanes!
  const { dtype } = buffer
  const at = (lane: number) => polyAtLane(scope, address, first + lane)
  if (dtype === 'bool' || dtype === 'uint8') {
    let words = graph.op('i32x4.splat', [access(scope, 'i32.load8_u', buffer, at(0))])
    for (let lane = 1; lane < lanes; lane++) {
      words = graph.op('i32x4.replace_lane', [words, access(scope, 'i32.load8_u', buffer, at(lane))], lane)
    }
    return dtype === 'bool' ? maskOf(scope, words, lanes) : words
  }
  const width = dtype === 'float64' ? 64 : 32
  let vector = access(scope, `v128.load${width}_zero`, buffer, at(0))
  for (let lane = 1; lane < lanes; lane++) {
    vector = access(scope, `v128.load${width}_lane`, buffer, at(lane), { into: vector, lane })
  }
  return vector
}

/** A load at home in the outermost block where its address is known, its contents are, and it is sure to be executed. */
function access(
  scope: Scope,
  op: OpName,
  buffer: BufferParam,
  address: Poly,
  one: { readonly into: Node; readonly lane: number } | null = null,
): Node {
  const { graph, block } = scope
  const { version, home: written } = scope.memory(buffer)
  const key = `${op} ${keyOf(address.terms)}${address.constant} v${version}${one === null ? '' : ` ${one.into.id} ${one.lane}`}`
  return graph.load(key, block, () => {
    let home = homeOf(address.terms, deeper(written, surely(block)))
    if (one !== null) home = deeper(home, one.into.home)
    const group = scope.addresses.group(address, home)
    const operands = one === null ? [group.node] : [group.node, one.into]
    const type = op.startsWith('v128') ? 'v128' : scalarTypes[op.slice(0, 3)]!
    const lane = one === null ? null : one.lane
    const align = bytesOf(buffer.dtype)
    return graph.access(op, type, operands, home, { group, at: address.constant, lane, align })
  })
}

const scalarTypes: Record<string, 'i32' | 'f32' | 'f64'> = { i32: 'i32', f32: 'f32', f64: 'f64' }

/** The outermost block that is not entered without `block` being entered too. */
function surely(block: Block): Block {
  let at = block
  while (at.parent !== null && (at.kind === 'body' || at.loop!.sure)) at = at.parent
  return at
}

// ── stores

export function store(scope: Scope, { buffer, index, value }: Store): void {
  const address = addressOf(scope, buffer, index)
  const layout = layoutOf(scope, buffer, address)
  if (layout === 'uniform') {
    const built = build(scope, value)
    if (!isUniform(built)) throw new Error(`internal: all lanes store to one element of ${buffer.name}`)
    put(scope, scalarStores[buffer.dtype], buffer, address, built, null)
  } else {
    const vectors = buildVectors(scope, value)
    const lanes = scope.lanes!
    for (let copy = 0; copy < lanes.jam; copy++) {
      const first = copy * lanes.lanes
      const x = vectors[copy]!
      if (layout === 'scattered') scatter(scope, buffer, address, first, x)
      else if (layout === 'forward') storeRow(scope, buffer, polyAtLane(scope, address, first), x, lanes)
      else {
        const lowest = polyAtLane(scope, address, first + lanes.lanes - 1)
        storeRow(scope, buffer, lowest, reversed(scope, buffer.dtype, x, lanes), lanes)
      }
    }
  }
  scope.wrote(buffer)
}

function put(
  scope: Scope,
  op: OpName,
  buffer: BufferParam,
  address: Poly,
  value: Node,
  lane: number | null,
): void {
  const group = scope.addresses.group(address, scope.block)
  const align = bytesOf(buffer.dtype)
  scope.push({ kind: 'store', op, address: group.node, value, group, at: address.constant, lane, align })
}

/** The register of a bool or uint8 as words whose low bytes are to be stored. */
function wordsOf(scope: Scope, dtype: DType, x: Node): Node {
  return dtype === 'bool' ? scope.graph.op('v128.and', [x, scope.graph.vector(new Int32Array(4).fill(1))]) : x
}

function storeRow(scope: Scope, buffer: BufferParam, address: Poly, x: Node, { lanes }: LaneContext): void {
  const { dtype } = buffer
  if (dtype === 'float64' || (lanes === 4 && dtype !== 'bool' && dtype !== 'uint8')) {
    put(scope, 'v128.store', buffer, address, x, null)
    return
  }
  if (dtype === 'float32' || dtype === 'int32') {
    put(scope, 'v128.store64_lane', buffer, address, x, 0)
    return
  }
  const words = wordsOf(scope, dtype, x)
  const pitch = lanes === 2 && dtype === 'bool' ? 8 : 4
  const order = Array.from({ length: 16 }, (_, i) => (i % lanes) * pitch)
  const bytes = scope.graph.op('i8x16.shuffle', [words, words], order)
  put(scope, lanes === 4 ? 'v128.store32_lane' : 'v128.store16_lane', buffer, address, bytes, 0)
}

function scatter(scope: Scope, buffer: BufferParam, address: Poly, first: number, x: Node): void {
  const { dtype } = buffer
  const { lanes } = scope.lanes!
  const isByte = dtype === 'bool' || dtype === 'uint8'
  const words = isByte ? wordsOf(scope, dtype, x) : x
  const op = isByte ? 'v128.store8_lane' : dtype === 'float64' ? 'v128.store64_lane' : 'v128.store32_lane'
  const pitch = !isByte ? 1 : lanes === 2 && dtype === 'bool' ? 8 : 4
  for (let lane = 0; lane < lanes; lane++) {
    put(scope, op, buffer, polyAtLane(scope, address, first + lane), words, lane * pitch)
  }
}
