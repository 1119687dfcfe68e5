/**
 * The contraction's register tile, by engine. Measured on V8 (x64, 15 vector registers for us):
 *
 * separate mul + add                      4 rows × 2 vectors
 * fused, and V8 moves loads up (Node 20)  3 × 3
 * fused, newer                            6 × 2
 */
import type { Target } from '../backend.js'

type Tile = Pick<Target, 'tileRows' | 'tileVectors'>

export function tileOf(simd: boolean, fused: boolean): Tile {
  if (!simd || !fused) return { tileRows: 4, tileVectors: 2 }
  return isNew() ? { tileRows: 6, tileVectors: 2 } : { tileRows: 3, tileVectors: 3 }
}

/** Engines that keep the order of loads are about as old as those with garbage-collected types: asks for an empty struct. */
function isNew(): boolean {
  const header = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00]
  const types = [0x01, 0x03, 0x01, 0x5f, 0x00]
  return WebAssembly.validate(Uint8Array.from([...header, ...types]))
}
