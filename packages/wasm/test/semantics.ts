// biome-ignore-all lint/complexity/useMathMinMax: Math takes no bigints, and pmin is not Math.min
/**
 * Semantics: what each instruction means, from its name alone.
 *
 * Written from the specification's text, lane by lane over exact integers, and without a
 * look at the table: that independence is what catches a wrong byte in it.
 */
import { bitsOf, countOf, isFloat, type Lane, pack, unpack } from './lanes.js'

/** The lanes of a result, by the shape they are compared in. */
export type Outcome = { shape: string; lanes: readonly Lane[] }

/** The instruction traps. */
export class Trap extends Error {}

const signed = (x: bigint, bits: number) => BigInt.asIntN(bits, x)
const clamp = (x: bigint, low: bigint, high: bigint) => (x < low ? low : x > high ? high : x)
const saturate = (x: bigint, bits: number, sign: string) => {
  const size = BigInt(bits)
  return sign === 's'
    ? clamp(x, -(1n << (size - 1n)), (1n << (size - 1n)) - 1n)
    : clamp(x, 0n, (1n << size) - 1n)
}
const widen = (x: Lane, bits: number, sign: string) =>
  sign === 's' ? signed(x as bigint, bits) : (x as bigint)
const ones = (x: bigint) => [...x.toString(2)].filter(bit => bit === '1').length

type Integer = (a: bigint, b: bigint, bits: number) => bigint

const integerOps: Record<string, Integer> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  and: (a, b) => a & b,
  or: (a, b) => a | b,
  xor: (a, b) => a ^ b,
  shl: (a, b, n) => a << (b % BigInt(n)),
  shr_u: (a, b, n) => a >> (b % BigInt(n)),
  shr_s: (a, b, n) => signed(a, n) >> (b % BigInt(n)),
  rotl: (a, b, n) => (a << (b % BigInt(n))) | (a >> (BigInt(n) - (b % BigInt(n)))),
  rotr: (a, b, n) => (a >> (b % BigInt(n))) | (a << (BigInt(n) - (b % BigInt(n)))),
  div_u: (a, b) => a / nonZero(b),
  rem_u: (a, b) => a % nonZero(b),
  rem_s: (a, b, n) => signed(a, n) % nonZero(signed(b, n)),
  div_s: (a, b, n) => {
    const quotient = signed(a, n) / nonZero(signed(b, n))
    if (quotient === 1n << BigInt(n - 1)) throw new Trap()
    return quotient
  },
  add_sat_s: (a, b, n) => saturate(signed(a, n) + signed(b, n), n, 's'),
  add_sat_u: (a, b, n) => saturate(a + b, n, 'u'),
  sub_sat_s: (a, b, n) => saturate(signed(a, n) - signed(b, n), n, 's'),
  sub_sat_u: (a, b, n) => saturate(a - b, n, 'u'),
  min_s: (a, b, n) => (signed(a, n) < signed(b, n) ? a : b),
  max_s: (a, b, n) => (signed(a, n) > signed(b, n) ? a : b),
  min_u: (a, b) => (a < b ? a : b),
  max_u: (a, b) => (a > b ? a : b),
  avgr_u: (a, b) => (a + b + 1n) / 2n,
  q15mulr_sat_s: (a, b) => saturate((signed(a, 16) * signed(b, 16) + 0x4000n) >> 15n, 16, 's'),
  clz: (a, _, n) => BigInt(a === 0n ? n : n - a.toString(2).length),
  ctz: (a, _, n) => BigInt(a === 0n ? n : (/0*$/.exec(a.toString(2))?.[0].length ?? 0)),
  popcnt: a => BigInt(ones(a)),
  abs: (a, _, n) => (signed(a, n) < 0n ? -signed(a, n) : a),
  neg: a => -a,
  extend8_s: a => signed(a, 8),
  extend16_s: a => signed(a, 16),
  extend32_s: a => signed(a, 32),
}

