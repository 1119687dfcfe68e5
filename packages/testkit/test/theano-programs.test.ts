/**
 * The programs of docs/porting-from-theano.md and of Theano's tutorials, ported line by line: in every mode, and compared with
 * the same written out as loops over numbers.
 */
import { ndarrayOf, rand, randn, type Tensor, toNested, zerosArray } from '@arignote/graph'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { RandomStreams, T, theano } from 'arignote/theano'
import { agree } from '../src/index.js'

type Row = number[]
type Matrix = Row[]
type Matrix2 = Tensor<'float64', 2>
const nested = <N>(x: unknown) => toNested(x as never) as unknown as N

const dot = (a: Matrix, b: Matrix): Matrix =>
  a.map(row => b[0]!.map((_, j) => row.reduce((sum, x, k) => sum + x * b[k]![j]!, 0)))
const transposed = (a: Matrix): Matrix => a[0]!.map((_, j) => a.map(row => row[j]!))
const each = (f: (...xs: number[]) => number, ...all: Matrix[]): Matrix =>
  all[0]!.map((row, i) => row.map((_, j) => f(...all.map(a => a[i]![j]!))))
const plusRow = (a: Matrix, b: Row): Matrix => a.map(row => row.map((x, j) => x + b[j]!))
const columnSums = (a: Matrix): Row => a[0]!.map((_, j) => a.reduce((sum, row) => sum + row[j]!, 0))

function expectClose(found: unknown, expected: unknown, digits = 9): void {
  const [a, b] = [[found].flat(9), [expected].flat(9)] as [number[], number[]]
  expect(a).toHaveLength(b.length)
  a.forEach((x, i) => {
    expect(x).toBeCloseTo(b[i]!, digits)
  })
}

// Everything below in float64, so that the loops over numbers say exactly what is right.
beforeEach(() => {
  theano.config.floatX = 'float64'
})
afterEach(() => {
  theano.config.floatX = 'float32'
})

const weights = (shape: readonly number[], seed: number, std = 0.5) =>
  randn(shape, { seed, std, dtype: 'float64' })

test('the step of a simple RNN', () => {
  const [n_in, n_hidden] = [3, 4]
  const W_xh = theano.shared(weights([n_in, n_hidden], 1), 'W_xh')
  const W_hh = theano.shared(weights([n_hidden, n_hidden], 2), 'W_hh')
  const b_h = theano.shared(weights([n_hidden], 3), 'b_h')

  const input = T.matrix('input')
  const hidden_prev = T.matrix('hidden_prev')
  const hidden = T.tanh(T.add(T.dot(input, W_xh), T.dot(hidden_prev, W_hh), b_h))

  const [x, h] = [weights([2, n_in], 4), weights([2, n_hidden], 5)]
  const found = agree([input, hidden_prev], hidden, [x, h])
  const sums = each(
    (a, b) => a + b,
    dot(nested(x), nested(W_xh.get_value())),
    dot(nested(h), nested(W_hh.get_value())),
  )
  expectClose(nested(found), each(Math.tanh, plusRow(sums, nested(b_h.get_value()))))
  expectClose(nested(theano.function([input, hidden_prev], hidden)(x, h)), nested(found))
})

