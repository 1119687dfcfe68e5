/**
 * Vectors: how values of each type lie in 4 lanes, or in 2 where a loop holds 64-bit values.
 *
 * With 2 lanes float32 and int32 live in the low half of a vector, whatever the high half holds. A bool is a mask as wide
 * as a lane: 32 bits of 4, 64 bits of 2.
 */
import type { ScalarType } from '@arignote/loops'
import type { Graph } from './graph.js'
import type { Node } from './node.js'

export type Lanes = 2 | 4

// ── masks of two lanes are twice as wide as the 32-bit values they choose between

/** The byte indices of a shuffle that moves whole 32-bit words. */
export const bytesOfWords = (words: readonly number[]) =>
  words.flatMap(w => [4 * w, 4 * w + 1, 4 * w + 2, 4 * w + 3])

/** Words 0 and 2 become 0 and 1. */
export function narrow(graph: Graph, x: Node): Node {
  if (x.op === 'i64x2.extend_low_i32x4_s') return x.operands[0]!
  return graph.op('i8x16.shuffle', [x, x], bytesOfWords([0, 2, 0, 2]))
}

export const widen = (graph: Graph, x: Node) => graph.op('i64x2.extend_low_i32x4_s', [x])

// ── constants, splats, single lanes

/** A vector with the same constant in every lane. */
export function constantVector(graph: Graph, type: ScalarType, value: number): Node {
  switch (type) {
    case 'float32':
      return graph.vector(new Float32Array(4).fill(value))
    case 'float64':
      return graph.vector(new Float64Array(2).fill(value))
    case 'int32':
      return graph.vector(new Int32Array(4).fill(value))
    case 'int64':
      return graph.vector(new BigInt64Array(2).fill(BigInt(value)))
    case 'bool':
      return graph.vector(new Int32Array(4).fill(value === 0 ? 0 : -1))
  }
}

export function splat(graph: Graph, type: ScalarType, x: Node): Node {
  if (x.op.endsWith('.const')) return constantVector(graph, type, Number(x.immediates[0]))
  switch (type) {
    case 'float32':
      return graph.op('f32x4.splat', [x])
    case 'float64':
      return graph.op('f64x2.splat', [x])
    case 'int32':
      return graph.op('i32x4.splat', [x])
    case 'int64':
      return graph.op('i64x2.splat', [x])
    case 'bool':
      return graph.op('i32x4.splat', [graph.sub(graph.int(0), x)])
  }
}

/** The value of one lane as a scalar. */
export function extractLane(graph: Graph, type: ScalarType, x: Node, lane: number, lanes: Lanes): Node {
  switch (type) {
    case 'float32':
      return graph.op('f32x4.extract_lane', [x], lane)
    case 'float64':
      return graph.op('f64x2.extract_lane', [x], lane)
    case 'int32':
      return graph.op('i32x4.extract_lane', [x], lane)
    case 'int64':
      return graph.op('i64x2.extract_lane', [x], lane)
    case 'bool': {
      const word = graph.op('i32x4.extract_lane', [x], lanes === 4 ? lane : 2 * lane)
      return graph.op('i32.and', [word, graph.int(1)])
    }
  }
}