const integerTests: Record<string, (a: bigint, b: bigint, bits: number) => boolean> = {
  eqz: a => a === 0n,
  eq: (a, b) => a === b,
  ne: (a, b) => a !== b,
  lt_s: (a, b, n) => signed(a, n) < signed(b, n),
  lt_u: (a, b) => a < b,
  gt_s: (a, b, n) => signed(a, n) > signed(b, n),
  gt_u: (a, b) => a > b,
  le_s: (a, b, n) => signed(a, n) <= signed(b, n),
  le_u: (a, b) => a <= b,
  ge_s: (a, b, n) => signed(a, n) >= signed(b, n),
  ge_u: (a, b) => a >= b,
}

const signBit = (x: number) => x < 0 || Object.is(x, -0)
const nearest = (x: number) => {
  if (!Number.isFinite(x) || Math.abs(x) >= 2 ** 52) return x
  const low = Math.floor(x)
  const up = x - low > 0.5 || (x - low === 0.5 && low % 2 !== 0)
  return signBit(x) ? -Math.abs(up ? low + 1 : low) : up ? low + 1 : low
}

const floatOps: Record<string, (a: number, b: number) => number> = {
  abs: Math.abs,
  neg: a => -a,
  ceil: Math.ceil,
  floor: Math.floor,
  trunc: Math.trunc,
  nearest,
  sqrt: Math.sqrt,
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  min: (a, b) => Math.min(a, b),
  max: (a, b) => Math.max(a, b),
  pmin: (a, b) => (b < a ? b : a),
  pmax: (a, b) => (a < b ? b : a),
  copysign: (a, b) => (signBit(a) === signBit(b) ? a : -a),
}

const floatTests: Record<string, (a: number, b: number) => boolean> = {
  eq: (a, b) => a === b,
  ne: (a, b) => a !== b,
  lt: (a, b) => a < b,
  gt: (a, b) => a > b,
  le: (a, b) => a <= b,
  ge: (a, b) => a >= b,
}

/** The result of an instruction on operands given as raw bytes. */
export function evaluate(name: string, operands: readonly Uint8Array[], immediate?: unknown): Outcome {
  const [shape, op] = name.split('.') as [string, string]
  const read = (i: number, as: string) => unpack(as, operands[i] as Uint8Array)
  return (
    bitwise(name, read) ??
    special(shape, op, read, immediate) ??
    convert(shape, op, read) ??
    relaxed(shape, op, read) ??
    laneWise(shape, op, read, operands)
  )
}

type Read = (operand: number, as: string) => Lane[]

function laneWise(shape: string, op: string, read: Read, operands: readonly Uint8Array[]): Outcome {
  const bits = bitsOf(shape)
  const vector = countOf(shape) > 1
  const a = read(0, shape)
  const shifts = vector && /^sh[lr]/.test(op)
  const b = shifts ? a.map(() => read(1, 'i32')[0] as Lane) : operands[1] ? read(1, shape) : a
  const truth = (value: boolean) => (value ? (vector ? (1n << BigInt(bits)) - 1n : 1n) : 0n)
  const map = (as: string, f: (a: never, b: never, bits: number) => Lane): Outcome => ({
    shape: as,
    lanes: a.map((x, i) => f(x as never, b[i] as never, bits)),
  })
  const test = (isFloat(shape) ? floatTests : integerTests)[op] as Integer | undefined
  if (test) return map(vector ? shape.replace('f', 'i') : 'i32', (x, y, n) => truth(Boolean(test(x, y, n))))
  const apply = (isFloat(shape) ? floatOps : integerOps)[op] as Integer | undefined
  if (!apply) throw new Error(`no meaning known for ${shape}.${op}`)
  return map(shape, apply)
}

