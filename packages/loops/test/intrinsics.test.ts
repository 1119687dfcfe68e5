import {
  evaluateBody,
  expandIntrinsic,
  type IntrinsicName,
  instructions,
  intrinsicNames,
  native,
  postorder,
  rewriteScalar,
  type Scalar,
  s,
} from '@arignote/loops'
import { describe, expect, test } from '@jest/globals'

type Float = 'float32' | 'float64'
type Reference = (x: number, y: number) => number

/** Where most of a function happens; beyond, any float is tried as well. */
const ranges: Readonly<Record<IntrinsicName, readonly [number, number]>> = {
  exp: [-110, 95],
  expm1: [-30, 95],
  log: [0, 10],
  log1p: [-1, 3],
  log2: [0, 10],
  log10: [0, 10],
  pow: [0, 10],
  sin: [-1e5, 1e5],
  cos: [-1e5, 1e5],
  tan: [-1e5, 1e5],
  asin: [-1, 1],
  acos: [-1, 1],
  atan: [-10, 10],
  atan2: [-10, 10],
  sinh: [-92, 92],
  cosh: [-92, 92],
  tanh: [-11, 11],
  asinh: [-10, 10],
  acosh: [1, 100],
  atanh: [-1, 1],
  erf: [-5, 5],
  erfc: [-4, 11],
  sigmoid: [-110, 95],
  softplus: [-110, 95],
}
const periodic: readonly IntrinsicName[] = ['sin', 'cos', 'tan']
const nasty = [
  0,
  1,
  Number.NaN,
  Infinity,
  5e-324,
  1e-310,
  2 ** -1022,
  1e-45,
  1e-40,
  2 ** -126,
  3.4028235e38,
  1.7976931348623157e308,
  87.33,
  88.72283,
  88.72284,
  103.97,
  103.98,
  150,
  709.782712893384,
  709.7827128933841,
  745.13,
  745.14,
  750,
  0.5,
  1.5,
  2,
  3,
  10,
  1000,
  1e-20,
  2 ** 24,
  2 ** 53,
  1 + 2 ** -23,
  1 - 2 ** -24,
  1 + 2 ** -52,
  1 - 2 ** -53,
  1e300,
].flatMap(x => [x, -x])

function generator(seed: number): () => number {
  return () => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0
    return seed / 2 ** 32
  }
}

function anyFloat(random: () => number, type: Float): number {
  const bits = Uint32Array.from({ length: 2 }, () => random() * 2 ** 32)
  return type === 'float32' ? new Float32Array(bits.buffer)[0]! : new Float64Array(bits.buffer)[0]!
}

function* samples(name: IntrinsicName, type: Float, count: number): Generator<[number, number]> {
  const random = generator(name.length * 7919 + count)
  const ys = name === 'pow' || name === 'atan2' ? nasty : [0]
  for (const x of nasty) for (const y of ys) yield [x, y]
  const [low, high] = ranges[name]
  for (let i = 0; i < count; i += 4) {
    const y = (random() - 0.5) * 30
    yield [low + (high - low) * random(), y]
    yield [anyFloat(random, type), y]
    yield [(random() - 0.5) * 2 ** (-random() * 20), y]
    yield [1 + (random() - 0.5) * 2 ** (-random() * 20), y * 100]
  }
}

/** The distance in units of the last place of `wanted`; 0 where both are the same special value. */
function ulps(got: number, wanted: number, type: Float): number {
  const rounded = type === 'float32' ? Math.fround(wanted) : wanted
  if (Object.is(got, rounded)) return 0
  if (!Number.isFinite(got) || !Number.isFinite(rounded) || (got === 0 && rounded === 0)) return Infinity
  const [fraction, least] = type === 'float32' ? [23, -126] : [52, -1022]
  return Math.abs(got - wanted) / 2 ** (Math.max(least, Math.floor(Math.log2(Math.abs(wanted)))) - fraction)
}

