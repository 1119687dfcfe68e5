/**
 * Tasks whose answer lies far back, made of random numbers: as many examples as anybody wants, and none twice.
 */
import { type NdArray, ndarrayOf, rand } from 'arignote'

/** Numbers from 0 to 1, always the same for a seed. */
export type Draw = () => number

/** A drawer of numbers that fetches them in larger lots. */
export function drawer(seed: number): Draw {
  let lot = 0
  let at = 0
  let numbers: ArrayLike<number> = []
  return () => {
    if (at === numbers.length) {
      numbers = rand([4096], { seed: seed * 7919 + lot++ }).data
      at = 0
    }
    return numbers[at++]!
  }
}

const below = (draw: Draw, n: number) => Math.min(n - 1, Math.floor(draw() * n))

/**
 * The adding problem (Hochreiter and Schmidhuber 1997): at each step a number from 0 to 1 and a mark; two numbers are marked,
 * one among the first tenth, one in the rest of the first half. The answer, asked for at the end, is their sum. Whoever
 * always says 1 errs by 1/6, squared.
 */
export function adding(draw: Draw, batch: number, time: number): { x: NdArray; y: NdArray } {
  const x = new Float32Array(batch * time * 2)
  const y = new Float32Array(batch)
  const tenth = Math.max(1, Math.floor(time / 10))
  for (let i = 0; i < batch; i++) {
    for (let t = 0; t < time; t++) x[(i * time + t) * 2] = draw()
    for (const t of [below(draw, tenth), tenth + below(draw, Math.floor(time / 2) - tenth)]) {
      x[(i * time + t) * 2 + 1] = 1
      y[i] = y[i]! + x[(i * time + t) * 2]!
    }
  }
  return { x: ndarrayOf(x, [batch, time, 2]), y: ndarrayOf(y, [batch]) }
}

/** How many kinds of symbols there are to remember. */
export const SYMBOLS = 4
/** How many of them there are. */
export const COPIED = 3
/** A line for each symbol at each of the first places, and one to ask for each place. */
export const COPY_LINES = COPIED * SYMBOLS + COPIED

/**
 * Copy memory (Hochreiter and Schmidhuber 1997; as in Arjovsky, Shah and Bengio 2016, but shorter, and with lines of their
 * own for the places): a few symbols, then nothing, then a signal for each place, at which its symbol is to be said.
 */
export function copying(draw: Draw, batch: number, time: number): { x: NdArray; y: NdArray } {
  const x = new Float32Array(batch * time * COPY_LINES)
  const y = new Int32Array(batch * COPIED)
  for (let i = 0; i < batch; i++)
    for (let k = 0; k < COPIED; k++) {
      const symbol = below(draw, SYMBOLS)
      x[(i * time + k) * COPY_LINES + k * SYMBOLS + symbol] = 1
      x[(i * time + time - COPIED + k) * COPY_LINES + COPIED * SYMBOLS + k] = 1
      y[i * COPIED + k] = symbol
    }
  return { x: ndarrayOf(x, [batch, time, COPY_LINES]), y: ndarrayOf(y, [batch, COPIED]) }
}
