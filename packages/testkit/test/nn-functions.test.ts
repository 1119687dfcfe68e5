import { type BackendName, compile } from '@arignote/compiler'
import { constant, grad, matrix, type NdArray, toNested, type Variable, vector } from '@arignote/graph'
import { activations, constraints, fans, type Initializer, initializers, regularizers } from '@arignote/nn'
import { describe, expect, test } from '@jest/globals'
import { golden, goldenTolerance, unread, worstDifference } from '../src/golden.js'

type FloatType = 'float32' | 'float64'

const modes: readonly (readonly [BackendName, FloatType])[] = [
  ['wasm', 'float64'],
  ['wasm', 'float32'],
  ['js', 'float64'],
  ['reference', 'float64'],
]

function closeTo(actual: unknown, expected: unknown, dtype: FloatType = 'float64'): void {
  expect(worstDifference(actual, expected)).toBeLessThan(goldenTolerance[dtype])
}

describe('activations', () => {
  const { elementwise, softmax } = golden('activations')
  const variants: Readonly<Record<string, (x: Variable) => Variable>> = {
    relu_alpha_0_1: x => activations.relu(x, { alpha: 0.1 }),
    relu_max_6: x => activations.relu(x, { maxValue: 6 }),
    relu_threshold_1: x => activations.relu(x, { threshold: 1 }),
    elu_0_5: x => activations.elu(x, { alpha: 0.5 }),
    hard_sigmoid: activations.hardSigmoid,
  }
  const all: Readonly<Record<string, (x: Variable) => Variable>> = { ...activations, ...variants }

  test.each(modes)('have the values and derivatives of Keras: %s, %s', (backend, dtype) => {
    const x = vector('x', dtype)
    for (const { name, x: points, value, derivative } of elementwise) {
      const y = all[name]!(x)
      const f = compile([x], [y, grad(y.sum(), x)], { backend, name })
      closeTo(f(points).map(toNested), [value, derivative], dtype)
    }
  })

  test.each(modes)('softmax is exact where eˣ overflows, and has a gradient: %s, %s', (backend, dtype) => {
    const x = matrix('x', dtype)
    const y = activations.softmax(x)
    const f = compile([x], [y, grad(y.mul(constant(softmax.cotangent, dtype)).sum(), x)], { backend })
    closeTo(f(softmax.x).map(toNested), [softmax.value, softmax.grad], dtype)
  })

  test('every activation of the golden file is there, and the derivative of relu at 0 is 0', () => {
    expect(
      elementwise.map(({ name }: { name: string }) => name).filter((name: string) => !(name in all)),
    ).toEqual([])
    const x = vector('x')
    const slopes = [undefined, { maxValue: 6 }].map(options => grad(activations.relu(x, options).sum(), x))
    expect(compile([x], slopes)([0, 1]).map(toNested)).toEqual([
      [0, 1],
      [0, 1],
    ])
  })
})

describe('constraints and regularisers', () => {
  const file = golden('constraints_initializers')

  test.each(modes)('constraints give the nearest weights that are allowed: %s, %s', (backend, dtype) => {
    const w = matrix('w', dtype)
    const limits = {
      max_norm_2_axis0: constraints.maxNorm(),
      max_norm_1_axis1: constraints.maxNorm({ maxValue: 1, axis: 1 }),
      non_neg: constraints.nonNeg(),
      unit_norm_axis0: constraints.unitNorm(),
      min_max_norm_1_2_rate1: constraints.minMaxNorm({ minValue: 1, maxValue: 2 }),
      min_max_norm_1_2_rate_half: constraints.minMaxNorm({ minValue: 1, maxValue: 2, rate: 0.5 }),
    }
    const { w: weights, ...wanted } = file.constraints
    expect(Object.keys(wanted)).toEqual(Object.keys(limits))
    const results = Object.fromEntries(Object.entries(limits).map(([name, limit]) => [name, limit.apply(w)]))
    const f = compile([w], results, { backend })(weights) as Record<string, NdArray>
    for (const [name, value] of Object.entries(wanted)) closeTo(toNested(f[name]!), value, dtype)
  })

  test.each(modes)('penalties and their gradients are those of Keras: %s, %s', (backend, dtype) => {
    const { w: weights, ...wanted } = file.regularizers
    const w = matrix('w', dtype)
    const [l1, l2] = [regularizers.l1().penalty(w), regularizers.l2().penalty(w)]
    const both = regularizers.l1l2({ l1: 0.02, l2: 0.03 }).penalty(w)
    const results = {
      l1_0_01: l1,
      l2_0_01: l2,
      l1_l2: both,
      grad_l1_0_01: grad(l1, w),
      grad_l2_0_01: grad(l2, w),
    }
    expect(Object.keys(results)).toEqual(Object.keys(wanted))
    const f = compile([w], results, { backend })(weights) as Record<string, NdArray>
    for (const [name, value] of Object.entries(wanted)) closeTo(toNested(f[name]!), value, dtype)
  })
})

