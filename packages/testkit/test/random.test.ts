/** Random draws: which numbers they are, how streams move on, and that nothing of it depends on how they are computed. */
import { compile } from '@arignote/compiler'
import {
  arange,
  constant,
  dim,
  grad,
  matmul,
  matrix,
  mean,
  mul,
  type NdArray,
  type RandomStream,
  rand,
  randomStream,
  type Shared,
  scalar,
  shared,
  sub,
  sum,
  take,
  tanh,
  toNested,
  type Variable,
  vector,
  zerosArray,
} from '@arignote/graph'
import { describe, expect, test } from '@jest/globals'
import { agree, modes } from '../src/index.js'
import { uniformAt } from './random-cases.js'

const numbers = (x: NdArray) => [...x.data]

test.each(modes)(
  'a draw is the documented function of seed, site, call and position: $name',
  ({ options }) => {
    const seed = 2 ** 40 + 12345
    const random = randomStream(seed)
    const [first, second] = [random.uniform([2, 5]), random.uniform([3])]
    const draw = compile([], { first, second }, options)
    for (const call of [0, 1, 2]) {
      const results = draw()
      const expected = (site: number, n: number) =>
        Array.from({ length: n }, (_, i) => uniformAt({ seed, site, call }, i))
      expect(numbers(results.first)).toEqual(expected(0, 10))
      expect(numbers(results.second)).toEqual(expected(1, 3))
    }
  },
)

test('every distribution has the same bits on every back end, optimised or not', () => {
  const random = randomStream(-7)
  const p = constant([
    [0.1, 0, 0.4, 0.5],
    [1, 2, 0, 1],
  ])
  const draws: Record<string, Variable> = {
    uniform: random.uniform([3, 100]),
    between: random.uniform([100], {
      low: -2.5,
      high: vector('low', { shape: [100] })
        .mul(0)
        .add(3),
    }),
    uniform64: random.uniform([100], { low: 1, high: 2, dtype: 'float64' }),
    normal: random.normal([33, 7], { mean: 3, std: 0.1 }),
    normal64: random.normal([100], { dtype: 'float64' }),
    bernoulli: random.bernoulli([100], 0.3),
    integers: random.randint([100], { low: -5, high: 1000 }),
    all: random.randint([100], { low: -(2 ** 31), high: 2 ** 31 - 1 }),
    mask: random.dropoutMask([100], 0.25),
    mask64: random.dropoutMask([10], scalar('rate').mul(0).add(0.25), { dtype: 'float64' }),
    categories: random.categorical(p, [20]),
    chosen: random.choice(arange(10), [20], { p: constant(new Float64Array(10).fill(1)) }),
    permutation: random.permutation(50),
    number: random.normal([]),
  }
  const { low, rate, ...rest } = Object.fromEntries(
    [...Object.values(draws)].flatMap(free).map(v => [v.name, v]),
  )
  expect(Object.keys(rest)).toEqual(['random'])
  agree([low!, rate!], draws, [new Float32Array(100), 1], {
    tolerance: { float32: 0, float64: 0 },
    calls: 2,
  })
})

function free(v: Variable): Variable[] {
  return v.owner === null ? [v] : v.owner.inputs.flatMap(free)
}

