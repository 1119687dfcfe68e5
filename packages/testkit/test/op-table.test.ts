/**
 * Every op, from its definition: its type, agreement of all back ends at ordinary and at nasty values and without any, and its
 * gradient in both float dtypes. An op without a case fails.
 */
import { join } from 'node:path'
import { compile, verifyGrad } from '@arignote/compiler'
import * as graph from '@arignote/graph'
import {
  grad,
  mul,
  type NdArray,
  ndarrayOf,
  printType,
  sum,
  type Tensor,
  tensor,
  topologicalOrder,
  type Value,
  type Variable,
} from '@arignote/graph'
import { allocate, type DType, dtypes, isFloat } from '@arignote/loops'
import { describe, expect, test } from '@jest/globals'
import { mismatch, modes, readFiles } from '../src/index.js'
import { meanings } from './elementwise.js'
import { type OpCase, opCases, testedElsewhere } from './op-cases.js'

const root = join(__dirname, '../../..')

describe('every op has a case', () => {
  /** The names of all ops, as the sources of the graph package spell them. */
  const definition =
    /\b(?:(?:unary|binary|floatUnary|floatBinary|comparison|predicate|rounding|bitwise|discrete|identity)(?:<[^(]*>)?|reduction<[^(]*>|routineOp<[^(]*>)\(\s*'(\w+)'|^ {2}name: '(\w+)'/gm
  const sources = readFiles(root, ['packages/graph/src'], path => path.endsWith('.ts'))
  const names = [...sources.values()].flatMap(text => [...text.matchAll(definition)].map(m => m[1] ?? m[2]!))
  const covered = Object.values(opCases).flatMap(c => c.ops)

  test('in elementwise.ts, in op-cases.ts, or in a suite of its own', () => {
    expect(names.length).toBeGreaterThan(90)
    const known = new Set([...Object.keys(meanings), ...covered, ...Object.keys(testedElsewhere)])
    expect(names.filter(name => !known.has(name))).toEqual([])
  })

  test('and every case is about an op that there is', () => {
    expect([...covered, ...Object.keys(testedElsewhere)].filter(name => !names.includes(name))).toEqual([])
  })

  test('that is in its graph', () => {
    for (const [name, c] of Object.entries(opCases)) {
      const found = dtypes
        .filter(dtype => c.takes?.(dtype) ?? true)
        .flatMap(dtype => topologicalOrder([c.build(...inputsOf(c, dtype))]).map(node => node.op.name))
      expect([name, ...c.ops.filter(op => !found.includes(op))]).toEqual([name])
    }
  })
})

function inputsOf(c: OpCase, dtype: DType): Variable[] {
  const operands = c.shapes.map((shape, i) => tensor(`x${i}`, { dtype, shape }))
  return c.ids === undefined ? operands : [...operands, tensor('ids', { dtype: 'int32', shape: c.ids.shape })]
}

// ── values ────────────────────────────────────────────────────────────────────────────────────

type Kind = 'ordinary' | 'nasty' | 'none'

const { NaN: nan, POSITIVE_INFINITY: infinity } = Number
/** Values that no rounding makes others of; products and sums of finite ones are finite. */
const nasty: Readonly<Record<DType, readonly number[]>> = {
  float32: [0, -0, 1, nan, -infinity, 2 ** -149, -(2 ** -127), infinity, -1, 3e18, -3e18, -0, 0.5],
  float64: [0, -0, 1, nan, -infinity, 5e-324, -(2 ** -1030), infinity, -1, 1e153, -1e153, -0, 0.5],
  int32: [0, -1, 2 ** 31 - 1, -(2 ** 31), 1, 65536, -46341, 7],
  uint8: [0, 255, 128, 1, 127, 254, 7],
  bool: [0, 1, 1, 0, 0],
}

/** Numbers far enough from each other for a difference, and from whole ones for a derivative. */
const ordinary = (k: number, dtype: DType) =>
  isFloat(dtype) ? 0.35 + ((k * 7) % 37) * 0.07 - 1.2 : dtype === 'bool' ? k % 2 : (k * 5) % 13

function valuesOf(c: OpCase, dtype: DType, kind: Kind): Value[] {
  const n = kind === 'none' ? 0 : 3
  const sized = (shape: OpCase['shapes'][number]) => shape.map(size => (typeof size === 'string' ? n : size))
  const operands = c.shapes.map((shape, i) => {
    const sizes = sized(shape)
    const data = allocate(
      dtype,
      sizes.reduce((a, b) => a * b, 1),
    )
    const list = nasty[dtype]
    for (let k = 0; k < data.length; k++)
      data[k] = kind === 'nasty' ? list[(k + 5 * i) % list.length]! : ordinary(k + 3 * i, dtype)
    return ndarrayOf(data, sizes)
  })
  if (c.ids === undefined) return operands
  const sizes = sized(c.ids.shape)
  const length = sizes.reduce((a, b) => a * b, 1)
  return [...operands, ndarrayOf(Int32Array.from(c.ids.values).slice(0, length), sizes)]
}

/** How much results may differ: of float32, sums are carried in double by some. */
const toleranceOf = (dtype: DType, c: OpCase) =>
  !c.rounds || !isFloat(dtype) ? { scaled: 0 } : { scaled: 0, relative: dtype === 'float32' ? 1e-6 : 1e-14 }

const casesOf = (dtype: DType) => Object.entries(opCases).filter(([, c]) => c.takes?.(dtype) ?? true)

/** The functions of all cases under one mode, called with values of each kind. */
function results(
  dtype: DType,
  make: (c: OpCase) => {
    inputs: Variable[]
    output: Variable
    extra: (values: Value[], output: NdArray | null) => Value[]
  },
  options: (typeof modes)[number]['options'],
  kinds: readonly Kind[],
): Map<string, NdArray> {
  const found = new Map<string, NdArray>()
  for (const [name, c] of casesOf(dtype)) {
    const { inputs, output, extra } = make(c)
    const f = compile(inputs, output, { ...options, onUnusedInput: 'ignore' })
    for (const kind of kinds) {
      if (kind === 'none' && c.nonEmpty) continue
      found.set(`${name}, ${kind}`, f(...extra(valuesOf(c, dtype, kind), null)) as NdArray)
    }
  }
  return found
}

const reference = { backend: 'reference', optimize: false } as const

function compareAll(
  actual: Map<string, NdArray>,
  expected: Map<string, NdArray>,
  dtypeOf: (name: string) => DType,
): void {
  const wrong: string[] = []
  for (const [what, array] of expected) {
    const name = what.slice(0, what.lastIndexOf(','))
    const problem = mismatch(actual.get(what)!, array, toleranceOf(dtypeOf(name), opCases[name]!))
    if (problem !== null) wrong.push(`${what}: ${problem}`)
  }
  expect(wrong).toEqual([])
}

describe.each(dtypes)('ops of %s', dtype => {
  test('have the types that they should', () => {
    for (const [name, c] of casesOf(dtype)) {
      const { type } = c.build(...inputsOf(c, dtype))
      const wanted = { ...type, dtype: c.dtype?.(dtype) ?? dtype }
      expect([name, printType(type)]).toEqual([name, printType(wanted).replace(/\[.*/, c.shape)])
    }
  })

  const forward = (c: OpCase) => {
    const inputs = inputsOf(c, dtype)
    return { inputs, output: c.build(...inputs), extra: (values: Value[]) => values }
  }
  const kinds = ['ordinary', 'nasty', 'none'] as const
  const expected = results(dtype, forward, reference, kinds)
  test.each(modes.slice(1))('agree with the reference on $name', ({ options }) => {
    compareAll(
      results(dtype, forward, options, kinds),
      expected,
      name => opCases[name]!.dtype?.(dtype) ?? dtype,
    )
  })
})

describe.each(['float32', 'float64'] as const)('gradients of %s', dtype => {
  /** The gradient by the first operand, of Σ output · weights, where a weight is 0 too. */
  const backward = (c: OpCase, of: DType = dtype) => {
    const inputs = inputsOf(c, of)
    const output = c.build(...inputs)
    const weights = graph.iota(output.shape, Math.max(0, output.ndim - 1)).mod(3)
    const cost = sum(mul(graph.cast(output, of), output.ndim === 0 ? 1 : weights))
    return {
      inputs,
      output: grad(cost, inputs[0]!, { disconnectedInputs: 'ignore' }),
      extra: (values: Value[]) => values,
    }
  }
  const kinds = ['ordinary', 'nasty', 'none'] as const
  const expected = results(dtype, backward, reference, kinds)

  test.each(modes.filter(mode => mode.options.optimize === false).slice(1))(
    'agree on $name',
    ({ options }) => {
      compareAll(results(dtype, backward, options, kinds), expected, () => dtype)
    },
  )

  test.each(modes.filter(mode => mode.options.optimize).slice(1))(
    'agree at ordinary values on $name',
    ({ options }) => {
      const usual = new Map([...expected].filter(([what]) => !what.endsWith('nasty')))
      compareAll(results(dtype, backward, options, ['ordinary', 'none']), usual, () => dtype)
    },
  )

  if (dtype === 'float32')
    test('are those of float64, rounded', () => {
      const exact = results('float64', c => backward(c, 'float64'), reference, ['ordinary'])
      for (const [what, array] of exact)
        expect([what, mismatch(expected.get(what)!, array, { scaled: 1e-6 })]).toEqual([what, null])
    })
  else
    test.each(casesOf(dtype))('of %s are what differences measure', (_, c) => {
      const fn = (...inputs: Tensor<'float64', number>[]) => c.build(...inputs)
      verifyGrad(fn, valuesOf(c, dtype, 'ordinary'))
    })
})

describe('gradients of elementwise ops in float32', () => {
  const builders = graph as unknown as Record<string, (...args: Variable[]) => Variable>
  const names = Object.keys(meanings).filter(name => meanings[name]!.points !== undefined)
  const gradientOf = (
    name: string,
    dtype: 'float32' | 'float64',
    options: (typeof modes)[number]['options'],
  ) => {
    const points = meanings[name]!.points!
    const inputs = points.map((_, i) => tensor(`x${i}`, { dtype, shape: [null] }))
    const cost = sum(builders[name]!(...inputs))
    return compile(inputs, grad(cost, inputs, { disconnectedInputs: 'ignore' }), {
      ...options,
      onUnusedInput: 'ignore',
    })(...points.map(list => ndarrayOf(Float32Array.from(list), [list.length]))) as NdArray[]
  }
  test.each(modes.filter(mode => mode.options.backend !== 'js'))(
    'are those of float64, rounded, on $name',
    ({ options }) => {
      const wrong = names.flatMap(name => {
        const exact = gradientOf(name, 'float64', reference)
        return gradientOf(name, 'float32', options).flatMap((g, i) => {
          const problem = mismatch(g, exact[i]!, { scaled: 2e-6, relative: 4e-6 })
          return problem === null ? [] : [`${name} by x${i}: ${problem}`]
        })
      })
      expect(wrong).toEqual([])
    },
  )
})