test('logistic regression', () => {
  const [N, feats] = [20, 6]
  const D = [
    randn([N, feats], { seed: 1, dtype: 'float64' }),
    Int32Array.from({ length: N }, (_, i) => i % 2),
  ] as const

  const x = T.matrix('x')
  const y = T.lvector('y')
  const w = theano.shared(weights([feats], 2), 'w')
  const b = theano.shared(0, 'b')
  const p_1 = T.true_div(1, T.add(1, T.exp(T.sub(T.neg(T.dot(x, w)), b))))
  const prediction = T.gt(p_1, 0.5)
  const xent = T.sub(T.mul(T.neg(y), T.log(p_1)), T.mul(T.sub(1, y), T.log(T.sub(1, p_1))))
  const cost = T.add(T.mean(xent), T.mul(0.01, T.sum(T.sqr(w))))
  const [gw, gb] = T.grad(cost, [w, b])
  const start = { w: nested<Row>(w.get_value()), b: 0 }
  const updates = [
    [w, T.sub(w, T.mul(0.1, gw))],
    [b, T.sub(b, T.mul(0.1, gb))],
  ] as const
  const found = agree([x, y], [prediction, xent], D, { updates, calls: 5 })

  let { w: ws, b: bias } = start
  let probabilities: Row = []
  const [xs, ys] = [nested<Matrix>(D[0]), [...D[1]]]
  for (let step = 0; step < 5; step++) {
    probabilities = xs.map(row => 1 / (1 + Math.exp(-row.reduce((s, v, j) => s + v * ws[j]!, 0) - bias)))
    const errors = probabilities.map((p, i) => (p - ys[i]!) / N)
    ws = ws.map((v, j) => v - 0.1 * (errors.reduce((s, e, i) => s + e * xs[i]![j]!, 0) + 0.02 * v))
    bias -= 0.1 * errors.reduce((s, e) => s + e, 0)
  }
  expectClose(nested(w.get_value()), ws)
  expectClose(nested(b.get_value()), bias)
  expect(nested(found[0])).toEqual(probabilities.map(p => Number(p > 0.5)))
  expectClose(
    nested(found[1]),
    probabilities.map((p, i) => -Math.log(ys[i]! ? p : 1 - p)),
  )
})

test('a multilayer perceptron with momentum', () => {
  const [n, n_in, n_hidden, n_out] = [8, 5, 6, 3]
  const [learning_rate, momentum] = [0.1, 0.9]
  const W1 = theano.shared(weights([n_in, n_hidden], 1), 'W1')
  const b1 = theano.shared(zerosArray([n_hidden], 'float64'), 'b1')
  const W2 = theano.shared(weights([n_hidden, n_out], 2), 'W2')
  const b2 = theano.shared(zerosArray([n_out], 'float64'), 'b2')
  const params = [W1, b1, W2, b2]

  const [x, y] = [T.matrix('x'), T.ivector('y')]
  const hidden = T.tanh(T.add(T.dot(x, W1), b1))
  const p_y_given_x = T.nnet.softmax(T.add(T.dot(hidden, W2), b2))
  const cost = T.mean(T.nnet.categorical_crossentropy(p_y_given_x, y))
  const updates = params.flatMap(param => {
    const velocity = theano.shared(zerosArray(param.get_value().shape, 'float64'))
    const moved = T.sub(T.mul(momentum, velocity), T.mul(learning_rate, T.grad(cost, param)))
    return [
      [velocity, moved],
      [param, T.add(param, moved)],
    ] as const
  })
  const [xs, ys] = [weights([n, n_in], 3), Int32Array.from({ length: n }, (_, i) => i % n_out)]
  const start = params.map(p => nested<Matrix>(p.get_value()))
  const found = agree([x, y], cost, [xs, ys], { updates, calls: 6 })

  const [A, B] = [nested<Matrix>(xs), [...ys]]
  let [w1, c1, w2, c2] = [
    start[0]!,
    [start[1] as unknown as Row],
    start[2]!,
    [start[3] as unknown as Row],
  ] as Matrix[]
  let v = [w1!, c1!, w2!, c2!].map(m => each(() => 0, m))
  let loss = 0
  for (let step = 0; step < 6; step++) {
    const h = each(Math.tanh, plusRow(dot(A, w1!), c1![0]!))
    const scores = plusRow(dot(h, w2!), c2![0]!)
    const p = scores.map(row => {
      const e = row.map(Math.exp)
      const sum = e.reduce((s, x) => s + x, 0)
      return e.map(x => x / sum)
    })
    loss = p.reduce((s, row, i) => s - Math.log(row[B[i]!]!) / n, 0)
    const d2 = p.map((row, i) => row.map((q, j) => (q - Number(B[i] === j)) / n))
    const d1 = each((g, a) => g * (1 - a * a), dot(d2, transposed(w2!)), h)
    const gradients = [dot(transposed(A), d1), [columnSums(d1)], dot(transposed(h), d2), [columnSums(d2)]]
    v = v.map((m, i) => each((a, g) => momentum * a - learning_rate * g, m, gradients[i]!))
    ;[w1, c1, w2, c2] = [w1!, c1!, w2!, c2!].map((m, i) => each((a, b) => a + b, m, v[i]!))
  }
  expectClose(nested(found), loss)
  expectClose(nested(W1.get_value()), w1)
  expectClose(nested(b2.get_value()), c2)
})

