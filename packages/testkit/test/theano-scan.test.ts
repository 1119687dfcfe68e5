/** theano.scan: its order of arguments, of visits, of results; compared with loops written out. */
import { array, randn, type Tensor, toNested, zerosArray } from '@arignote/graph'
import { describe, expect, test } from '@jest/globals'
import { RandomStreams, T, theano } from 'arignote/theano'
import { agree } from '../src/index.js'

const rows = (values: readonly number[]) => values.map(x => [x])
const numbers = (x: unknown) => toNested(x as never) as number[]

describe('the order of things', () => {
  test('the step gets slices in the order of their taps, past values likewise, then the rest', () => {
    const [x, u] = [T.vector('x'), T.vector('u')]
    const [h0, s0] = [T.vector('h0'), T.scalar('s0')]
    const w = theano.shared(2, 'w')
    let seen: (string | null)[] = []
    const [outputs] = theano.scan({
      fn: (x_m2, x_t, u_t, h_m2, h_m1, s_m1, w_) => {
        seen = [x_m2, x_t, u_t, h_m2, h_m1, s_m1, w_].map(v => v.name)
        const h = T.add(h_m2, T.mul(h_m1, 0.5), x_m2, u_t)
        return [h, s_m1.add(T.mul(x_t, w_)), h.mul(2)]
      },
      sequences: [{ input: x, taps: [-2, 0] }, u],
      outputs_info: [{ initial: h0, taps: [-2, -1] }, s0, null],
      non_sequences: w,
    })
    expect(seen).toEqual(['x[-2]', 'x[0]', 'u', 'h0[-2]', 'h0', 's0', 'w'])
    const [xs, us] = [
      [1, 2, 3, 4, 5],
      [0.1, 0.2, 0.3, 0.4, 0.5],
    ]
    const found = agree([x, u, h0, s0], outputs, [xs, us, [0.5, -0.5], 10])
    const hs = [0.5, -0.5]
    const ss = [10]
    for (let t = 0; t < 3; t++) {
      hs.push(hs.at(-2)! + 0.5 * hs.at(-1)! + xs[t]! + us[t]!)
      ss.push(ss.at(-1)! + 2 * xs[t + 2]!)
    }
    numbers(found[0]).forEach((h, t) => {
      expect(h).toBeCloseTo(hs[t + 2]!, 5)
    })
    expect(numbers(found[1])).toEqual(ss.slice(1))
    expect(numbers(found[2]).map(h => h / 2)).toEqual(numbers(found[0]))
  })

  test('one output comes alone, several as a list, none as null; the updates are a Map', () => {
    const x = T.vector('x')
    const [one, updates] = theano.scan({ fn: x_t => x_t.mul(2), sequences: x })
    const [list] = theano.scan({ fn: x_t => [x_t], sequences: [x] })
    const [two] = theano.scan({ fn: x_t => [x_t, x_t.neg()], sequences: [x], outputs_info: [null, null] })
    const [doubled, single, negative]: Tensor<'float32' | 'float64', 1>[] = [one, list, two[1]]
    expect(updates).toEqual(new Map())
    const found = agree([x], [doubled!, single!, negative!], [[1, 2]])
    expect(found.map(numbers)).toEqual([
      [2, 4],
      [1, 2],
      [-1, -2],
    ])
  })

  test('a step may also come first', () => {
    const x = T.vector('x')
    const [doubled] = theano.scan(x_t => x_t.mul(2), { sequences: x })
    expect(numbers(agree([x], doubled, [[1, 2]]))).toEqual([2, 4])
  })
})

