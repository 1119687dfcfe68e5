/** Recurrent layers as loops over numbers: nothing of ours is in it. */

export type Row = readonly number[]
export type Rows = readonly Row[]
export type Kind = 'simpleRNN' | 'lstm' | 'gru'

export interface LoopOptions {
  readonly units: number
  readonly activation: keyof typeof functions
  readonly recurrentActivation?: keyof typeof functions
  readonly resetAfter?: boolean
  readonly goBackwards?: boolean
}

/** Kernel, recurrent kernel, bias; a bias of two rows for `resetAfter`. */
export type LoopWeights = readonly [kernel: Rows, recurrentKernel: Rows, bias?: Row | Rows]

export const functions = {
  tanh: Math.tanh,
  sigmoid: (x: number) => 1 / (1 + Math.exp(-x)),
  hardSigmoid: (x: number) => Math.min(1, Math.max(0, 0.2 * x + 0.5)),
  relu: (x: number) => Math.max(0, x),
  softsign: (x: number) => x / (1 + Math.abs(x)),
  linear: (x: number) => x,
}

/** Gate k of x·W: its own columns of W. */
const product = (x: Row, w: Rows, k: number, units: number): Row =>
  Array.from({ length: units }, (_, j) => x.reduce((sum, v, i) => sum + v * w[i]![k * units + j]!, 0))

const plus = (a: Row, b: Row): Row => a.map((v, j) => v + b[j]!)

function step(kind: Kind, weights: LoopWeights, options: LoopOptions, x: Row, states: Rows): Rows {
  const [kernel, recurrent, bias] = weights
  const { units, resetAfter = false } = options
  const act = functions[options.activation]
  const open = functions[options.recurrentActivation ?? 'sigmoid']
  const [h, c] = states as [Row, Row]
  const biasOf = (k: number, row: number): Row => {
    const own =
      bias === undefined ? null : Array.isArray(bias[0]) ? (bias as Rows)[row]! : row === 0 ? bias : null
    return Array.from({ length: units }, (_, j) => (own === null ? 0 : (own[k * units + j] as number)))
  }
  const fromInput = (k: number) => plus(product(x, kernel, k, units), biasOf(k, 0))
  const fromState = (k: number, state = h) => plus(product(state, recurrent, k, units), biasOf(k, 1))
  const gate = (k: number) => plus(fromInput(k), fromState(k))
  if (kind === 'simpleRNN') return [gate(0).map(act)]
  if (kind === 'lstm') {
    const [i, f, g, o] = [gate(0).map(open), gate(1).map(open), gate(2).map(act), gate(3).map(open)]
    const next = c.map((v, j) => f[j]! * v + i[j]! * g[j]!)
    return [next.map((v, j) => o[j]! * act(v)), next]
  }
  const [z, r] = [gate(0).map(open), gate(1).map(open)]
  const inner = resetAfter
    ? fromState(2).map((v, j) => r[j]! * v)
    : fromState(
        2,
        h.map((v, j) => r[j]! * v),
      )
  const g = plus(fromInput(2), inner).map(act)
  return [h.map((v, j) => z[j]! * v + (1 - z[j]!) * g[j]!)]
}

export interface Looped {
  readonly sequence: readonly Rows[]
  readonly last: Rows
  /** (batch, units) each. */
  readonly states: readonly Rows[]
}

/** A layer over x (batch, time, features): outputs in the order in which they are made. */
export function loop(
  kind: Kind,
  weights: LoopWeights,
  options: LoopOptions,
  x: readonly Rows[],
  { mask, initial }: { readonly mask: Rows | null; readonly initial: readonly Rows[] | null },
): Looped {
  const count = kind === 'lstm' ? 2 : 1
  const zeros = Array(options.units).fill(0) as Row
  const samples = x.map((steps, b) => {
    let states: Rows = initial?.map(state => state[b]!) ?? Array(count).fill(zeros)
    let output = zeros
    const times = [...steps.keys()]
    const outputs = (options.goBackwards ? times.reverse() : times).map(t => {
      if (mask === null || mask[b]![t] !== 0) {
        states = step(kind, weights, options, steps[t]!, states)
        output = states[0]!
      }
      return output
    })
    return { outputs, output, states }
  })
  return {
    sequence: samples.map(s => s.outputs),
    last: samples.map(s => s.output),
    states: Array.from({ length: count }, (_, k) => samples.map(s => s.states[k]!)),
  }
}
