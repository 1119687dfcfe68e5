/**
 * What each scalar instruction is in JavaScript: text over the texts of its operands.
 *
 * int32 values are kept wrapped, bools are booleans, int64s are bigints. A float32 result is rounded by the caller
 * where the row says so.
 */
import type { InstructionName, ScalarType } from '@arignote/loops'

type Text = (a: string, b: string, c: string) => string

interface Row {
  /** By the type of the operand; of `select` by that of the branches. */
  readonly text: (type: ScalarType) => Text
  /** Whether a float32 result still has to be rounded. */
  readonly rounds: boolean
}

const exact = (text: Text): Row => ({ text: () => text, rounds: false })
const call = (name: string): Row => exact((...operands) => `${name}(${operands.filter(Boolean).join(', ')})`)
const comparison = (operator: string): Row => exact((a, b) => `(${a} ${operator} ${b})`)

/** A row by type: floats, int32, int64 and bool. */
function typed(
  float: Text | null,
  int32: Text | null,
  int64: Text | null = null,
  bool: Text | null = null,
): Row {
  const byType: Record<ScalarType, Text | null> = { float32: float, float64: float, int32, int64, bool }
  const text = (type: ScalarType) => {
    const found = byType[type]
    if (found === null) throw new Error(`internal: no JavaScript for this instruction on ${type}`)
    return found
  }
  return { text, rounds: true }
}

function arithmetic(operator: string): Row {
  return typed(
    (a, b) => `(${a} ${operator} ${b})`,
    (a, b) => `(${a} ${operator} ${b} | 0)`,
    (a, b) => `BigInt.asIntN(64, ${a} ${operator} ${b})`,
  )
}

function logic(operator: string, bool: Text): Row {
  const text: Text = (a, b) => `(${a} ${operator} ${b})`
  return typed(null, text, text, bool)
}

/** Division that gives 0 for a divisor of 0; a literal divisor needs no question. */
function division(operator: string): Row {
  return exact((a, b) =>
    /^[1-9]\d*$/.test(b) ? `(${a} ${operator} ${b} | 0)` : `(${b} === 0 ? 0 : ${a} ${operator} ${b} | 0)`,
  )
}

export const jsInstructions = {
  add: arithmetic('+'),
  sub: arithmetic('-'),
  mul: typed(
    (a, b) => `(${a} * ${b})`,
    (a, b) => `Math.imul(${a}, ${b})`,
    (a, b) => `BigInt.asIntN(64, ${a} * ${b})`,
  ),
  div: typed((a, b) => `(${a} / ${b})`, null),
  min: call('Math.min'),
  max: call('Math.max'),
  neg: exact(a => `(-${a})`),
  abs: call('Math.abs'),
  sqrt: typed(a => `Math.sqrt(${a})`, null),
  floor: call('Math.floor'),
  ceil: call('Math.ceil'),
  trunc: call('Math.trunc'),
  nearest: call('nearest'),
  mulAdd: typed((a, b, c) => `(${a} * ${b} + ${c})`, null),
  quot: division('/'),
  rem: division('%'),
  and: logic('&', (a, b) => `(${a} && ${b})`),
  or: logic('|', (a, b) => `(${a} || ${b})`),
  xor: logic('^', (a, b) => `(${a} !== ${b})`),
  not: exact(a => `!${a}`),
  shl: typed(
    null,
    (a, b) => `(${a} << ${b})`,
    (a, b) => `BigInt.asIntN(64, ${a} << BigInt(${b} & 63))`,
  ),
  shrS: typed(
    null,
    (a, b) => `(${a} >> ${b})`,
    (a, b) => `(${a} >> BigInt(${b} & 63))`,
  ),
  shrU: typed(
    null,
    (a, b) => `(${a} >>> ${b} | 0)`,
    (a, b) => `BigInt.asIntN(64, BigInt.asUintN(64, ${a}) >> BigInt(${b} & 63))`,
  ),
  eq: comparison('==='),
  ne: comparison('!=='),
  lt: comparison('<'),
  le: comparison('<='),
  gt: comparison('>'),
  ge: comparison('>='),
  select: exact((condition, a, b) => `(${condition} ? ${a} : ${b})`),
  toFloat32: typed(
    a => a,
    a => a,
    null,
    a => `(${a} ? 1 : 0)`,
  ),
  toFloat64: typed(
    a => a,
    a => a,
    null,
    a => `(${a} ? 1 : 0)`,
  ),
  toInt32: typed(
    a => `(Math.max(-2147483648, Math.min(2147483647, ${a})) | 0)`,
    null,
    a => `Number(BigInt.asIntN(32, ${a}))`,
    a => `(${a} ? 1 : 0)`,
  ),
  toInt64: exact(a => `BigInt(${a})`),
  bitsOf32: call('bitsOf32'),
  bitsOf64: call('bitsOf64'),
  fromBits32: call('fromBits32'),
  fromBits64: call('fromBits64'),
} as const satisfies Record<InstructionName, Row>

/** The names that generated code may call besides JavaScript's own. */
export const bits = (() => {
  const bytes = new ArrayBuffer(8)
  const views = [
    new Float32Array(bytes),
    new Float64Array(bytes),
    new Int32Array(bytes),
    new BigInt64Array(bytes),
  ] as const
  const [float32, float64, int32, int64] = views
  return {
    bitsOf32(x: number): number {
      float32[0] = x
      return int32[0]!
    },
    bitsOf64(x: number): bigint {
      float64[0] = x
      return int64[0]!
    },
    fromBits32(x: number): number {
      int32[0] = x
      return float32[0]!
    },
    fromBits64(x: bigint): number {
      int64[0] = x
      return float64[0]!
    },
  }
})()