describe('going backwards', () => {
  test('outputs are in the order of the visits', () => {
    const x = T.vector('x')
    const [h] = theano.scan({
      fn: (x_t, h) => h.mul(10).add(x_t),
      sequences: x,
      outputs_info: T.zeros([]),
      go_backwards: true,
    })
    expect(numbers(agree([x], h, [[1, 2, 3]]))).toEqual([3, 32, 321])
  })

  test('taps count in the order of the sequence, and with fewer steps the last elements are visited', () => {
    const x = T.vector('x')
    const [before, after] = [
      theano.scan({
        fn: (x_m1, x_t) => x_m1.mul(10).add(x_t),
        sequences: { input: x, taps: [-1, 0] },
        go_backwards: true,
      })[0],
      theano.scan({
        fn: (x_t, x_p2) => x_t.mul(10).add(x_p2),
        sequences: { input: x, taps: [0, 2] },
        go_backwards: true,
        n_steps: 2,
      })[0],
    ]
    const found = agree([x], [before, after], [[1, 2, 3, 4, 5]])
    expect(found.map(numbers)).toEqual([
      [45, 34, 23, 12],
      [35, 24],
    ])
  })

  test('sequences of unlike length end together, as in Theano', () => {
    const [x, y] = [T.vector('x'), T.vector('y')]
    const [sums] = theano.scan({ fn: (x_t, y_t) => x_t.add(y_t), sequences: [x, y], go_backwards: true })
    expect(
      numbers(
        agree([x, y], sums, [
          [1, 2, 3],
          [10, 20],
        ]),
      ),
    ).toEqual([23, 12])
  })
})

describe('which positions taps visit', () => {
  const visited = (taps: readonly number[]) => {
    const x = T.vector('x')
    const [seen] = theano.scan({ fn: (...slices) => T.stack(slices), sequences: { input: x, taps } })
    return toNested(agree([x], seen as Tensor, [[0, 1, 2, 3, 4]]) as never)
  }

  test.each([
    [[-2], rows([0, 1, 2])],
    [[2], rows([2, 3, 4])],
    [
      [-1, 1],
      [
        [0, 2],
        [1, 3],
        [2, 4],
      ],
    ],
    [
      [0, -2],
      [
        [2, 0],
        [3, 1],
        [4, 2],
      ],
    ],
  ])('%j: tap 0 counts as one of them', (taps, expected) => {
    expect(visited(taps)).toEqual(expected)
  })
})

describe('states', () => {
  test('a tap of −1 alone is the last value; another one alone has rows', () => {
    const x = T.vector('x')
    const [a] = theano.scan({
      fn: (x_t, h) => h.add(x_t),
      sequences: x,
      outputs_info: [{ initial: T.zeros([]), taps: [-1] }],
    })
    const past = T.vector('past')
    const [b] = theano.scan({
      fn: (x_t, h_m2) => h_m2.add(x_t),
      sequences: x,
      outputs_info: { initial: past, taps: [-2] },
    })
    const found = agree(
      [x, past],
      [a, b],
      [
        [1, 2, 3],
        [10, 20],
      ],
    )
    expect(found.map(numbers)).toEqual([
      [1, 3, 6],
      [11, 22, 14],
    ])
  })

  test('of the past as many rows count as the furthest tap looks back, the first ones', () => {
    const past = T.vector('past')
    const [fibonacci] = theano.scan({
      fn: (b, a) => a.add(b),
      outputs_info: [{ initial: past, taps: [-1, -2] }],
      n_steps: 4,
    })
    expect(numbers(agree([past], fibonacci, [[1, 1, 99]]))).toEqual([2, 3, 5, 8])
  })

  test('a plain number is a state of the type that the step makes of it', () => {
    const x = T.matrix('x')
    const [sums] = theano.scan({ fn: (x_t, s) => s.add(x_t), sequences: x, outputs_info: [0] })
    const data = [
      [1, 2],
      [3, 4],
    ]
    expect(toNested(agree([x], sums as Tensor, [data]))).toEqual([
      [1, 2],
      [4, 6],
    ])
  })

  test('values stand for constants: sequences, states, past rows and non-sequences', () => {
    const [h] = theano.scan({
      fn: (u_t, x_t, h_m2, h_m1, w) => T.add(T.mul(h_m2, w), h_m1, u_t, x_t),
      sequences: [array([1, 2, 3]), { input: array([10, 20, 30, 40]), taps: [1] }],
      outputs_info: [{ initial: [1, 2], taps: [-2, -1] }],
      non_sequences: [0.5],
    })
    const expected = [1, 2]
    for (let t = 0; t < 3; t++)
      expected.push(expected[t]! * 0.5 + expected[t + 1]! + t + 1 + [20, 30, 40][t]!)
    expect(numbers(agree([], h as Tensor, []))).toEqual(expected.slice(2))
    const [sums] = theano.scan({
      fn: (x_t, s) => T.add(x_t, s),
      sequences: T.eye(2),
      outputs_info: array([1, 2]),
    })
    expect(toNested(agree([], sums as Tensor, []))).toEqual([
      [2, 2],
      [2, 3],
    ])
  })

  test('no steps: no rows, of the right dtype', () => {
    const [powers] = theano.scan({ fn: h => h.mul(2), outputs_info: [T.ones([2], 'float64')], n_steps: 0 })
    const found = agree([], powers, [])
    expect([found.shape, found.dtype]).toEqual([[0, 2], 'float64'])
  })
})