function bitwise(name: string, read: Read): Outcome | undefined {
  if (!name.startsWith('v128.')) return undefined
  const [a = 0n] = join(read(0, 'i64x2'))
  const wide = (i: number) => join(read(i, 'i64x2'))[0] as bigint
  const all = (1n << 128n) - 1n
  const results: Record<string, () => bigint> = {
    'v128.not': () => a ^ all,
    'v128.and': () => a & wide(1),
    'v128.andnot': () => a & (wide(1) ^ all),
    'v128.or': () => a | wide(1),
    'v128.xor': () => a ^ wide(1),
    'v128.bitselect': () => (a & wide(2)) | (wide(1) & (wide(2) ^ all)),
  }
  if (name === 'v128.any_true') return { shape: 'i32', lanes: [a === 0n ? 0n : 1n] }
  const result = results[name]?.()
  return result === undefined
    ? undefined
    : { shape: 'i64x2', lanes: [result & ((1n << 64n) - 1n), result >> 64n] }
}

const join = (lanes: readonly Lane[]) => [(lanes[0] as bigint) | ((lanes[1] as bigint) << 64n)]

function special(shape: string, op: string, read: Read, immediate: unknown): Outcome | undefined {
  const count = countOf(shape)
  const bits = bitsOf(shape)
  const scalar = isFloat(shape) ? `f${bits}` : bits === 64 ? 'i64' : 'i32'
  const [base = '', side, from = '', sign = 's'] = /^(extend|extmul)_(low|high)_(i\d+x\d+)_([su])$/
    .exec(op)
    ?.slice(1) ??
    /^(extadd_pairwise|narrow)()_(i\d+x\d+)_([su])$/.exec(op)?.slice(1) ?? [op]
  const wide = (i: number) => read(i, from).map(x => widen(x, bitsOf(from), sign))
  const half = (i: number) =>
    wide(i)
      .slice(side === 'high' ? count : 0)
      .slice(0, count)
  switch (base) {
    case 'extend':
      return { shape, lanes: half(0) }
    case 'extmul':
      return { shape, lanes: half(0).map((x, i) => x * (half(1)[i] as bigint)) }
    case 'extadd_pairwise':
      return { shape, lanes: pairs(wide(0)).map(([x, y]) => x + y) }
    case 'narrow': {
      const all = [0, 1].flatMap(i => read(i, from)).map(x => signed(x as bigint, bitsOf(from)))
      return { shape, lanes: all.map(x => saturate(x, bits, sign)) }
    }
    case 'dot_i16x8_s': {
      const a = read(0, 'i16x8').map(x => signed(x as bigint, 16))
      const b = read(1, 'i16x8').map(x => signed(x as bigint, 16))
      return { shape, lanes: pairs(a.map((x, i) => x * (b[i] as bigint))).map(([x, y]) => x + y) }
    }
    case 'swizzle': {
      const from = read(0, shape)
      return { shape, lanes: read(1, shape).map(i => from[Number(i)] ?? 0n) }
    }
    case 'shuffle': {
      const from = [...read(0, shape), ...read(1, shape)]
      return { shape, lanes: (immediate as number[]).map(i => from[i] as Lane) }
    }
    case 'splat':
      return { shape, lanes: Array.from({ length: count }, () => read(0, scalar)[0] as Lane) }
    case 'extract_lane':
    case 'extract_lane_u':
      return { shape: scalar, lanes: [read(0, shape)[immediate as number] as Lane] }
    case 'extract_lane_s':
      return { shape: scalar, lanes: [signed(read(0, shape)[immediate as number] as bigint, bits)] }
    case 'replace_lane':
      return { shape, lanes: read(0, shape).with(immediate as number, read(1, scalar)[0] as Lane) }
    case 'all_true':
      return { shape: 'i32', lanes: [read(0, shape).every(x => x !== 0n) ? 1n : 0n] }
    case 'bitmask': {
      const top = (x: Lane) => (x as bigint) >> BigInt(bits - 1)
      return {
        shape: 'i32',
        lanes: [read(0, shape).reduce<bigint>((m, x, i) => m | (top(x) << BigInt(i)), 0n)],
      }
    }
    default:
      return undefined
  }
}

