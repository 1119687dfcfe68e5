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
 * The adding problem (Hochreiter and Schmidhuber 1997, as in Arjovsky, Shah and Bengio 2016): at each step a number from 0 to 1
 * and a mark; two numbers are marked, one in each half. The answer, asked for at the end, is their sum. Whoever always says 1
 * errs by 1/6, squared.
 */
export function adding(draw: Draw, batch: number, time: number): { x: NdArray; y: NdArray } {
  const x = new Float32Array(batch * time * 2)
  const y = new Float32Array(batch)
  const half = Math.floor(time / 2)
  for (let i = 0; i < batch; i++) {
    for (let t = 0; t < time; t++) x[(i * time + t) * 2] = draw()
    for (const t of [below(draw, half), half + below(draw, time - half)]) {
      x[(i * time + t) * 2 + 1] = 1
      y[i] = y[i]! + x[(i * time + t) * 2]!
    }
  }
  return { x: ndarrayOf(x, [batch, time, 2]), y: ndarrayOf(y, [batch]) }
}

/** How many kinds of symbols there are to copy, and how many symbols. */
export const SYMBOLS = 8
export const COPIED = 10
const BLANK = SYMBOLS
const GO = SYMBOLS + 1
/** A line for each symbol, one for nothing, one that says: now. */
export const COPY_LINES = SYMBOLS + 2

/**
 * Copy memory (Hochreiter and Schmidhuber 1997, as in Arjovsky, Shah and Bengio 2016): some symbols, `time` steps of nothing, at the
 * last of which comes the signal, and as many steps more, at which the symbols are to be said in their order; before, nothing.
 */
export function copying(draw: Draw, batch: number, time: number): { x: NdArray; y: NdArray } {
  const steps = time + 2 * COPIED
  const x = new Float32Array(batch * steps * COPY_LINES)
  const y = new Int32Array(batch * steps).fill(BLANK)
  for (let i = 0; i < batch; i++)
    for (let t = 0; t < steps; t++) {
      const isSymbol = t < COPIED
      const symbol = isSymbol ? below(draw, SYMBOLS) : t === COPIED + time - 1 ? GO : BLANK
      x[(i * steps + t) * COPY_LINES + symbol] = 1
      if (isSymbol) y[i * steps + COPIED + time + t] = symbol
    }
  return { x: ndarrayOf(x, [batch, steps, COPY_LINES]), y: ndarrayOf(y, [batch, steps]) }
}