describe('errors', () => {
  const x = T.vector('x')

  test('as many entries as outputs', () => {
    const scanned = () =>
      theano.scan({ fn: (x_t, h) => [h.add(x_t), x_t], sequences: x, outputs_info: [T.zeros([])] })
    expect(scanned).toThrow(/returned 2 outputs for 1 entries of outputs_info/)
    expect(scanned).toThrow(/null for one that is not handed on/)
  })

  test('a misspelt keyword is told the nearest', () => {
    expect(() => theano.scan({ fn: (x_t: Tensor) => x_t, sequence: x } as never)).toThrow(
      /did you mean "sequences"/,
    )
  })

  test.each([
    [{ fn: (x_t: Tensor) => x_t }, /number of steps|steps/],
    [{ fn: () => 3, n_steps: 2 }, /the step returned the number 3/],
    [{ sequences: x }, /there is no step/],
    [{ fn: (x_t: Tensor) => x_t, sequences: x, truncate_gradient: 0 }, /truncate_gradient is 0/],
    [
      { fn: () => x, n_steps: 2, outputs_info: { initial: T.zeros([2]), taps: [-3, -1] } },
      /has 2 rows, not 3/,
    ],
    [{ fn: () => T.zeros([]), sequences: { input: x, tap: [0] } }, /did you mean "taps"/],
    [{ fn: () => T.zeros([]), n_steps: 2, outputs_info: { inital: x } }, /did you mean "initial"/],
    [{ fn: () => T.zeros([]), sequences: T.scalar('s') }, /sequence 0 is a scalar/],
    [{ fn: () => T.zeros([]), n_steps: 2, outputs_info: [{ taps: [-1] }] }, /taps and no initial value/],
    [
      { fn: () => T.zeros([]), n_steps: 2, outputs_info: [{ initial: 0, taps: [-2] }] },
      /a number as its past/,
    ],
    [{ fn: () => T.zeros([]), n_steps: 2, outputs_info: [{ initial: x, taps: [0, -2] }] }, /taps/],
    [{ fn: () => T.zeros([]), n_steps: 2, outputs_info: [{ initial: x, taps: [-2, -2] }] }, /taps/],
  ])('%#: what cannot be a scan says so', (keywords, message) => {
    expect(() => theano.scan(keywords as never)).toThrow(message)
  })

  test('states keep their type: the message names the state and both types', () => {
    const scanned = () =>
      theano.scan({
        fn: (x_t, h) => h.add(x_t.cast('float64')),
        sequences: x,
        outputs_info: [T.zeros([]).named('h0')],
      })
    expect(scanned).toThrow(/"h0"[\s\S]*float64/)
  })

  test('an input that only the step mentions must be among those of the function', () => {
    const missing = T.scalar('missing')
    const [y] = theano.scan({ fn: x_t => T.mul(x_t, missing), sequences: x })
    expect(() => theano.function([x], y)).toThrow(/"missing"/)
    expect(numbers(theano.function([x, missing], y)([1, 2], 3))).toEqual([3, 6])
  })

  test('strict: what is not among the non-sequences is named', () => {
    const [W, V] = [theano.shared(2, 'W'), theano.shared(3, 'V')]
    const fn = (x_t: Tensor, W_: Tensor) => T.add(T.mul(x_t, W_), V)
    expect(() => theano.scan({ fn, sequences: x, non_sequences: W, strict: true })).toThrow(/"V"/)
    const [y] = theano.scan({ fn, sequences: x, non_sequences: [W, V], strict: true })
    expect(numbers(agree([x], y as Tensor, [[1, 2]]))).toEqual([5, 7])
  })
})

