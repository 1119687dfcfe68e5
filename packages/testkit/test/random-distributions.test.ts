/**
 * Random draws as samples: moments, uniformity, and that nothing is correlated with anything. Seeds are fixed, so a test
 * that passes passes for ever; bounds are such that one seed in some ten thousand would fail.
 */
import { compile } from '@arignote/compiler'
import { constant, randomStream, scan, toNested, type Variable } from '@arignote/graph'
import { describe, expect, test } from '@jest/globals'
import { chiSquare, correlation, histogram, mean, normalBelow, sample } from './random-cases.js'

const n = 2 ** 18
const deviations = 4.5

describe.each(['float32', 'float64'] as const)('%s', dtype => {
  test('uniform: moments, bounds, χ²', () => {
    const random = randomStream(0)
    const u = sample(random, random.uniform([n], { dtype }))
    expect(Math.abs(mean(u) - 1 / 2) * Math.sqrt(12 * n)).toBeLessThan(deviations)
    expect(Math.abs(mean(u, 2, 0.5) - 1 / 12) * Math.sqrt(180 * n)).toBeLessThan(deviations)
    expect(u.every(x => x >= 0 && x < 1)).toBe(true)
    for (const bins of [2, 10, 256, 1000])
      expect(Math.abs(chiSquare(histogram(u, bins), new Array(bins).fill(n / bins)))).toBeLessThan(deviations)
    // The low bits too: what is left of a multiple of 2⁻¹⁶.
    const low = u.map(x => (x * 2 ** 16) % 1)
    expect(Math.abs(chiSquare(histogram(low, 256), new Array(256).fill(n / 256)))).toBeLessThan(deviations)
  })

  test('uniform between bounds: the upper one is never reached', () => {
    const random = randomStream(0)
    const [low, high] = dtype === 'float32' ? [1, 1 + 2 ** -20] : [1, 1 + 2 ** -49]
    const u = sample(random, random.uniform([n], { low, high, dtype }))
    expect(u.every(x => x >= low && x < high)).toBe(true)
    const steps = u.map(x => (x - low) * (dtype === 'float32' ? 2 ** 23 : 2 ** 52))
    expect(new Set(steps)).toEqual(new Set([0, 1, 2, 3, 4, 5, 6, 7]))
  })

  test('normal: moments, χ², tails', () => {
    const random = randomStream(0)
    const z = sample(random, random.normal([n], { dtype }))
    // Var(zᵏ) = (2k−1)!! − ((k−1)!!)² for even k.
    const bounds = [
      [1, 0, 1],
      [2, 1, 2],
      [3, 0, 15],
      [4, 3, 96],
      [6, 15, 10170],
    ] as const
    for (const [power, expected, variance] of bounds)
      expect(Math.abs(mean(z, power) - expected) * Math.sqrt(n / variance)).toBeLessThan(deviations)
    const edges = Array.from({ length: 71 }, (_, i) => (i - 35) / 10)
    const counts = new Array<number>(72).fill(0)
    for (const x of z) counts[Math.max(0, Math.min(71, Math.floor(x * 10) + 36))]!++
    const below = [0, ...edges.map(normalBelow), 1]
    const expected = below.slice(1).map((p, i) => (p - below[i]!) * n)
    expect(Math.abs(chiSquare(counts, expected))).toBeLessThan(deviations)
    // Beyond 4 standard deviations: 6.33e-5 of all.
    const tail = z.filter(x => Math.abs(x) > 4).length
    expect(Math.abs(tail - n * 6.334e-5) / Math.sqrt(n * 6.334e-5)).toBeLessThan(deviations)
    expect(z.every(x => Math.abs(x) < 7)).toBe(true)
  })
})

test('bernoulli and dropout: how often', () => {
  const random = randomStream(4)
  for (const p of [0, 0.01, 0.5, 0.9, 1]) {
    const hits = mean(sample(random, random.bernoulli([n], p))) - p
    expect(Math.abs(hits)).toBeLessThanOrEqual(deviations * Math.sqrt((p * (1 - p)) / n))
  }
  const mask = sample(random, random.dropoutMask([n], 0.2))
  expect(new Set(mask)).toEqual(new Set([0, Math.fround(1 / 0.8)]))
  expect(Math.abs(mean(mask) - 1)).toBeLessThan(deviations * Math.sqrt(0.25 / n))
  expect(new Set(sample(random, random.dropoutMask([100], 1)))).toEqual(new Set([0]))
  expect(new Set(sample(random, random.dropoutMask([100], 0)))).toEqual(new Set([1]))
})