test('A ** k by scan', () => {
  const [k, A] = [T.iscalar('k'), T.vector('A')]
  const [result, updates] = theano.scan({
    fn: (prior_result, A) => prior_result.mul(A),
    outputs_info: T.ones_like(A),
    non_sequences: A,
    n_steps: k,
  })
  const final_result = result.at(-1)
  const power = theano.function([A, k], final_result, { updates })
  expect(nested(power([0, 1, 2, 3], 2))).toEqual([0, 1, 4, 9])
  expect(nested(power([0, 1, 2, 3], 4))).toEqual([0, 1, 16, 81])
  expect(nested(agree([A, k], final_result, [[0, 1, 2, 3], 5]))).toEqual([0, 1, 32, 243])
  // One row is kept, not one per step.
  const bytes = (steps: number) => {
    power([1, 1], steps)
    return power.memory()
  }
  expect(bytes(1000)).toEqual(bytes(10))
})

test('a polynomial by scan', () => {
  const [coefficients, x] = [T.vector('coefficients'), T.scalar('x')]
  const max_coefficients_supported = 10000
  const [components] = theano.scan({
    fn: (coefficient, power, free_variable) => coefficient.mul(free_variable.pow(power)),
    outputs_info: null,
    sequences: [coefficients, T.arange(max_coefficients_supported)],
    non_sequences: x,
  })
  const polynomial = components.sum()
  expectClose(nested(agree([coefficients, x], polynomial, [[1, 0, 2], 3])), 19)
  const slope = T.grad(polynomial, x)
  expectClose(nested(agree([coefficients, x], slope, [[1, 0, 2], 3])), 12)
})

