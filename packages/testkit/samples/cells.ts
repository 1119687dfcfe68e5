/** Recurrent cells as plain functions, for the samples. Gates lie side by side in z. */
import {
  dot,
  randn,
  type Shared,
  scan,
  shared,
  sigmoid,
  sub,
  type Tensor,
  tanh,
  type Variable,
  zeros,
  zerosArray,
} from 'arignote'

export interface Weights {
  readonly W: Shared
  readonly U: Shared
  readonly b: Shared
}

/** Weights of a cell with so many gates. */
export function weights(inputs: number, units: number, gates: number, seed: number, name = ''): Weights {
  return {
    W: shared(randn([inputs, gates * units], { seed, std: 0.3 }), `${name}W`),
    U: shared(randn([units, gates * units], { seed: seed + 1, std: 0.3 }), `${name}U`),
    b: shared(zerosArray([gates * units]), `${name}b`),
  }
}

type Matrix = Tensor<'float32', 2>

/** The k-th gate of z. */
export const gate = (z: Variable, k: number, units: number) =>
  z.slice(null, { start: k * units, stop: (k + 1) * units }) as Matrix

/** Zeros for every row of a step of x (time, batch, …). */
export const zeroState = (x: Variable, units: number) => zeros([x.dim(1), units])

/** An LSTM over x (time, batch, inputs); gates i f g o. */
export function lstm(x: Variable, { W, U, b }: Weights, units: number) {
  return scan(
    ({ x, h, c }) => {
      const z = dot(x, W).add(dot(h, U)).add(b)
      const [i, f, o] = [0, 1, 3].map(k => sigmoid(gate(z, k, units)))
      const next = f!.mul(c).add(i!.mul(tanh(gate(z, 2, units))))
      return { h: o!.mul(tanh(next)), c: next }
    },
    { sequences: { x }, state: { h: zeroState(x, units), c: zeroState(x, units) }, name: 'lstm' },
  )
}

/** A GRU over x; gates z r g. The reset gate acts on the product, which has a bias of its own. */
export function gruResetAfter(x: Variable, { W, U, b }: Weights, recurrentBias: Shared, units: number) {
  return scan(
    ({ x, h }) => {
      const a = dot(x, W).add(b)
      const p = dot(h, U).add(recurrentBias)
      const z = sigmoid(gate(a, 0, units).add(gate(p, 0, units)))
      const r = sigmoid(gate(a, 1, units).add(gate(p, 1, units)))
      const g = tanh(gate(a, 2, units).add(r.mul(gate(p, 2, units))))
      return { h: z.mul(h).add(sub(1, z).mul(g)) }
    },
    { sequences: { x }, state: { h: zeroState(x, units) }, name: 'gru' },
  )
}

/** A GRU over x; gates z r g. The reset gate acts on the state, before the product. */
export function gruResetBefore(x: Variable, { W, U, b }: Weights, units: number) {
  return scan(
    ({ x, h }) => {
      const a = dot(x, W).add(b)
      const p = dot(h, U.slice(null, { stop: 2 * units }))
      const z = sigmoid(gate(a, 0, units).add(gate(p, 0, units)))
      const r = sigmoid(gate(a, 1, units).add(gate(p, 1, units)))
      const g = tanh(gate(a, 2, units).add(dot(r.mul(h), U.slice(null, { start: 2 * units }))))
      return { h: z.mul(h).add(sub(1, z).mul(g)) }
    },
    { sequences: { x }, state: { h: zeroState(x, units) }, name: 'gru' },
  )
}