describe('what the step updates', () => {
  test('a shared variable is a state, and its last value is among the updates', () => {
    const n = theano.shared(1, 'n')
    const [seen, updates] = theano.scan({
      fn: () => [n.mul(10), new Map([[n, n.mul(2)]])] as const,
      n_steps: 3,
    })
    expect(numbers(agree([], seen, [], { updates }))).toEqual([10, 20, 40])
    expect(numbers(n.get_value())).toBe(8)
  })

  test('also without outputs, and as pairs', () => {
    const n = theano.shared(1, 'n')
    const [none, updates] = theano.scan({ fn: () => [[n, n.add(3)]] as const, n_steps: 4 })
    expect(none).toBe(null)
    agree([], [], [], { updates })
    expect(numbers(n.get_value())).toBe(13)
  })
})

describe('until', () => {
  test('the step whose condition holds is the last one, and counts', () => {
    const max_value = T.scalar('max_value')
    const [values] = theano.scan({
      fn: (previous_power, max_value) => [
        previous_power.mul(2),
        theano.scan_module.until(previous_power.mul(2).gt(max_value)),
      ],
      outputs_info: T.constant(1),
      non_sequences: max_value,
      n_steps: 1024,
    })
    expect(numbers(agree([max_value], values, [45]))).toEqual([2, 4, 8, 16, 32, 64])
  })

  test('beside updates, of the values in the step, with a number as the condition', () => {
    const n = theano.shared(1, 'n')
    const [seen, updates] = theano.scan({
      fn: () =>
        [[n, n.neg()], new Map([[n, n.mul(2)]]), theano.scan_utils.until(T.maximum(n.sub(3), 0))] as const,
      n_steps: 10,
    })
    const found = agree([], seen, [], { updates })
    expect(found.map(numbers)).toEqual([
      [1, 2, 4],
      [-1, -2, -4],
    ])
    expect(numbers(n.get_value())).toBe(8)
  })

  test('without outputs', () => {
    const n = theano.shared(1, 'n')
    const [none, updates] = theano.scan({
      fn: () => [[[n, n.mul(2)]], theano.scan_module.until(n.gt(100))] as const,
      n_steps: 50,
    })
    expect(none).toBe(null)
    theano.function([], [], { updates })()
    expect(numbers(n.get_value())).toBe(256)
  })
})

describe('truncate_gradient', () => {
  test('losses before the last steps contribute nothing, also without a recurrence', () => {
    const [x, w] = [T.vector('x'), T.scalar('w')]
    const [y] = theano.scan({
      fn: (x_t, w) => T.mul(x_t, w),
      sequences: x,
      non_sequences: w,
      truncate_gradient: 2,
    })
    const [gx, gw] = T.grad(y.sum(), [x, w])
    const found = agree([x, w], [gx, gw], [[1, 2, 3, 4], 5])
    expect(found.map(numbers)).toEqual([[0, 0, 5, 5], 7])
  })

  test('going backwards the last steps are those at the beginning', () => {
    const x = T.vector('x')
    const [y] = theano.scan({
      fn: x_t => x_t.mul(x_t),
      sequences: x,
      go_backwards: true,
      truncate_gradient: 1,
    })
    expect(numbers(agree([x], T.grad(y.sum(), x), [[1, 2, 3]]))).toEqual([2, 0, 0])
  })

  test('of a map likewise; a reduction has none', () => {
    const x = T.vector('x')
    const [y] = theano.map({ fn: x_t => x_t.mul(x_t), sequences: x, truncate_gradient: 1 })
    expect(numbers(agree([x], T.grad(y.sum(), x), [[1, 2, 3]]))).toEqual([0, 0, 6])
    const reduced = () =>
      theano.reduce({ fn: (x_t: Tensor) => x_t, sequences: x, truncate_gradient: 1 } as never)
    expect(reduced).toThrow(/truncate_gradient/)
  })
})

describe('map, reduce, foldl, foldr', () => {
  const x = T.vector('x')

  test('map is a scan without states; the others give the last value', () => {
    const zero = T.zeros([])
    const fn = (x_t: Tensor, a: Tensor) => a.mul(10).add(x_t)
    const results = [
      theano.map({ fn: x_t => x_t.mul(x_t), sequences: x })[0],
      theano.reduce({ fn, sequences: x, outputs_info: zero })[0],
      theano.foldl({ fn, sequences: x, outputs_info: zero })[0],
      theano.foldr({ fn, sequences: x, outputs_info: zero })[0],
    ] as Tensor[]
    expect(agree([x], results, [[1, 2, 3]]).map(numbers)).toEqual([[1, 4, 9], 123, 123, 321])
  })

  test('map knows no states', () => {
    const mapped = () => theano.map({ fn: (x_t: Tensor) => x_t, sequences: x, outputs_info: 0 } as never)
    expect(mapped).toThrow(/outputs_info/)
  })
})