/** The same expansion for an engine that rounds products: the interpreter itself fuses float32. */
function unfused(x: Scalar): Scalar {
  return rewriteScalar(x, y =>
    y.kind === 'instruction' && y.name === 'mulAdd' ? s.add(s.mul(y.args[0]!, y.args[1]!), y.args[2]!) : y,
  )
}

const same = (x: Scalar) => x

/** Whether float32 is computed in float64, where one rounding more or less does not show. */
function isWide(name: IntrinsicName): boolean {
  const x = s.register({ name: 'x', type: 'float32' })
  return postorder([expandIntrinsic(name, [x, x])]).some(node => node.type === 'float64')
}

/** The worst error, as a line that names the place. */
function worst(
  name: IntrinsicName,
  type: Float,
  count: number,
  change: (x: Scalar) => Scalar,
): { ulps: number; text: string } {
  const f = evaluateBody((x, y) => change(expandIntrinsic(name, [x, y])), [type, type])
  let result = { ulps: 0, text: '' }
  for (const sample of samples(name, type, count)) {
    const [x, y] = type === 'float32' ? (sample.map(Math.fround) as [number, number]) : sample
    if (periodic.includes(name) && Number.isFinite(x) && Math.abs(x) > 1e5) continue
    const [got, wanted] = [f(x, y), (native[name] as Reference)(x, y)]
    const error = ulps(got, wanted, type)
    if (error > result.ulps) result = { ulps: error, text: `${name}(${x}, ${y}) = ${got}, not ${wanted}` }
  }
  return result
}

describe.each(intrinsicNames)('%s', name => {
  test('an expansion has instructions only', () => {
    for (const type of ['float32', 'float64'] as const) {
      const x = s.register({ name: 'x', type })
      for (const node of postorder([expandIntrinsic(name, [x, x])])) {
        expect(['const', 'register', 'instruction']).toContain(node.kind)
        if (node.kind === 'instruction') expect(instructions[node.name].arity).toBe(node.args.length)
      }
    }
  })

  test('float32 is within 2 ulp, fused or not, and right at the edges', () => {
    for (const change of isWide(name) ? [same] : [same, unfused]) {
      const { ulps, text } = worst(name, 'float32', 20_000, change)
      expect({ isWithin: ulps <= 2, text }).toEqual({ isWithin: true, text })
    }
  })

  test('float64 is within 4 ulp of JavaScript’s own, and right at the edges', () => {
    const { ulps, text } = worst(name, 'float64', 20_000, same)
    expect({ isWithin: ulps <= 4, text }).toEqual({ isWithin: true, text })
  })
})

test('sigmoid is relatively accurate from its underflow to 1', () => {
  const f = evaluateBody(x => expandIntrinsic('sigmoid', [x]), ['float32'])
  const random = generator(3)
  for (let i = 0; i < 20_000; i++) {
    const x = Math.fround(-104 + 150 * random())
    expect(ulps(f(x), native.sigmoid(x), 'float32')).toBeLessThanOrEqual(2)
  }
  expect([-Infinity, -200, 0, 40, Infinity].map(x => f(x))).toEqual([0, 0, 0.5, 1, 1])
  expect(f(Number.NaN)).toBeNaN()
})

test('a float32 constant to the power of anything is what a variable of that value gives, to the last bit but one', () => {
  const random = generator(5)
  const bases = [...nasty, 0.9, 0.999, 3, 1e30].map(Math.fround)
  for (const base of bases) {
    const f = evaluateBody(y => expandIntrinsic('pow', [s.const('float32', base), y]), ['float32'])
    const g = evaluateBody((x, y) => expandIntrinsic('pow', [x, y]), ['float32', 'float32'])
    for (const y of [...nasty, ...Array.from({ length: 50 }, () => 40 * (random() - 0.5))].map(Math.fround)) {
      const [got, wanted] = [f(y), g(base, y)]
      if (Object.is(got, wanted)) continue
      expect(`${base}^${y}: ${ulps(got, wanted, 'float32') <= 1}`).toBe(`${base}^${y}: true`)
    }
  }
})
