/** Gradients through taps, of any order and forwards, compared with differences and with the loop written out. */
import {
  dot,
  expandDims,
  grad,
  hessian,
  jacobian,
  Lop,
  matrix,
  Rop,
  reshape,
  scalar,
  scan,
  square,
  stack,
  substitute,
  sum,
  tanh,
  taps,
  tensor,
  transpose,
  type Value,
  type Variable,
  vector,
} from '@arignote/graph'
import { describe, expect, test } from '@jest/globals'
import { agree } from '../src/agree.js'
import { expectArray } from '../src/matchers.js'
import { checkPush, real } from './derivative-cases.js'
import { checkGradient, close, random, run, ways } from './scan-cases.js'

interface How {
  readonly reverse?: boolean
  readonly unroll?: number | true
}

describe.each(ways)('gradients through taps, $name', way => {
  const { dtype } = way
  const type = (...shape: (string | number | null)[]) => ({ dtype, shape })

  const u1 = matrix('u1', type(4, 2))
  const u2 = vector('u2', type(6))
  const x0 = vector('x0', type(2))
  const y0 = vector('y0', type(3))
  const [W, V, w] = [matrix('W', type(2, 2)), matrix('V', type(2, 2)), vector('w', type(2))]
  const inputs = [u1, u2, x0, y0, W, V, w]
  const values = [
    random(1, 4, 2),
    random(2, 6),
    random(3, 2),
    random(4, 3),
    random(5, 2, 2),
    random(6, 2, 2),
    random(7, 2),
  ]
  const network = (how: How = {}) => {
    const { x, y, z } = scan(
      ({ u1, u2: [before, here, after], x, y: [last, third] }) => ({
        x: tanh(
          dot(u1, V)
            .add(here.add(before.mul(after)).mul(w))
            .add(dot(x, W)),
        ),
        y: last.add(third).mul(dot(x, w)),
        z: dot(u1, V),
      }),
      {
        sequences: { u1, u2: taps(u2, [-1, 0, 1]) },
        state: { x: x0, y: taps(y0, [-1, -3]) },
        ...how,
      },
    )
    return sum(square(x.all))
      .add(sum(y.all.mul(y.all)))
      .add(sum(z.all))
      .add(y.last)
  }

  test.each([false, true])(
    'of several states and outputs, by sequences with taps into past and future, by states that look back; reverse: %s',
    reverse => {
      checkGradient(way, network({ reverse }), inputs, inputs, values)
      const gradients = (how: How) =>
        run(way, inputs, grad(network({ reverse, ...how }), inputs) as Variable[], values)
      const expected = gradients({ unroll: true })
      close(way, gradients({}), expected)
      close(way, gradients({ unroll: 3 }), expected)
    },
  )

  test('rows that no tap sees, and rows beyond the steps, have none', () => {
    const x = vector('x', type(6))
    const { y } = scan(({ x: [a, b] }) => ({ y: a.mul(b) }), {
      sequences: { x: taps(x, [1, 2]) },
      steps: 2,
    })
    close(way, run(way, [x], [grad(sum(y.all), x)], [[1, 2, 3, 4, 5, 6]]), [[0, 3, 2 + 4, 3, 0, 0]])
  })

  test('without steps they are those of the initial rows', () => {
    const first = vector('first', type(2))
    const k = scalar('k', 'int32')
    const { h } = scan(({ h: [a, b] }) => ({ h: a.mul(b) }), {
      state: { h: taps(first, [-2, -1]) },
      steps: k,
    })
    const g = grad(h.last, first)
    close(way, run(way, [first, k], [g], [[3, 5], 0]), [[0, 1]])
    close(way, run(way, [first, k], [g], [[3, 5], 1]), [[5, 3]])
    close(way, run(way, [first, k], [g], [[3, 5], 2]), [[25, 30]])
  })

  test('the gradient of a sum of gradients, of a state that looks back twice and a state that looks back once', () => {
    const older = matrix('older', type(2, 3))
    const start = vector('start', type(3))
    const c = vector('c', type(3))
    const list = [older, start, c]
    const given = [random(1, 2, 3), random(2, 3), random(3, 3)]
    const twice = (how: How) => {
      const { a, s } = scan(
        ({ a: [two, one], s }) => {
          const total = two.add(one).add(s).mul(c)
          const next = tanh(total.mul(0.5))
          return { a: next, s: next }
        },
        { state: { a: taps(older, [-2, -1]), s: start }, steps: 4, ...how },
      )
      return (grad(sum(square(a.all)).add(sum(s.last)), list) as Variable[])
        .map(g => sum(square(g)))
        .reduce((p, q) => p.add(q))
    }
    checkGradient(way, twice({}), list, list, given)
    const gradients = (how: How) => run(way, list, grad(twice(how), list) as Variable[], given)
    close(way, gradients({}), gradients({ unroll: true }), dtype === 'float64' ? 1e-9 : 2e-4)
  })

  test('the second derivative by inputs that the first one left out', () => {
    const older = vector('older', type(2))
    const [p, q] = [scalar('p', dtype), scalar('q', dtype)]
    const { a } = scan(({ a: [two, one] }) => ({ a: two.mul(p).mul(one).add(one.mul(q)).add(p) }), {
      state: { a: taps(older, [-2, -1]) },
      steps: 4,
    })
    const first = square(grad(a.last, p))
    checkGradient(way, first, [older, p, q], [older, p, q], [[0.5, -0.4], 0.7, 0.9])
    const alone = grad(square(grad(a.last, q)), older)
    expect(run(way, [older, p, q], [alone], [[0.5, -0.4], 0, 0.9])[0]).toHaveLength(2)
  })

  test('the third derivative', () => {
    const older = vector('older', type(2))
    const p = scalar('p', dtype)
    const { a } = scan(({ a: [two, one] }) => ({ a: two.mul(p).add(one.mul(one)) }), {
      state: { a: taps(older, [-2, -1]) },
      steps: 3,
    })
    const second = (cost: Variable) => square(grad(cost, p))
    checkGradient(way, second(second(a.last)), [older, p], [older, p], [[0.5, -0.4], 0.7])
  })

  test('of scans in scans, in both directions', () => {
    const A = tensor('A', type(3, 4))
    const v = vector('v', type(2))
    const { s } = scan(
      ({ a: [above, here], s: [two, one] }) => ({
        s: scan(
          ({ x: [left, right], c: [older] }) => ({ c: tanh(older.mul(left)).add(right.mul(two)).add(one) }),
          {
            sequences: { x: taps(here, [-1, 0]) },
            state: { c: taps(above.slice({ stop: 2 }), [-2]) },
            reverse: true,
          },
        ).c.last,
      }),
      { sequences: { a: taps(A, [-1, 0]) }, state: { s: taps(v, [-2, -1]) } },
    )
    checkGradient(way, sum(square(s.all)), [A, v], [A, v], [random(1, 3, 4), [0.3, -0.2]])
  })

  test('a state that only looks further back than one step', () => {
    const older = matrix('older', type(3, 2))
    const U = matrix('U', type(2, 2))
    const loop = (how: How) => {
      const { a } = scan(({ a: [third] }) => ({ a: tanh(dot(third, U)) }), {
        state: { a: taps(older, [-3]) },
        steps: 7,
        ...how,
      })
      return sum(square(a.all)).add(sum(a.last))
    }
    const given = [random(1, 3, 2), random(2, 2, 2)]
    checkGradient(way, loop({}), [older, U], [older, U], given)
    const gradients = (how: How) => run(way, [older, U], grad(loop(how), [older, U]) as Variable[], given)
    close(way, gradients({}), gradients({ unroll: true }))
  })
})