describe('folds', () => {
  const fold = (steps: number, fn = theano.foldl) => {
    const x = T.vector('x', { shape: [steps] })
    const [last] = fn({
      fn: (x_t, a) => T.tanh(T.add(x_t, T.mul(a, 0.5))),
      sequences: x,
      outputs_info: T.zeros([]),
    })
    return { x, last }
  }

  test('keep one row, however many there are', () => {
    const bytes = (steps: number) => {
      const { x, last } = fold(steps)
      const { histories, states, scratch } = theano.function([x], last).memory()
      return { histories, states, scratch }
    }
    expect(bytes(10_000)).toEqual(bytes(10))
  })

  test.each(['foldl', 'foldr'] as const)('and have gradients: %s', name => {
    theano.gradient.verify_grad(
      x => {
        const fn = (x_t: Tensor, a: Tensor) => T.tanh(T.add(x_t, T.mul(a, 0.5)))
        return theano[name]({ fn, sequences: x, outputs_info: T.zeros([], 'float64') })[0] as Tensor
      },
      [[0.3, -0.2, 0.5, 0.1]],
    )
  })
})

describe('random streams in a step', () => {
  const drawn = (seed: number) => {
    const random = new RandomStreams(seed)
    const [rows, updates] = theano.scan({ fn: () => random.uniform([2], -1, 1), n_steps: 4 })
    return { random, rows: rows as Tensor, updates }
  }

  test('draw anew in every step, and the same for the same seed', () => {
    const rows = toNested(agree([], drawn(5).rows, [])) as number[][]
    expect(new Set(rows.flat()).size).toBe(8)
    expect(toNested(agree([], drawn(5).rows, []))).toEqual(rows)
    expect(toNested(agree([], drawn(6).rows, []))).not.toEqual(rows)
  })

  test('their state moves on with the call, is kept without default updates, and can be put back', () => {
    const { random, rows, updates } = drawn(5)
    const f = theano.function([], rows, { updates })
    const still = theano.function([], rows, { no_default_updates: true })
    const start = random.stream.state.getValue()
    const first = toNested(still())
    expect(toNested(random.stream.state.getValue())).toEqual(toNested(start))
    expect(toNested(f())).toEqual(first)
    expect(toNested(random.stream.state.getValue())).not.toEqual(toNested(start))
    expect(toNested(f())).not.toEqual(first)
    random.stream.state.setValue(start)
    expect(toNested(f())).toEqual(first)
  })

  test('do not disturb gradients', () => {
    const random = new RandomStreams(5)
    const w = T.scalar('w')
    const [noisy] = theano.scan({ fn: w => T.mul(w, random.normal([])), non_sequences: w, n_steps: 3 })
    const sum = (noisy as Tensor).sum()
    const [slope, total] = agree([w], [T.grad(sum, w), sum], [2])
    expect(numbers(slope) as unknown).toBeCloseTo((numbers(total) as unknown as number) / 2, 5)
  })
})

test('a recurrent network in float32, of sizes that the types know', () => {
  const [x, W] = [T.fmatrix('x'), theano.shared(randn([3, 3], { seed: 1 }), 'W')]
  const [h] = theano.scan({
    fn: (x_t, h_tm1, W_) => T.tanh(T.add(T.dot(x_t, W_), h_tm1)),
    sequences: x,
    outputs_info: T.zeros([3], 'float32'),
    non_sequences: W,
  })
  const typed: Tensor<'float32' | 'float64', number> = h
  const data = randn([4, 3], { seed: 2 })
  const found = agree([x], typed, [data])
  let expected = [...zerosArray([3]).data]
  const w = numbers(W.get_value()) as unknown as number[][]
  ;(toNested(data) as number[][]).forEach((row, t) => {
    expected = expected.map((h, j) => Math.tanh(row.reduce((s, v, i) => s + v * w[i]![j]!, 0) + h))
    ;(toNested(found) as number[][])[t]!.forEach((v, j) => {
      expect(v).toBeCloseTo(expected[j]!, 5)
    })
  })
})
