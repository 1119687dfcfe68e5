/**
 * A simple recurrent network, step by step, out of nothing but products and tanh: it learns to add binary numbers, as one
 * does on paper. Each step of time it sees a column, a bit of either number, and says a bit of the sum; what it must
 * remember is the carry.
 *
 *     npm start -- simple-rnn      --help says what the options are
 */
import {
  compile,
  crossentropyBinary,
  dim,
  dot,
  grad,
  mean,
  type NdArray,
  ndarrayOf,
  rand,
  type Shared,
  scan,
  shared,
  sigmoid,
  type Tensor,
  tanh,
  tensor3,
  zeros,
  zerosArray,
} from 'arignote'
import { adam } from 'arignote/nn'
import { defaultsOf, runIfMain, whole } from './lib/command-line.js'
import { drawer } from './lib/tasks.js'
import { draw, type Progress, progress, silence } from './lib/terminal.js'

const program = {
  name: 'simple-rnn',
  says: 'A recurrent network, out of nothing but products and tanh, learns to add binary numbers.',
  options: {
    steps: whole(800, 'changes of the weights'),
    seed: whole(1, 'the same seed, the same numbers', 0),
    units: whole(8, 'numbers in the state'),
    // The longest sums asked for are of numbers four times as long, and doubles hold 53 bits.
    bits: whole(8, 'how long the numbers are that it learns from', 1, 13),
  },
}

const defaults = defaultsOf(program.options)

export type Options = typeof defaults

const BATCH = 32

type Matrix = Tensor<'float32', 2>

/** 1. The weights: from the input to the state, from the state to the next one, from the state to the answer. */
function weights({ units, seed }: { readonly units: number; readonly seed: number }) {
  const uniform = (rows: number, columns: number, k: number, name: string) => {
    const limit = Math.sqrt(6 / (rows + columns))
    return shared(rand([rows, columns], { seed: seed + k, low: -limit, high: limit }), name)
  }
  return {
    W_xh: uniform(2, units, 0, 'W_xh'),
    W_hh: uniform(units, units, 1, 'W_hh'),
    b_h: shared(zerosArray([units]), 'b_h'),
    W_hy: uniform(units, 1, 2, 'W_hy'),
    b_y: shared(zerosArray([1]), 'b_y'),
  }
}

type Weights = ReturnType<typeof weights>

/** 2. One step: what it sees and what it remembers make what it remembers next (Elman 1990). */
export function step({ W_xh, W_hh, b_h }: Weights, x: Matrix, h: Matrix): Matrix {
  return tanh(dot(x, W_xh).add(dot(h, W_hh)).add(b_h))
}

/** The network as functions that share its weights. */
export function adder({ units, seed }: { readonly units: number; readonly seed: number }) {
  const w = weights({ units, seed })
  const x = tensor3('x', { shape: ['time', 'batch', 2] })
  const y = tensor3('y', { shape: ['time', 'batch', 1] })

  // 3. The loop: the step, once for each row of x. Before the first one it remembers nothing.
  const { h } = scan(({ x, h }) => ({ h: step(w, x, h) }), {
    sequences: { x },
    state: { h: zeros([dim(x, 1), units]) },
  })

  // 4. The answer at every step, and how wrong it is.
  const scores = dot(h.all, w.W_hy).add(w.b_y)
  const loss = mean(crossentropyBinary(scores, y, { fromLogits: true }))

  // 5. The gradient, back through all steps, is a graph like any other; so is what the optimiser makes of it.
  const parameters: readonly Shared<'float32'>[] = Object.values(w)
  const updates = adam(grad(loss, parameters), parameters, { learningRate: 0.02 })

  // 6. Functions of numbers.
  const train = compile([x, y], loss, { updates, name: 'train' })
  const answer = compile([x], { bits: sigmoid(scores), states: h.all }, { name: 'answer' })

  // What a column has to do with the last answer: the gradient of the last score by each row of x.
  const felt = compile([x], grad(scores.at(-1).sum(), x).square().sum([1, 2]).sqrt(), { name: 'felt' })
  return { train, answer, felt }
}

/** Numbers as columns of bits, the last one first: (bits + 1, pairs, 2), and those of their sums. */
export function columns(
  pairs: readonly (readonly [number, number])[],
  bits: number,
): { x: NdArray; y: NdArray } {
  const time = bits + 1
  const bit = (n: number, t: number) => Math.floor(n / 2 ** t) % 2
  const x = new Float32Array(time * pairs.length * 2)
  const y = new Float32Array(time * pairs.length)
  for (let t = 0; t < time; t++)
    for (const [k, [a, b]] of pairs.entries()) {
      x.set([bit(a, t), bit(b, t)], (t * pairs.length + k) * 2)
      y[t * pairs.length + k] = bit(a + b, t)
    }
  return { x: ndarrayOf(x, [time, pairs.length, 2]), y: ndarrayOf(y, [time, pairs.length, 1]) }
}

