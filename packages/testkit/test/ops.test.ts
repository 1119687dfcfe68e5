import { compile, verifyGrad } from '@arignote/compiler'
import * as graph from '@arignote/graph'
import { cast, type NdArray, type Op, type Tensor, tensor, type Variable } from '@arignote/graph'
import { type DType, dtypeInfo, dtypes, isFloat } from '@arignote/loops'
import { describe, expect, test } from '@jest/globals'
import { modes } from '../src/index.js'
import { type Meaning, meanings, notTested } from './elementwise.js'

type Builder = (...args: Variable[]) => Variable

const builders = graph as unknown as Record<string, Builder & { readonly op?: Op }>

const specials = [
  0, -0, 1, -1, 0.5, -0.5, 1.5, 2.5, -2.5, 3.7, -3.7, 10, -10, 1e-8, -1e-8, 1e-30, 88.5, -88.5, 104, -104,
  1e5, -1e5,
]
const infinite = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN]
const nasty: Record<DType, readonly number[]> = {
  float64: [
    ...specials,
    710,
    -746,
    1e300,
    -1e300,
    Number.MAX_VALUE,
    2 ** -1022,
    Number.MIN_VALUE,
    -Number.MIN_VALUE,
    ...infinite,
  ],
  float32: [
    ...specials.map(Math.fround),
    3.4028234663852886e38,
    -3.4028234663852886e38,
    2 ** -126,
    2 ** -149,
    -(2 ** -149),
    ...infinite,
  ],
  int32: [0, 1, -1, 2, -2, 3, 7, -7, 100, 46341, 65536, 2 ** 31 - 1, -(2 ** 31)],
  uint8: [0, 1, 2, 3, 7, 16, 127, 128, 200, 255],
  bool: [0, 1],
}

/** The number as an element of the dtype. */
function rounded(value: number, dtype: DType): number {
  if (dtype === 'bool') return Number(value !== 0 && value !== -2)
  const cell = new dtypeInfo[dtype].array(1)
  cell[0] = isFloat(dtype) ? value : Number(BigInt.asIntN(32, BigInt(value)))
  return cell[0]!
}

/** Within a few units in the last place; denormal results may be lost. */
function isClose(actual: number, expected: number, dtype: DType, absolute: number): boolean {
  if (Object.is(actual, expected) || actual === expected) return true
  if (!isFloat(dtype)) return false
  const [relative, tiny] = dtype === 'float32' ? [1e-6, 2 ** -126] : [2e-14, 2 ** -1022]
  return Math.abs(actual - expected) <= relative * Math.abs(expected) + tiny + absolute
}

const absoluteOf = ({ absolute = 0 }: Meaning, x: number) =>
  typeof absolute === 'number' ? absolute : absolute(x)

const arityOf = (meaning: Meaning) => meaning.value.length || 2

/** Every combination of the values, one list per operand. */
function combinations(values: readonly number[], arity: number): number[][] {
  const columns: number[][] = Array.from({ length: arity }, () => [])
  for (let i = 0; i < values.length ** arity; i++) {
    for (let k = 0; k < arity; k++)
      columns[k]!.push(values[Math.floor(i / values.length ** k) % values.length]!)
  }
  return columns
}

function expectedOf(meaning: Meaning, xs: readonly number[], from: DType, to: DType): number | null {
  const [x, y] = xs as [number, number]
  if (meaning.domain?.(x, y) === false) return null
  const f = isFloat(from) || isFloat(to) ? meaning.value : (meaning.integer ?? meaning.value)
  // Where an integer makes a float, it is one first.
  const operands = !isFloat(from) && isFloat(to) ? xs.map(Math.fround) : xs
  const value = (f as (...values: readonly number[]) => number)(...operands)
  return Number.isFinite(value) || isFloat(to) ? rounded(value, to) : null
}

/** The operations that take the dtype, as builders over inputs of it. */
function applicable(names: readonly string[], inputs: readonly Variable[]): Record<string, Variable> {
  const outputs: Record<string, Variable> = {}
  for (const name of names) {
    try {
      outputs[name] = builders[name]!(...inputs)
    } catch (error) {
      if (!(error instanceof graph.DTypeError)) throw error
    }
  }
  return outputs
}

const names = Object.keys(meanings).filter(name => typeof builders[name] === 'function')

test('every elementwise operation has a row', () => {
  const maps = Object.keys(builders).filter(name => builders[name]?.op?.family?.kind === 'map')
  expect(maps.filter(name => !(name in meanings) && !notTested.includes(name))).toEqual([])
  expect(Object.keys(meanings).filter(name => !names.includes(name))).toEqual([])
})

describe.each(dtypes)('elementwise operations on %s', dtype => {
  describe.each([1, 2, 3])('of %i operands', arity => {
    const columns = combinations(arity === 3 ? nasty[dtype].slice(0, 14) : nasty[dtype], arity)
    const inputs = columns.map((_, i) => tensor(`x${i}`, { dtype, shape: [null] }))
    const outputs = applicable(
      names.filter(name => arityOf(meanings[name]!) === arity),
      inputs,
    )

    test.each(modes)('$name', ({ options }) => {
      const results = compile(inputs, outputs, options)(...columns) as Record<string, NdArray>
      const wrong: string[] = []
      for (const [name, { data }] of Object.entries(results)) {
        const meaning = meanings[name]!
        const to = outputs[name]!.dtype
        for (let i = 0; i < data.length; i++) {
          const xs = columns.map(column => column[i]!)
          const expected = expectedOf(meaning, xs, dtype, to)
          if (expected === null || isClose(data[i]!, expected, to, absoluteOf(meaning, xs[0]!))) continue
          wrong.push(`${name}(${xs}) = ${data[i]}, expected ${expected}`)
        }
      }
      expect(wrong).toEqual([])
    })
  })
})

describe('the gradient of', () => {
  test.each(names.filter(name => meanings[name]!.points !== undefined))('%s', name => {
    const points = meanings[name]!.points!.map(x => Float64Array.from(x))
    verifyGrad((...xs: Tensor<'float64', number>[]) => builders[name]!(...xs), points)
  })
})

describe('cast', () => {
  const values = [0, -0, 0.5, 1.9, -1.9, 255.5, 256, -1, 3e9, -3e9, Number.NaN, Number.POSITIVE_INFINITY]
  const fromFloat: Partial<Record<DType, readonly number[]>> = {
    int32: [0, 0, 0, 1, -1, 255, 256, -1, 2147483647, -2147483648, 0, 2147483647],
    uint8: [0, 0, 0, 1, 0, 255, 255, 0, 255, 0, 0, 255],
    bool: [0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1],
    float32: values.map(Math.fround),
  }

  test.each(modes)('$name', ({ options }) => {
    for (const from of ['float32', 'float64'] as const) {
      const x = tensor('x', { dtype: from, shape: [null] })
      for (const [to, expected] of Object.entries(fromFloat)) {
        const result = compile([x], cast(x, to as DType), options)(values)
        expect([to, ...result.data]).toEqual([to, ...expected])
      }
    }
    const i = tensor('i', { dtype: 'int32', shape: [null] })
    const numbers = [0, 1, -1, 255, 256, 2 ** 31 - 1, -(2 ** 31)]
    const wide = compile(
      [i],
      (['uint8', 'bool', 'float32', 'float64'] as const).map(to => cast(i, to)),
      options,
    )
    expect(wide(numbers).map(a => [...a.data])).toEqual([
      [0, 1, 255, 255, 0, 255, 0],
      [0, 1, 1, 1, 1, 1, 1],
      numbers.map(Math.fround),
      numbers,
    ])
  })
})