function convert(shape: string, op: string, read: Read): Outcome | undefined {
  const count = countOf(shape)
  const bits = bitsOf(shape)
  const resize = (lanes: Lane[]) =>
    Array.from({ length: count }, (_, i) => lanes[i] ?? (isFloat(shape) ? 0 : 0n))
  const [, base = '', from = '', sign = ''] =
    /^([a-z_]+?)_([if]\d+(?:x\d+)?)(?:_([su]))?(?:_zero)?$/.exec(op) ?? []
  switch (base) {
    case 'trunc_sat':
    case 'trunc':
      return {
        shape,
        lanes: resize(
          read(0, from).map(x => {
            const exact = toInteger(x as number)
            const result = saturate(exact ?? 0n, bits, sign)
            if (base === 'trunc' && result !== exact) throw new Trap()
            return result
          }),
        ),
      }
    case 'convert':
    case 'convert_low':
      return { shape, lanes: resize(read(0, from).map(x => Number(widen(x, bitsOf(from), sign)))) }
    case 'demote':
    case 'promote':
    case 'promote_low':
      return { shape, lanes: resize(read(0, from)) }
    case 'reinterpret':
      return { shape, lanes: read(0, shape) }
    case 'wrap':
      return { shape, lanes: read(0, from) }
    case 'extend':
      return { shape, lanes: [widen(read(0, from)[0] as Lane, bitsOf(from), sign)] }
    default:
      return undefined
  }
}

/** Beyond every integer type an infinity is as good as any large number; NaN is none. */
function toInteger(x: number): bigint | undefined {
  if (Number.isNaN(x)) return undefined
  return Number.isFinite(x) ? BigInt(Math.trunc(x)) : BigInt(Math.sign(x)) << 200n
}

/** On operands for which the specification leaves no choice. */
function relaxed(shape: string, op: string, read: Read): Outcome | undefined {
  if (!op.startsWith('relaxed_')) return undefined
  const base = op.slice('relaxed_'.length)
  const floats = (i: number) => read(i, shape) as number[]
  const zip = <T>(f: (...lanes: never[]) => T) =>
    read(0, shape).map((x, i) => f(...([x, read(1, shape)[i]] as never[])))
  switch (base) {
    case 'swizzle':
    case 'min':
    case 'max':
      return evaluate(`${shape}.${base}`, [pack(shape, read(0, shape)), pack(shape, read(1, shape))])
    case 'q15mulr_s':
      return { shape, lanes: zip((a, b) => integerOps.q15mulr_sat_s?.(a, b, 16) ?? 0n) }
    case 'madd':
    case 'nmadd': {
      const sign = base === 'madd' ? 1 : -1
      // Small integers over a power of two: the product is exact, fused or not.
      return {
        shape,
        lanes: floats(0).map((a, i) => sign * a * (floats(1)[i] as number) + (floats(2)[i] as number)),
      }
    }
    case 'laneselect':
      return {
        shape,
        lanes: read(0, shape).map((a, i) => (read(2, shape)[i] === 0n ? (read(1, shape)[i] as Lane) : a)),
      }
    case 'dot_i8x16_i7x16_s':
    case 'dot_i8x16_i7x16_add_s': {
      const b = read(1, 'i8x16') as bigint[]
      const products = read(0, 'i8x16').map((x, i) => signed(x as bigint, 8) * (b[i] as bigint))
      const sums = pairs(products).map(([x, y]) => x + y)
      if (base === 'dot_i8x16_i7x16_s') return { shape, lanes: sums }
      const c = read(2, shape) as bigint[]
      return { shape, lanes: pairs(sums).map(([x, y], i) => x + y + (c[i] as bigint)) }
    }
    default:
      return convert(shape, base.replace('trunc_', 'trunc_sat_'), read)
  }
}

function nonZero(x: bigint): bigint {
  if (x === 0n) throw new Trap()
  return x
}

function pairs(lanes: readonly bigint[]): [bigint, bigint][] {
  return Array.from({ length: lanes.length / 2 }, (_, i) => [
    lanes[2 * i] as bigint,
    lanes[2 * i + 1] as bigint,
  ])
}