/** The numbers that columns of bits mean. */
const numbersOf = (bits: NdArray) =>
  Array.from({ length: bits.shape[1]! }, (_, k) =>
    Array.from({ length: bits.shape[0]! }, (_, t) => (bits.get(t, k, 0) > 0.5 ? 2 ** t : 0)).reduce(
      (a, b) => a + b,
    ),
  )

export interface Report {
  readonly losses: readonly number[]
  /** Sums it was asked for, of numbers as long as those it learned from, and of numbers four times as long. */
  readonly sums: readonly Sum[]
  readonly longSums: readonly Sum[]
  /** The states of the first sum, step by step. */
  readonly states: readonly (readonly number[])[]
  /** How strongly the last answer feels each column, from the last one back. */
  readonly felt: readonly number[]
}

export interface Sum {
  readonly a: number
  readonly b: number
  readonly said: number
}

/** Trains for a fixed number of steps. The same options give the same numbers. */
export function simpleRnn(given: Partial<Options> = {}, shown: Progress = silence): Report {
  const { steps, seed, units, bits } = { ...defaults, ...given }
  const { train, answer, felt } = adder({ units, seed })
  const next = drawer(seed)
  const pairsOf = (count: number, length: number) => {
    const number = () =>
      Math.floor(next() * 2 ** Math.min(length, 20)) * 2 ** Math.max(0, length - 20) +
      (length > 20 ? Math.floor(next() * 2 ** (length - 20)) : 0)
    return Array.from({ length: count }, () => [number(), number()] as const)
  }
  const losses: number[] = []
  for (let k = 1; k <= steps; k++) {
    const { x, y } = columns(pairsOf(BATCH, bits), bits)
    losses.push(train(x, y).data[0]!)
    shown.update(k, `loss ${losses.at(-1)!.toFixed(4)}`)
  }
  shown.stop()
  const ask = (pairs: readonly (readonly [number, number])[], length: number) => {
    const { x } = columns(pairs, length)
    const { bits, states } = answer(x)
    const said = numbersOf(bits)
    return { x, states, sums: pairs.map(([a, b], k): Sum => ({ a, b, said: said[k]! })) }
  }
  const short = ask(pairsOf(5, bits), bits)
  const long = ask(pairsOf(5, 4 * bits), 4 * bits)
  return {
    losses,
    sums: short.sums,
    longSums: long.sums,
    states: Array.from({ length: bits + 1 }, (_, t) =>
      Array.from({ length: units }, (_, k) => short.states.get(t, 0, k)),
    ),
    felt: Array.from(felt(long.x).data).reverse(),
  }
}

function main(options: Options): void {
  const { steps, units, bits } = options
  console.log(
    `h ← tanh(x·W_xh + h·W_hh + b_h), ${units} numbers to remember a carry with; ${steps} steps of training.\n`,
  )
  const { losses, sums, longSums, states, felt } = simpleRnn(options, progress(steps))
  console.log(
    `\nThe loss fell from ${losses[0]!.toFixed(3)} to ${losses.at(-1)!.toFixed(4)}. Sums it never saw:\n`,
  )
  console.log(sums.map(lineOf).join('\n'))
  console.log(`\nAnd of ${4 * bits} bits, though it learned from ${bits}:\n`)
  console.log(longSums.map(lineOf).join('\n'))
  console.log('\nWhat it remembered, column by column, in the first sum above:\n')
  for (const [t, state] of states.entries())
    console.log(`  column ${String(t + 1).padStart(2)}  ${state.map(v => v.toFixed(1).padStart(5)).join('')}`)
  console.log(
    '\nHow strongly the last answer feels each column, from the last one (left) back to the first:\n',
  )
  const line = felt.map(v => Math.max(-12, Math.log10(v / felt[0]!)))
  console.log(draw({ line, low: -12, high: 1, rows: 6, columns: 1, label: power => `1e${power.toFixed(0)}` }))
}

const lineOf = ({ a, b, said }: Sum) => {
  const text = [a, b, said].map(n => String(n).padStart(11))
  return `${text[0]} + ${text[1]} = ${text[2]}  ${said === a + b ? '' : `no: ${a + b}`}`.trimEnd()
}

runIfMain(import.meta.url, program, main)