describe('initialisers', () => {
  const cases = golden('constraints_initializers').initializers
  const made = (initializer: Initializer, shape: readonly number[], seed = 1) =>
    initializer.make(shape, { dtype: 'float64', seed }).data as Float64Array
  const deviation = (x: Float64Array) => Math.sqrt(x.reduce((sum, v) => sum + v * v, 0) / x.length)
  const greatest = (x: Float64Array) => x.reduce((most, v) => Math.max(most, Math.abs(v)), 0)

  test('fans are those of Keras', () => {
    for (const { shape, fan_in, fan_out } of cases) closeTo(fans(shape), [fan_in, fan_out])
  })

  test('uniform ones keep within their limit and nearly reach it, normal ones have their deviation and are cut off', () => {
    for (const it of cases) {
      // Small ones are drawn more than once, so that there are numbers enough.
      const size = it.shape.reduce((a: number, b: number) => a * b, 1)
      const seeds = Array.from({ length: Math.ceil(2000 / size) }, (_, i) => i + 1)
      const drawn = (initializer: Initializer) =>
        seeds.length === 1
          ? made(initializer, it.shape)
          : Float64Array.from(seeds.flatMap(seed => [...made(initializer, it.shape, seed)]))
      for (const [kind, own] of [
        ['glorot', [initializers.glorotUniform(), initializers.glorotNormal()]],
        ['he', [initializers.heUniform(), initializers.heNormal()]],
        ['lecun', [initializers.lecunUniform(), initializers.lecunNormal()]],
      ] as const) {
        const [uniform, normal] = own.map(drawn) as [Float64Array, Float64Array]
        const [limit, stddev] = [it[`${kind}_uniform_limit`], it[`${kind}_normal_stddev`]]
        expect(greatest(uniform)).toBeLessThanOrEqual(limit)
        expect(greatest(uniform)).toBeGreaterThan(limit * 0.99)
        expect(deviation(normal) / stddev).toBeCloseTo(1, 1)
        expect(greatest(normal)).toBeLessThanOrEqual((2 * stddev) / 0.8796)
      }
      const parameter = it.glorot_normal_truncated_parameter
      const most = greatest(drawn(initializers.glorotNormal()))
      expect(most).toBeLessThanOrEqual(2 * parameter)
      expect(most).toBeGreaterThan(1.8 * parameter)
    }
  })

  /** The worst deviation of scalar products of some rows, or columns, from those of an orthonormal set. */
  function worstProduct(data: ArrayLike<number>, rows: number, columns: number, step: number): number {
    const byRow = rows <= columns
    const [count, length] = byRow ? [rows, columns] : [columns, rows]
    const at = (k: number, i: number) => data[byRow ? k * columns + i : i * columns + k]!
    let worst = 0
    for (let a = 0; a < count; a += step)
      for (let b = 0; b <= a; b += step) {
        let product = 0
        for (let i = 0; i < length; i++) product += at(a, i) * at(b, i)
        worst = Math.max(worst, Math.abs(product - (a === b ? 1 : 0)))
      }
    return worst
  }

  test('orthogonal matrices have orthonormal rows, or columns where there are fewer', () => {
    for (const shape of [
      [128, 512],
      [512, 128],
      [7, 7],
      [1, 5],
      [5, 1],
      [6, 1, 3],
      [2, 3, 4, 5],
    ]) {
      const columns = shape.at(-1)!
      const rows = shape.slice(0, -1).reduce((a, b) => a * b, 1)
      const data = made(initializers.orthogonal(), shape)
      expect(worstProduct(data, rows, columns, 1)).toBeLessThan(1e-12)
      const twice = made(initializers.orthogonal({ gain: 2 }), shape)
      expect([...twice]).toEqual([...data].map(x => 2 * x))
    }
  })

  test('an orthogonal matrix of the size of a large recurrent kernel, in float32', () => {
    const q = initializers.orthogonal().make([1000, 4000], { dtype: 'float32', seed: 1 })
    expect(q.shape).toEqual([1000, 4000])
    expect(worstProduct(q.data, 1000, 4000, 97)).toBeLessThan(1e-6)
  }, 300_000)

  test('orthogonal matrices are spread evenly: entries have mean 0 and variance 1 / n, both signs on the diagonal', () => {
    const n = 4
    const matrices = Array.from({ length: 2000 }, (_, seed) => made(initializers.orthogonal(), [n, n], seed))
    for (let at = 0; at < n * n; at++) {
      const entries = matrices.map(q => q[at]!)
      expect(Math.abs(entries.reduce((a, b) => a + b, 0) / entries.length)).toBeLessThan(0.05)
      expect(entries.reduce((a, b) => a + b * b, 0) / entries.length).toBeCloseTo(1 / n, 1)
    }
    const determinants = matrices.map(q => q[0]! * q[5]! - q[1]! * q[4]!)
    expect(Math.abs(determinants.filter(d => d > 0).length / 2000 - 0.5)).toBeLessThan(0.05)
  })

  test('the same seed gives the same numbers, another one others; a seed of its own goes before', () => {
    for (const name of Object.keys(initializers) as (keyof typeof initializers)[]) {
      const make = initializers[name] as (options?: { seed?: number }) => Initializer
      const shape = [6, 6]
      const isRandom = 'seed' in make().config
      const [one, again, other] = [1, 1, 2].map(seed => [...made(make(), shape, seed)])
      expect(again).toEqual(one)
      if (!isRandom) expect(other).toEqual(one)
      else {
        expect(other).not.toEqual(one)
        expect([...made(make({ seed: 1 }), shape, 2)]).toEqual(one)
      }
    }
  })

  test('an identity lies beside itself where there are more columns', () => {
    const made = (shape: readonly number[]) =>
      toNested(initializers.identity({ gain: 2 }).make(shape, { dtype: 'float32', seed: 1 }))
    expect(made([2, 4])).toEqual([
      [2, 0, 2, 0],
      [0, 2, 0, 2],
    ])
    expect(made([3, 2])).toEqual([
      [2, 0],
      [0, 2],
      [0, 0],
    ])
  })
})

test('every golden number of activations, constraints, regularisers and initialisers was looked at', () => {
  expect(unread('activations', ['elementwise', 'softmax'])).toEqual([])
  expect(unread('constraints_initializers', ['constraints', 'regularizers', 'initializers'])).toEqual([])
})