describe('an RNN with everything', () => {
  const [n_in, n_hidden, T_, n_steps] = [2, 3, 8, 4]
  const u = weights([T_, n_in], 7)
  const past = weights([3, n_hidden], 8)
  const names = {
    W: [n_hidden, n_hidden],
    W_in_1: [n_in, n_hidden],
    W_in_2: [n_in, n_hidden],
    W_feedback: [n_hidden, n_hidden],
  }

  const build = (truncate_gradient: number) => {
    const [W, W_in_1, W_in_2, W_feedback] = Object.entries(names).map(([name, shape], i) =>
      theano.shared(weights(shape, 20 + i), name),
    ) as unknown as [Matrix2, Matrix2, Matrix2, Matrix2]
    const [inputs, x0] = [T.matrix('u'), T.matrix('x0')]
    const [[x_vals, y_vals]] = theano.scan({
      fn: (u_tm2, u_t, x_tm3, x_tm1, W, W_in_1, W_in_2, W_feedback) => {
        const x_t = T.tanh(
          T.add(T.dot(x_tm1, W), T.dot(u_t, W_in_1), T.dot(u_tm2, W_in_2), T.dot(x_tm3, W_feedback)),
        )
        return [x_t, x_t.sum()]
      },
      sequences: { input: inputs, taps: [-2, 0] },
      outputs_info: [{ initial: x0, taps: [-3, -1] }, null],
      non_sequences: [W, W_in_1, W_in_2, W_feedback],
      n_steps,
      go_backwards: true,
      truncate_gradient,
    })
    const cost = y_vals.mul(T.arange(1, n_steps + 1)).sum()
    return { W, W_in_1, W_in_2, W_feedback, inputs, x0, x_vals, cost }
  }

  /** The same as a loop; `W` is given to each step by itself, so that differences show what each step's share is. */
  const loop = (W: (step: number) => Matrix, w: Record<string, Matrix>) => {
    const [us, xs] = [nested<Matrix>(u), nested<Matrix>(past)]
    let cost = 0
    for (let step = 0; step < n_steps; step++) {
      const t = T_ - 1 - step
      const sum = [
        dot([xs.at(-1)!], W(step)),
        dot([us[t]!], w.W_in_1!),
        dot([us[t - 2]!], w.W_in_2!),
        dot([xs.at(-3)!], w.W_feedback!),
      ]
      const x = each((...parts) => Math.tanh(parts.reduce((a, b) => a + b, 0)), ...sum)[0]!
      xs.push(x)
      cost += (step + 1) * x.reduce((a, b) => a + b, 0)
    }
    return { cost, xs: xs.slice(3) }
  }
  const numbers = () =>
    Object.fromEntries(
      Object.entries(names).map(([name, shape], i) => [name, nested<Matrix>(weights(shape, 20 + i))]),
    )

  test('states and costs are those of the loop', () => {
    const { inputs, x0, x_vals, cost } = build(-1)
    const [xs, total] = agree([inputs, x0], [x_vals, cost], [u, past])
    const w = numbers()
    const expected = loop(() => w.W!, w)
    expectClose(nested(xs), expected.xs)
    expectClose(nested(total), expected.cost)
  })

  /** Central differences of the cost by W, as it is used in the last so many steps. */
  const differences = (last: number) => {
    const w = numbers()
    const h = 1e-6
    return w.W!.map((row, i) =>
      row.map((_, j) => {
        const moved = (by: number) => each(x => x, w.W!).map((r, k) => (k === i ? r.with(j, r[j]! + by) : r))
        const at = (by: number) => loop(step => (step >= n_steps - last ? moved(by) : w.W!), w).cost
        return (at(h) - at(-h)) / (2 * h)
      }),
    )
  }

  test.each([-1, 1, 2, 3, 4, 9])('the gradient, of the last steps only: truncate_gradient %i', last => {
    const { W, inputs, x0, cost } = build(last)
    const [g, g0] = agree([inputs, x0], T.grad(cost, [W, x0]), [u, past])
    expectClose(nested(g), differences(last === -1 ? n_steps : Math.min(last, n_steps)), 6)
    const reached = nested<Matrix>(g0).some(row => row.some(x => x !== 0))
    expect(reached).toBe(last === -1 || last >= n_steps)
  })
})

describe('random streams inside scan', () => {
  test('a Gibbs chain: its draws are new in every step and call, and the same for the same seed', () => {
    const [n_visible, n_hidden] = [4, 3]
    const W = theano.shared(weights([n_visible, n_hidden], 1, 1), 'W')
    const chain = () => {
      const trng = new RandomStreams(1234)
      const OneStep = (vsample: Tensor) => {
        const hmean = T.nnet.sigmoid(T.dot(vsample, W))
        const hsample = trng.binomial({ size: hmean.shape, n: 1, p: hmean, dtype: 'floatX' })
        const vmean = T.nnet.sigmoid(T.dot(hsample, W.T))
        return trng.binomial({ size: vsample.shape, n: 1, p: vmean, dtype: 'floatX' })
      }
      const sample = T.vector('sample')
      const [values, updates] = theano.scan({ fn: OneStep, outputs_info: sample, n_steps: 10 })
      return { sample, values: values as Tensor, updates }
    }
    const { sample, values, updates } = chain()
    const gibbs10 = theano.function([sample], values.at(-1), { updates })
    const start = [0, 1, 0, 1]
    const found = Array.from({ length: 8 }, () => nested<Row>(gibbs10(start)))
    expect(found.flat().every(x => x === 0 || x === 1)).toBe(true)
    expect(new Set(found.map(String)).size).toBeGreaterThan(1)
    const again = chain()
    const other = theano.function([again.sample], again.values.at(-1), { updates: again.updates })
    expect(Array.from({ length: 8 }, () => nested<Row>(other(start)))).toEqual(found)
    const third = chain()
    const all = nested<Matrix>(agree([third.sample], third.values, [start]))
    expect(all.at(-1)).toEqual(found[0])
    expect(new Set(all.map(String)).size).toBeGreaterThan(1)
  })
})