test.each([
  [0, 10],
  [-3, 4],
  [7, 8],
  [-100, 900],
])('whole numbers from %i to below %i are equally frequent', (low, high) => {
  const random = randomStream(9)
  const counts = new Array<number>(high - low).fill(0)
  for (const x of sample(random, random.randint([n], { low, high }))) counts[x - low]!++
  if (counts.length > 1)
    expect(
      Math.abs(
        chiSquare(
          counts,
          counts.map(() => n / counts.length),
        ),
      ),
    ).toBeLessThan(deviations)
})

test('whole numbers of the widest range', () => {
  const random = randomStream(9)
  const [low, high] = [-(2 ** 31), 2 ** 31 - 1]
  const u = sample(random, random.randint([n], { low, high })).map(x => (x - low) / 2 ** 32)
  expect(Math.abs(chiSquare(histogram(u, 256), new Array(256).fill(n / 256)))).toBeLessThan(deviations)
})

test.each(['float32', 'float64'] as const)('categories come as often as they are probable: %s', dtype => {
  const random = randomStream(2)
  const weights = [1, 0, 3, 0.5, 5.5]
  const counts = weights.map(() => 0)
  for (const k of sample(random, random.categorical(constant(weights, dtype), [2 ** 16]))) counts[k]!++
  expect(counts[1]).toBe(0)
  const used = [0, 2, 3, 4]
  const bound = chiSquare(
    used.map(k => counts[k]!),
    used.map(k => (weights[k]! / 10) * 2 ** 16),
  )
  expect(Math.abs(bound)).toBeLessThan(deviations)
})

describe('permutations', () => {
  test('are permutations', () => {
    const random = randomStream(1)
    for (const size of [0, 1, 2, 100, 1000]) {
      const p = sample(random, random.permutation(size))
      expect([...p].sort((a, b) => a - b)).toEqual(Array.from({ length: size }, (_, i) => i))
    }
  })

  test('of many things take the time of a sort', () => {
    const random = randomStream(1)
    const p = sample(random, random.permutation(100_000))
    expect([...Int32Array.from(p).sort()].every((value, i) => value === i)).toBe(true)
    expect(p.filter((value, i) => value === i).length).toBeLessThan(10)
  })

  test('all 24 of 4 things are equally frequent, in place and in step', () => {
    const random = randomStream(1)
    const steps = 24000
    const all = toNested(compile([], scan(() => ({ p: random.permutation(4) }), { steps }).p.all)())
    const counts = new Map<string, number>()
    for (const p of all as number[][]) counts.set(p.join(''), (counts.get(p.join('')) ?? 0) + 1)
    expect(counts.size).toBe(24)
    expect(Math.abs(chiSquare([...counts.values()], new Array(24).fill(steps / 24)))).toBeLessThan(deviations)
  })
})

describe('nothing is correlated', () => {
  const uncorrelated = (xs: readonly number[], ys: readonly number[]) =>
    expect(Math.abs(correlation(xs, ys))).toBeLessThan(deviations)

  test('between elements near each other, or far', () => {
    const random = randomStream(1)
    for (const draw of [random.uniform([n]), random.normal([n])] as Variable[]) {
      const x = sample(random, draw)
      for (const lag of [1, 2, 4, 64, n / 2]) {
        uncorrelated(x.slice(lag), x.slice(0, -lag))
        uncorrelated(
          x.slice(lag).map(Math.abs),
          x.slice(0, -lag).map(v => v * v),
        )
      }
    }
  })

  test('between draws, calls, seeds that differ in one bit', () => {
    const random = randomStream(1)
    const [a, b] = [random.uniform([2 ** 15]), random.uniform([2 ** 15])]
    const f = compile([], { a, b })
    const values = (seed: number) => {
      random.seed(seed)
      return [f(), f()].flatMap(r => [[...r.a.data], [...r.b.data]])
    }
    const all = [0, 1, 2, 2 ** 32, -1].flatMap(values)
    all.forEach((x, i) => {
      for (const y of all.slice(0, i)) uncorrelated(x, y)
    })
  })

  test('between steps of a scan, and of scans in scans', () => {
    const random = randomStream(1)
    const draws = scan(() => ({ u: scan(() => ({ u: random.uniform([4096]) }), { steps: 8 }).u.all }), {
      steps: 8,
    })
    const rows = (toNested(compile([], draws.u.all)()) as number[][][]).flat()
    rows.forEach((x, i) => {
      for (const y of rows.slice(0, i)) expect(Math.abs(correlation(x, y))).toBeLessThan(5)
    })
  })

  test('between pairs of neighbours: χ² in the plane', () => {
    const random = randomStream(1)
    const u = sample(random, random.uniform([2 * n]))
    const counts = new Array<number>(1024).fill(0)
    for (let i = 0; i < u.length; i += 2) counts[Math.floor(u[i]! * 32) * 32 + Math.floor(u[i + 1]! * 32)]!++
    expect(Math.abs(chiSquare(counts, new Array(1024).fill(n / 1024)))).toBeLessThan(deviations)
  })
})
