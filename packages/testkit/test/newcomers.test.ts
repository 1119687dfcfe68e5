/** Mistakes that everybody makes once: what the messages say, whole. */
import { compile } from '@arignote/compiler'
import { describe, expect, test } from '@jest/globals'
import * as A from 'arignote'
import { shownError } from '../src/shown-error.js'

/** The class and the text, without the place, which must be a line of this file. */
function messageOf(f: () => unknown): string {
  try {
    f()
  } catch (error) {
    if (!(error instanceof A.ArignoteError)) throw error
    expect(error.message).toMatch(
      /(created|called) at packages\/testkit\/test\/newcomers\.test\.ts:\d+:\d+ +\[E\d{3}\]$/,
    )
    return shownError(error)
  }
  throw new Error('nothing was thrown')
}

const x = A.matrix('x', { shape: ['batch', 3] })
const W = A.shared(A.zerosArray([3, 2]), 'W')
const untyped = (f: unknown) => f as (...args: unknown[]) => unknown
const recurrence = () =>
  A.scan(({ x, h }) => ({ h: A.tanh(A.add(x, h)) }), { sequences: { x }, state: { h: A.zeros([3]) } })

const cases: Record<string, Record<string, () => unknown>> = {
  "JavaScript's own operators": {
    'adding with +': () => (x as never) + 1,
    'multiplying with *': () => (x as never) * (W as never),
    'comparing with <': () => (x as never) < 3,
    'calling a function of Math': () => Math.exp(x as never),
    'computing with a size': () => (x.shape[0] as never) - 1,
  },
  'a symbolic tensor where a value is expected': {
    'in a call': () => untyped(compile([x], x.mul(2)))(x),
    'in setValue': () => untyped(W.setValue.bind(W))(W.mul(2)),
    'in array': () => untyped(A.array)(x),
  },
  'a value where a symbolic tensor is expected': {
    'as a cost': () => untyped(A.grad)(3, W),
    'as what is differentiated by': () => untyped(A.grad)(W.sum(), [1, 2]),
    'as a sequence': () =>
      untyped(A.scan)(({ x }: { x: A.Tensor }) => ({ y: x }), { sequences: { x: [1, 2, 3] } }),
    'as an initial value': () =>
      untyped(A.scan)(({ h }: { h: A.Tensor }) => ({ h }), { state: { h: [1, 2, 3] }, steps: 2 }),
    'as an input': () => untyped(compile)([[1, 2, 3]], x),
    'as an output': () => untyped(compile)([x], 3),
    'as what is reshaped': () => untyped(A.reshape)([1, 2, 3], [3, 1]),
    'a list of tensors as one': () => untyped(A.tanh)([x, x]),
  },
  'a state without .last or .all': {
    'as an operand': () => untyped(A.dot)(recurrence().h, W),
    'as a cost': () => untyped(A.grad)(recurrence().h, W),
    'among the outputs': () => untyped(compile)([x], [recurrence().h]),
    'as a sequence': () =>
      untyped(A.scan)(({ x }: { x: A.Tensor }) => ({ y: x }), { sequences: { x: recurrence().h } }),
    'from a step': () =>
      untyped(A.scan)(
        ({ s }: { s: A.Tensor }) => {
          const inner = recurrence()
          return { s: s.add(1), t: inner.h }
        },
        { state: { s: 0 }, steps: 2 },
      ),
  },
  'calls of a compiled function': {
    'too few arguments': () => untyped(compile([x], x.exp(), { name: 'predict' }))(),
    'too many arguments': () => untyped(compile([x], x.exp(), { name: 'predict' }))([[1, 2, 3]], 1),
    'another rank': () => compile([x], x.exp())([1, 2, 3]),
    'another size': () => compile([x], x.exp())([[1, 2]]),
    'floats for integers': () => {
      const ids = A.vector('ids', 'int32')
      return compile([ids], ids.add(1))(Float32Array.of(1, 2))
    },
    'fractions for integers': () => {
      const ids = A.vector('ids', 'int32')
      return compile([ids], ids.add(1))([1, 2.5])
    },
    'a ragged array': () => compile([x], x.exp())([[1, 2, 3], [4, 5]] as never), // biome-ignore format: short
    'sizes that differ': () => {
      const y = A.matrix('y', { shape: ['batch', 1] })
      return compile([x, y], x.add(y))([[1, 2, 3]], [[1], [2]])
    },
  },
  'what compile is given': {
    'one input without a list': () => untyped(compile)(x, x.exp()),
    'updates as a record': () => untyped(compile)([], [], { updates: { W: W.mul(2) } }),
    'one update without a list': () => untyped(compile)([], [], { updates: [W, W.mul(2)] }),
    'an update of what is not shared': () => untyped(compile)([], [], { updates: [['W', W.mul(2)]] }),
    'givens as a record': () => untyped(compile)([], x, { givens: { x: W } }),
    'a default as a record': () => untyped(compile)([x], x, { defaults: { x: 1 } }),
    'an option that there is not': () => untyped(compile)([x], x, { optimise: false }),
    'a back end that there is not': () => untyped(compile)([x], x, { backend: 'wsam' }),
    'a check that there is not': () => untyped(compile)([x], x, { check: 'NaNs' }),
    'an optimisation that there is not': () => untyped(compile)([x], x, { optimize: 'full' }),
    'a way that there is not': () => untyped(compile)([x], x, { onUnusedInput: 'ignored' }),
    'a forgotten input': () => compile([], x.dot(W)),
    'an input that is not used': () => compile([x, A.vector('y')], x.dot(W)),
    'options that are none': () => untyped(compile)([x], x, 'wasm'),
  },
  'names given wrong': {
    'a dtype of an input': () => untyped(A.matrix)('x', 'flaot32'),
    'a dtype of a shared variable': () => untyped(A.shared)([1], 'b', { dtype: 'double' }),
    'a dtype to cast to': () => untyped(A.cast)(x, 'int23'),
    'a dtype of zeros': () => untyped(A.zeros)([3], 'f32'),
    'a dtype of random numbers': () => untyped(A.randn)([3], { dtype: 'float16' }),
    'an option of an input': () => untyped(A.matrix)('x', { dtpye: 'int32' }),
    'an option of a reduction': () => untyped(A.sum)(x, 0, { keepdim: true }),
    'an option of a reduction, as in NumPy': () => untyped(A.mean)(x, 0, true),
    'an option of scan': () => untyped(A.scan)(() => ({}), { sequence: { x } }),
    'an option of sort': () => untyped(A.sort)(x, 0, { reverse: true }),
    'an option of hessian': () => untyped(A.hessian)(W.sum(), W, { vectorise: false }),
    'an option of grad': () => untyped(A.grad)(W.sum(), W, { disconnectedInput: 'ignore' }),
    'an option of random numbers': () => untyped(A.randn)([3], { stddev: 2 }),
    'an option of a random stream': () =>
      untyped((shape: never, options: never) => A.randomStream(1).normal(shape, options))([3], { sdt: 2 }),
    'a value of an option of grad': () => untyped(A.grad)(W.sum(), W, { disconnectedInputs: 'zero' }),
    'a sequence, in the step': () =>
      untyped(A.scan)(({ xs }: { xs: A.Tensor }) => ({ y: xs.exp() }), { sequences: { x } }),
    'a state, in what the step returns': () =>
      untyped(A.scan)(({ hidden }: { hidden: A.Tensor }) => ({ hiden: hidden.mul(2) }), {
        state: { hidden: A.ones([2]) },
        steps: 3,
      }),
    'an equation of einsum': () => untyped(A.einsum)('ij,jk->il', x, W),
  },
  gradients: {
    'of a matrix': () => untyped(A.grad)(x.dot(W), W),
    'of an integer': () => untyped(A.grad)(x.argmax(), W),
    'by an integer': () => {
      const n = A.scalar('n', 'int32')
      return untyped(A.grad)(W.sum().mul(n), n)
    },
    'of what does not depend on it': () => A.grad(x.sum(), W),
  },
  'a state that changes its type': {
    'because float64 comes in': () => {
      const scale = A.scalar('scale', 'float64')
      return A.scan(
        ({ x, h }) => {
          const scaled = x.mul(scale)
          return { h: A.tanh(scaled.add(h)) }
        },
        { sequences: { x }, state: { h: A.zeros([3]) } },
      )
    },
    'because of a typed array': () =>
      A.scan(({ h }) => ({ h: h.mul(new Float64Array([1, 2])) }), { state: { h: A.zeros([2]) }, steps: 3 }),
    'by a cast': () =>
      A.scan(({ h }) => ({ h: h.cast('float64') }), { state: { h: A.zeros([2]) }, steps: 3 }),
    'because of an integer': () => {
      const start = A.vector('start', { dtype: 'int32', shape: [2] })
      return A.scan(({ h }) => ({ h: h.mul(0.5) }), { state: { h: start }, steps: 3 })
    },
    'of shape': () => A.scan(({ h }) => ({ h: h.dot(W) }), { state: { h: A.zeros([3]) }, steps: 3 }),
  },
}