test('a Jacobian by scan', () => {
  const x = T.dvector('x')
  const y = T.pow(x, 2)
  const [J, updates] = theano.scan({
    fn: (i, y, x) => T.grad(y.at(i), x),
    sequences: T.arange(y.shape[0]!),
    non_sequences: [y, x],
  })
  const f = theano.function([x], J, { updates })
  expect(nested(f([4, 4]))).toEqual([
    [8, 0],
    [0, 8],
  ])
  const found = agree([x], [J, T.jacobian(y, x)], [[1, 2, 3]])
  expect(nested(found[0])).toEqual(nested(found[1]))
})

test('givens: a minibatch of a shared data set by its index', () => {
  const [n, n_in, batch_size] = [12, 3, 4]
  const [data, labels] = [weights([n, n_in], 1), rand([n], { seed: 2, dtype: 'float64' })]
  const train_set_x = theano.shared(data, 'train_set_x', { borrow: true })
  const train_set_y = theano.shared(labels, 'train_set_y', { borrow: true })

  const index = T.lscalar('index')
  const [x, y] = [T.matrix('x'), T.vector('y')]
  const w = theano.shared(zerosArray([n_in], 'float64'), 'w')
  const cost = T.mean(T.sqr(T.sub(T.dot(x, w), y)))
  const batch = { start: index.mul(batch_size), stop: index.add(1).mul(batch_size) }
  const train_model = theano.function({
    inputs: [index],
    outputs: cost,
    updates: [[w, T.sub(w, T.mul(0.1, T.grad(cost, w)))]],
    givens: [
      [x, train_set_x.slice(batch)],
      [y, train_set_y.slice(batch)],
    ],
  })

  let ws: Row = [0, 0, 0]
  for (let minibatch = 0; minibatch < n / batch_size; minibatch++) {
    const rows = nested<Matrix>(data).slice(minibatch * batch_size, (minibatch + 1) * batch_size)
    const errors = rows.map(
      (row, i) =>
        row.reduce((s, v, j) => s + v * ws[j]!, 0) - nested<Row>(labels)[minibatch * batch_size + i]!,
    )
    expectClose(nested(train_model(minibatch)), errors.reduce((s, e) => s + e * e, 0) / batch_size)
    ws = ws.map((v, j) => v - (0.2 / batch_size) * errors.reduce((s, e, i) => s + e * rows[i]![j]!, 0))
  }
  expectClose(nested(w.get_value()), ws)
})

test('an accumulator with a default, of an integer dtype', () => {
  const state = theano.shared(0, 'state', { dtype: 'int64' })
  const inc = T.iscalar('inc')
  const accumulator = theano.function([theano.In(inc, { value: 1 })], state, {
    updates: [[state, state.add(inc)]],
  })
  accumulator()
  accumulator(300)
  expect([state.get_value().dtype, nested(state.get_value())]).toEqual(['int32', 301])
  state.set_value(-1)
  expect(nested(accumulator(3))).toBe(-1)
  expect(nested(ndarrayOf(Int32Array.of(2), []))).toBe(nested(state.get_value()))
})
