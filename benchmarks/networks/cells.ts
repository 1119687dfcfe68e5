/**
 * Recurrent cells: weights, and one step of time as a plain function over symbolic variables.
 *
 * Networks are measured as they were from the first measurement on, so these are not the cells of `arignote/nn`. Built from those,
 * W1 and W4 have as many kernels, as large an arena and the same time per step; but their code is larger by a tenth, since Adam's
 * rate is float64 there, and C1 of W1 was longer by 3 % (25 fresh processes each, in turn).
 *
 * A step gets `x` as its gates see it: x·W + b, or, where x would be one-hot, the rows of W that `take` picks, plus b.
 * The gates lie side by side along the last axis, in Keras's order. σ is the sigmoid, ∘ the elementwise product.
 */
import { dot, rand, type Shared, shared, sigmoid, type Tensor, tanh, zerosArray } from 'arignote'

export type Matrix = Tensor<'float32', 2>

/** W: from the input to the gates. U: from the state to the gates. b: their bias. */
export interface Cell {
  readonly units: number
  readonly W: Shared<'float32', 2>
  readonly U: Shared<'float32', 2>
  readonly b: Shared<'float32', 1>
}

export interface CellOptions {
  /** How many numbers the cell sees at each step. */
  readonly inputs: number
  /** How many numbers its state has. */
  readonly units: number
  /** The same seed gives the same weights. */
  readonly seed: number
  /** Begins the names of the weights. */
  readonly name?: string
}

/** The weights of an LSTM: gates i f g o. The forget gate starts open: its bias is 1. */
export function lstm({ inputs, units, seed, name = 'lstm' }: CellOptions): Cell {
  const bias = zerosArray([4 * units])
  for (let k = units; k < 2 * units; k++) bias.data[k] = 1
  return {
    units,
    W: glorot([inputs, 4 * units], seed, `${name}.W`),
    U: glorot([units, 4 * units], seed + 1, `${name}.U`),
    b: shared(bias, `${name}.b`),
  }
}

/**
 * One step of an LSTM (Hochreiter and Schmidhuber 1997; its forget gate: Gers, Schmidhuber and Cummins 2000).
 *
 *     i, f, o = σ(x + h·U)    g = tanh(x + h·U)      each of its own columns
 *     c′ = f ∘ c + i ∘ g      h′ = o ∘ tanh(c′)
 */
export function lstmStep({ units, U }: Cell, x: Matrix, h: Matrix, c: Matrix): { h: Matrix; c: Matrix } {
  const gates = x.add(dot(h, U))
  const i = sigmoid(columns(gates, 0, units))
  const f = sigmoid(columns(gates, 1, units))
  const g = tanh(columns(gates, 2, units))
  const o = sigmoid(columns(gates, 3, units))
  const next = f.mul(c).add(i.mul(g))
  return { h: o.mul(tanh(next)), c: next }
}

/** The weights of a GRU: gates z r g. */
export function gru({ inputs, units, seed, name = 'gru' }: CellOptions): Cell {
  return {
    units,
    W: glorot([inputs, 3 * units], seed, `${name}.W`),
    U: glorot([units, 3 * units], seed + 1, `${name}.U`),
    b: shared(zerosArray([3 * units]), `${name}.b`),
  }
}

/**
 * One step of a GRU (Cho et al. 2014: the reset gate acts on the state, before the product).
 *
 *     z, r = σ(x + h·U)    g = tanh(x + (r ∘ h)·U)   each of its own columns
 *     h′ = z ∘ h + (1 − z) ∘ g
 */
export function gruStep({ units, U }: Cell, x: Matrix, h: Matrix): Matrix {
  const gates = dot(h, columns(U, 0, 2 * units))
  const z = sigmoid(columns(x, 0, units).add(columns(gates, 0, units)))
  const r = sigmoid(columns(x, 1, units).add(columns(gates, 1, units)))
  const g = tanh(columns(x, 2, units).add(dot(r.mul(h), columns(U, 2, units))))
  return z.mul(h).add(z.neg().add(1).mul(g))
}

/** The weights of a layer x·W + b. */
export interface Dense {
  readonly W: Shared<'float32', 2>
  readonly b: Shared<'float32', 1>
}

export function dense({ inputs, units, seed, name = 'dense' }: CellOptions): Dense {
  return {
    W: glorot([inputs, units], seed, `${name}.W`),
    b: shared(zerosArray([units]), `${name}.b`),
  }
}

/** The k-th of the blocks of columns, all of this width, that lie side by side. */
const columns = (x: Matrix, k: number, width: number) =>
  x.slice(null, { start: k * width, stop: (k + 1) * width })

/** Uniform with variance 2/(inputs + outputs): Glorot and Bengio 2010. */
function glorot([inputs, outputs]: readonly [number, number], seed: number, name: string) {
  const limit = Math.sqrt(6 / (inputs + outputs))
  return shared(rand([inputs, outputs], { seed, low: -limit, high: limit }), name)
}
