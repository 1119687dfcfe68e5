/** Acceptance cases of scans that ask for nothing of their own: early rows, draws that gradients pass by, states of streams. */
import { compile } from '@arignote/compiler'
import { grad, matrix, randomStream, scalar, scan, slice, tanh, vector } from '@arignote/graph'
import { describe, expect, test } from '@jest/globals'
import { checkGradient, close, random, run, ways } from './scan-cases.js'

describe.each(ways)('$name', way => {
  const { dtype } = way
  const xs = vector('xs', { dtype, shape: ['n'] })
  const w = scalar('w', dtype)
  const recurrence = (reverse = false) =>
    scan(({ x, h }) => ({ h: h!.mul(w).add(x!), y: h!.sub(x!) }), {
      sequences: { x: xs },
      state: { h: 0 },
      reverse,
    })
  const values = [1, 2, 4, 8]

  test('44: early rows are those of the whole loop, by number or by a symbolic index, forwards and in reverse', () => {
    const k = scalar('k', 'int32')
    const { h, y } = recurrence()
    const at = (i: number) =>
      run(way, [xs, w, k], [slice(h.all, k), slice(y.all, { stop: 2 })], [values, 0.5, i])
    close(way, at(0), [1, [-1, -1]])
    close(way, at(2), [5.25, [-1, -1]])
    close(way, at(-1), [10.625, [-1, -1]])
    const back = recurrence(true)
    close(way, run(way, [xs, w], [slice(back.h.all, -1), slice(back.h.all, 0)], [values, 0.5]), [8, 4])
  })

  test('30: draws in a step do not disturb gradients by floats; a gradient by the stream itself is none', () => {
    const noise = randomStream(5)
    const { h } = scan(
      ({ x, h }) => ({
        h: tanh(
          h!
            .mul(w)
            .add(x!)
            .mul(noise.dropoutMask([], 0.5, { dtype })),
        ),
      }),
      {
        sequences: { x: xs },
        state: { h: 0 },
      },
    )
    const cost = h.all.sum()
    const f = compile([xs, w], grad(cost, [xs, w]), { ...way.options })
    noise.seed(5)
    const first = f(values, 0.5).map(v => [...v.data])
    noise.seed(5)
    close(
      way,
      f(values, 0.5).map(v => [...v.data]),
      first,
    )
    expect(first.flat().some(v => v !== 0)).toBe(true)
    expect(() => grad(cost, noise.state)).toThrow(/int32/)
  })

  test('16: after a call a stream is where its draws left it, whatever drew', () => {
    const stream = randomStream(3)
    const { y } = scan(({ x }) => ({ y: x!.add(stream.uniform([], { dtype })) }), { sequences: { x: xs } })
    const f = compile([xs], y.all, { ...way.options })
    const before = [...stream.state.getValue().data]
    const first = [...f([0, 0, 0]).data]
    expect([...stream.state.getValue().data]).not.toEqual(before)
    expect([...f([0, 0, 0]).data]).not.toEqual(first)
    stream.state.setValue(Int32Array.from(before))
    close(way, [...f([0, 0, 0]).data], first)
  })

  test('50: a loop computed again in segments has the gradients of the plain one, of matrices too', () => {
    const X = matrix('X', { dtype, shape: ['T', 3] })
    const W = matrix('W', { dtype, shape: [3, 3] })
    const cost = (remat: 'auto' | { every: number }) =>
      scan(({ x, h }) => ({ h: tanh(h!.dot(W).add(x!)) }), {
        sequences: { x: X },
        state: { h: X.sum(0).mul(0) },
        remat,
      }).h.last.sum()
    const args = [random(1, 7, 3), random(2, 3, 3)]
    const of = (remat: 'auto' | { every: number }) => run(way, [X, W], grad(cost(remat), [X, W]), args)
    close(way, of({ every: 3 }), of('auto'))
    checkGradient(way, cost({ every: 2 }), [X, W], [X, W], args)
  })
})
