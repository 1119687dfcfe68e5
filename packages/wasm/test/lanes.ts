/**
 * Lanes: raw bytes ↔ lists of numbers, by shape ("i8x16", "f32x4"; "i64" is one lane).
 * Integers are unsigned bigints, floats are numbers.
 */
export type Lane = bigint | number

const parse = (shape: string) => {
  const match = /^([if])(\d+)(?:x(\d+))?$/.exec(shape)
  if (!match) throw new Error(`not a shape: ${shape}`)
  return { float: match[1] === 'f', bits: Number(match[2]), count: Number(match[3] ?? 1) }
}

export const isFloat = (shape: string) => parse(shape).float
export const bitsOf = (shape: string) => parse(shape).bits
export const countOf = (shape: string) => parse(shape).count

export function unpack(shape: string, bytes: Uint8Array): Lane[] {
  const { float, bits, count } = parse(shape)
  const view = new DataView(bytes.buffer, bytes.byteOffset)
  return Array.from({ length: count }, (_, i) => {
    const at = (i * bits) / 8
    if (float) return bits === 32 ? view.getFloat32(at, true) : view.getFloat64(at, true)
    if (bits === 8) return BigInt(view.getUint8(at))
    if (bits === 16) return BigInt(view.getUint16(at, true))
    return bits === 32 ? BigInt(view.getUint32(at, true)) : view.getBigUint64(at, true)
  })
}

export function pack(shape: string, lanes: readonly Lane[]): Uint8Array {
  const { float, bits } = parse(shape)
  const bytes = new Uint8Array(16)
  const view = new DataView(bytes.buffer)
  lanes.forEach((lane, i) => {
    const at = (i * bits) / 8
    if (float) bits === 32 ? view.setFloat32(at, Number(lane), true) : view.setFloat64(at, Number(lane), true)
    else if (bits === 8) view.setUint8(at, Number(BigInt.asUintN(8, BigInt(lane))))
    else if (bits === 16) view.setUint16(at, Number(BigInt.asUintN(16, BigInt(lane))), true)
    else if (bits === 32) view.setUint32(at, Number(BigInt.asUintN(32, BigInt(lane))), true)
    else view.setBigUint64(at, BigInt.asUintN(64, BigInt(lane)), true)
  })
  return bytes
}

/** Deterministic numbers in [0, 1) (mulberry32). */
export function randomSource(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

const floatEdges = [
  0,
  -0,
  1,
  -1,
  0.5,
  -0.5,
  1.5,
  2.5,
  -2.5,
  3.7,
  -3.7,
  127.5,
  255,
  1e-40,
  -1e-310,
  Infinity,
  -Infinity,
  NaN,
  2147483520,
  2147483647,
  2147483648,
  -2147483648,
  -2147483904,
  4294967040,
  4294967295.5,
  4294967296,
  2 ** 63,
  -(2 ** 63),
  2 ** 64,
  1e30,
  -1e30,
]

/** Lanes that are edge cases as often as not. */
export function randomLanes(shape: string, random: () => number): Lane[] {
  const { float, bits, count } = parse(shape)
  const top = 1n << BigInt(bits - 1)
  const integerEdges = [0n, 1n, 2n, top - 1n, top, top + 1n, 2n * top - 1n, 2n * top - 2n, top / 2n]
  const pick = <T>(from: readonly T[]) => from[Math.floor(random() * from.length)] as T
  return Array.from({ length: count }, () => {
    if (random() < 0.5) return pick<Lane>(float ? floatEdges : integerEdges)
    if (float) return (random() - 0.5) * 10 ** Math.floor(random() * 12)
    return BigInt.asUintN(
      bits,
      BigInt(Math.floor(random() * 2 ** 32)) * 0x1_0000_0001n + BigInt(Math.floor(random() * 2 ** 32)),
    )
  })
}