describe('a stream', () => {
  const draws = (random: RandomStream) => compile([], random.uniform([4]))

  test('moves on with every call of a function that draws from it, and with no other', () => {
    const random = randomStream(1)
    const [x, f] = [shared(1), draws(random)]
    const other = compile([], x.add(1))
    const seen = [f(), other(), f()].map(numbers)
    expect(random.state.getValue().data).toEqual(Int32Array.of(1, 0, 2))
    expect(seen[0]).not.toEqual(seen[2])
  })

  test('gives two functions one sequence of calls', () => {
    const random = randomStream(1)
    const x = random.uniform([4])
    const [f, g] = [compile([], x), compile([], x.add(0))]
    const [first, second] = [numbers(f()), numbers(g())]
    random.seed(1)
    expect([numbers(g()), numbers(f())]).toEqual([first, second])
  })

  test('begins again with `seed`', () => {
    const random = randomStream(5)
    const f = draws(random)
    const seen = [f(), f()].map(numbers)
    random.seed(5)
    expect([f(), f()].map(numbers)).toEqual(seen)
    random.seed(6)
    expect(numbers(f())).not.toEqual(seen[0])
    expect(numbers(draws(randomStream(5))())).toEqual(seen[0])
  })

  test('is saved and restored as any shared variable', () => {
    const random = randomStream(5)
    const f = draws(random)
    f()
    const saved = random.state.getValue()
    const next = numbers(f())
    f()
    random.state.setValue(saved)
    expect(numbers(f())).toEqual(next)
  })

  test('stays where it is in a call that fails', () => {
    const random = randomStream(5)
    const ids = vector('ids', 'int32')
    const f = compile([ids], take(random.uniform([4]), ids))
    expect(() => f([9])).toThrow(/out of range/)
    expect(() => f([[1]])).toThrow()
    expect(random.state.getValue().data[2]).toBe(0)
    expect(numbers(f([2]))).toEqual([uniformAt({ seed: 5 }, 2)])
  })

  test('stands still where the update says so', () => {
    const random = randomStream(5)
    const f = compile([], random.uniform([2]), { updates: [[random.state, random.state]] })
    expect(numbers(f())).toEqual(numbers(f()))
    expect(random.state.getValue().data[2]).toBe(0)
  })

  test('may be met in an update, a given or a size alone', () => {
    const random = randomStream(5)
    const [w, x] = [shared(zerosArray([2])), vector('x')]
    compile([], [], { updates: [[w, random.uniform([2])]] })()
    expect(numbers(w.getValue())).toEqual([0, 1].map(i => uniformAt({ seed: 5 }, i)))
    compile([], x.add(1), { givens: [[x, random.uniform([2])]] })()
    compile([], arange(random.randint([], { high: 5 })))()
    expect(random.state.getValue().data[2]).toBe(3)
  })

  test('has a default update that any shared variable may have', () => {
    const count: Shared = shared(0, 'count')
    count.defaultUpdate = count.add(1)
    const f = compile([], count.mul(10))
    expect([f(), f(), f()].map(toNested)).toEqual([0, 10, 20])
  })
})

test('one variable is one draw, two draws are two', () => {
  const random = randomStream(3)
  const [x, y] = [random.normal([50]), random.normal([50])]
  const f = compile([], { same: sub(x, x).abs().sum(), other: sub(x, y).abs().sum() })
  expect(toNested(f().same)).toBe(0)
  expect(toNested(f().other)).toBeGreaterThan(10)
})

test('sizes may be unknown; elements do not depend on how they are laid out', () => {
  const random = randomStream(3)
  const x = matrix('x')
  const u = random.uniform([dim(x, 0), 2, x.shape[1]!])
  const f = agree([x], u, [zerosArray([3, 5])])
  expect(f.shape).toEqual([3, 2, 5])
  expect(numbers(f)).toEqual(Array.from({ length: 30 }, (_, i) => uniformAt({ seed: 3 }, i)))
  random.seed(3)
  expect(numbers(compile([x], u)(zerosArray([0, 5])))).toEqual([])
})

test('parameters have gradients: a normal draw is mean + std · z', () => {
  const random = randomStream(3)
  const [m, s] = [scalar('m'), scalar('s')]
  const z = random.normal([1000], { mean: m, std: s })
  const gradients = compile([m, s], [grad(mean(z), m), grad(mean(z.square()), s), mean(z.square())])(0, 2)
  const [byMean, byStd, square] = gradients.map(toNested) as [number, number, number]
  expect(byMean).toBeCloseTo(1, 5)
  expect(byStd).toBeCloseTo(square, 3)
})

describe('a dropout mask', () => {
  const x = matrix('x')
  const [W, V] = [shared(rand([64, 64], { seed: 1 }), 'W'), shared(rand([64, 8], { seed: 2 }), 'V')]
  const train = (mask: (h: Variable) => Variable) => {
    const h = tanh(matmul(x, W))
    const cost = mean(matmul(mul(h, mask(h)), V).square())
    const g = grad(cost, { W, V })
    const f = compile([x], cost, {
      updates: [
        [W, sub(W, g.W)],
        [V, sub(V, g.V)],
      ],
    })
    f(rand([128, 64], { seed: 3 }))
    return f
  }

  test('needs no memory, forward and backward', () => {
    const random = randomStream(1)
    const plain = train(() => constant(0.5))
    const dropped = train(h => random.dropoutMask(h.shape, 0.5))
    const bytes = dropped.memory().total - plain.memory().total
    expect(bytes).toBeLessThan(512)
    expect(128 * 64 * 4).toBeGreaterThan(10 * bytes)
  })

  test('is the same mask forward and backward', () => {
    const random = randomStream(1)
    const w = vector('w')
    const masked = mul(w, random.dropoutMask(w.shape, 0.5))
    const f = agree([w], { masked, slope: grad(sum(masked), w) }, [new Float32Array(100).fill(1)])
    expect(numbers(f.masked)).toEqual(numbers(f.slope))
    expect(new Set(numbers(f.masked))).toEqual(new Set([0, 2]))
  })
})