describe.each(Object.keys(cases))('%s', group => {
  test.each(Object.keys(cases[group]!))('%s', name => {
    expect(messageOf(cases[group]![name]!)).toMatchSnapshot()
  })
})

test('a tensor in a template string is described', () => {
  expect(`${x}, ${x.shape[0]}`).toBe('x : f32[batch, 3]   (input "x"), batch')
})

test('after each of these errors shared variables are what they were', () => {
  for (const group of Object.values(cases)) for (const mistake of Object.values(group)) messageOf(mistake)
  expect([...W.getValue().data]).toEqual([0, 0, 0, 0, 0, 0])
})

test('whatever an operation is given, it works or says what is wrong', () => {
  const constructors = [
    A.Variable,
    A.ArignoteError,
    A.ArgumentError,
    A.DTypeError,
    A.GraphError,
    A.NumericError,
    A.ShapeError,
  ]
  // These take seeds, arrays and events of printing: with what is no symbolic tensor the language itself deals.
  const hosts: unknown[] = [A.ndarrayOf, A.toNested, A.sineWave, A.printedText]
  const given: Record<string, unknown> = {
    list: [1, 2, 3],
    history: recurrence().h,
    string: 'x',
    object: {},
    function: compile([x], x),
    variable: x,
    number: 3,
    undefined,
    null: null,
  }
  const crashed: string[] = []
  for (const [name, f] of Object.entries(A)) {
    if (typeof f !== 'function' || hosts.includes(f) || constructors.some(c => c === (f as unknown))) continue
    for (const [what, value] of Object.entries(given)) {
      for (const rest of [[], [x], ...(value === null ? [] : [[value], [value, value]])]) {
        try {
          untyped(f)(value, ...rest)
        } catch (error) {
          if (!(error instanceof A.ArignoteError))
            crashed.push(`${name}(${what}, … ${rest.length} more): ${(error as Error).message}`)
        }
      }
    }
  }
  expect(crashed).toEqual([])
})