describe('forwards through taps', () => {
  const [x, h0, W, U] = [real('x', 'time', 2), real('h0', 3, 3), real('W', 2, 3), real('U', 3, 3)]
  const inputs = [x, h0, W, U]
  const values: Value[] = [random(1, 6, 2), random(2, 3, 3), random(3, 2, 3), random(4, 3, 3)]
  const directions: Value[] = [random(5, 6, 2), random(6, 3, 3), random(7, 2, 3), random(8, 3, 3)]
  const network = (how: How = {}) =>
    scan(
      ({ x: [before, after], h: [third, last] }) => ({
        h: tanh(dot(before.mul(after), W).add(dot(third, U)).sub(last)),
      }),
      { sequences: { x: taps(x, [-1, 1]) }, state: { h: taps(h0, [-3, -1]) }, ...how },
    ).h

  test.each([{}, { reverse: true }, { unroll: 2 }])('it is measured; %j', how => {
    checkPush(inputs, network(how).all, values, directions)
    checkPush(inputs, network(how).last, values, directions)
  })

  test('it equals two pull-backs, and the Jacobian times the vector', () => {
    const { all } = network()
    const [v, u] = [real('v', 3, 3), real('u', null, 3)]
    const pushed = Rop(all, U, v)
    const twice = Lop(Lop(all, U, u), u, v)
    const J = reshape(jacobian(reshape(all, [-1]), U), [-1, 9])
    const product = dot(J, reshape(v, [9]))
    const given = [...values, directions[3]!, random(9, 4, 3)]
    const got = agree([...inputs, v, u], [reshape(pushed, [-1]), reshape(twice, [-1]), product], given, {
      onUnusedInput: 'ignore',
    })
    expectArray(got[0]!).toBeCloseToArray(got[1]!, { scaled: 1e-12 })
    expectArray(got[0]!).toBeCloseToArray(got[2]!, { scaled: 1e-12 })
  })

  test.each([false, true])('Gauss–Newton products; many at once: %s', many => {
    const v = real('v', 3, 3)
    const all = many ? stack([network().all, network({ reverse: true }).all]) : expandDims(network().all, 0)
    const lossOf = (y: Variable) => sum(square(square(y)))
    const y = real('y', ...all.shape.map(n => (typeof n === 'number' ? n : null)))
    const curved = Rop(grad(lossOf(y), y), y, Rop(all, U, v))
    const product = Lop(all, U, substitute([curved], new Map<Variable, Variable>([[y, all]]))[0]!)
    const outputs = reshape(all, [-1])
    const J = reshape(jacobian(outputs, U), [-1, 9])
    const flat = real('flat', null)
    const curvature = substitute(
      [hessian(lossOf(flat), flat)],
      new Map([[flat as Variable, outputs as Variable]]),
    )[0]!
    const expected = reshape(dot(transpose(J), dot(curvature, dot(J, reshape(v, [9])))), [3, 3])
    const got = agree([...inputs, v], [product, expected], [...values, directions[3]!])
    expectArray(got[0]!).toBeCloseToArray(got[1]!, { scaled: 1e-11 })
  })
})
