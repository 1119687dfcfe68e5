/**
 * Where functions are measured: float32 at every k-th bit pattern, so over the whole range; float64 half at random bit
 * patterns, half where most of the function happens, near its hard places, and around powers of two.
 */

export type Float = 'float32' | 'float64'
type Floats = Float32Array | Float64Array

export interface Points {
  readonly xs: Floats
  readonly ys: Floats
}

/** Where most of a function happens, and the points that it is hard near. */
const places: Readonly<
  Record<string, { readonly range: readonly [number, number]; readonly hard?: readonly number[] }>
> = {
  exp: { range: [-746, 710], hard: [0, -708.4, 709.78, -745.13] },
  exp2: { range: [-1075, 1024], hard: [0, -1022, 1024] },
  expm1: { range: [-40, 710], hard: [0, -Math.LN2, Math.LN2] },
  log: { range: [0, 10], hard: [1, 0.5, Math.SQRT1_2, Math.SQRT2] },
  log1p: { range: [-1, 3], hard: [0, -1, Math.SQRT2 - 1, Math.SQRT1_2 - 1] },
  log2: { range: [0, 10], hard: [1, 0.5, Math.SQRT1_2, Math.SQRT2] },
  log10: { range: [0, 10], hard: [1, 10, Math.SQRT1_2, Math.SQRT2] },
  pow: { range: [0, 10], hard: [1, 2] },
  rsqrt: { range: [0, 10], hard: [1] },
  sin: { range: [-2e6, 2e6], hard: [Math.PI, Math.PI / 2, 100 * Math.PI, 31830 * Math.PI, 2 ** 20] },
  cos: { range: [-2e6, 2e6], hard: [Math.PI / 2, 1.5 * Math.PI, 100.5 * Math.PI, 31829.5 * Math.PI] },
  tan: { range: [-2e6, 2e6], hard: [Math.PI / 2, Math.PI / 4, Math.PI, 100.5 * Math.PI] },
  asin: { range: [-1, 1], hard: [0.5, 1, -1] },
  acos: { range: [-1, 1], hard: [0.5, 1, -1, 0] },
  atan: { range: [-10, 10], hard: [0.66, 2.414, 1] },
  atan2: { range: [-10, 10], hard: [1] },
  sinh: { range: [-711, 711], hard: [0, 1, -1, 22] },
  cosh: { range: [-711, 711], hard: [0, 0.35, 22] },
  tanh: { range: [-23, 23], hard: [0, 0.625, 22] },
  asinh: { range: [-10, 10], hard: [0, 1] },
  acosh: { range: [1, 100], hard: [1, 2 ** 28] },
  atanh: { range: [-1, 1], hard: [0, 1, -1, 0.5] },
  erf: { range: [-6, 6], hard: [0.84375, 1.25, 1 / 0.35, 0] },
  erfc: { range: [-6, 28], hard: [0.25, 0.84375, 1.25, 1 / 0.35, 0] },
  sigmoid: { range: [-746, 40], hard: [0] },
  softplus: { range: [-746, 40], hard: [0] },
}

/** A 32-bit generator (Marsaglia's xorshift), the same in every run. */
function generator(): () => number {
  let state = 0x2545f491
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state >>> 0
  }
}

/** About `count` points in pieces of `size`. */
export function* pointsOf(name: string, dtype: Float, count: number, size: number): Generator<Points> {
  const random = generator()
  const fill = dtype === 'float32' ? everyPattern(count, random) : doubles(name, random)
  let left = count
  while (left > 0) {
    const [xs, ys] = [0, 1].map(() => (dtype === 'float32' ? new Float32Array(size) : new Float64Array(size)))
    fill(xs!, ys!)
    left -= size
    yield { xs: xs!, ys: ys! }
  }
}

type Fill = (xs: Floats, ys: Floats) => void

/** float32: x goes through all bit patterns in equal steps; y is any pattern, or such that xʸ is an ordinary number. */
function everyPattern(count: number, random: () => number): Fill {
  const step = Math.max(1, Math.floor(2 ** 32 / count)) | 1
  let pattern = 0
  return (xs, ys) => {
    const [xBits, yBits] = [new Uint32Array(xs.buffer), new Uint32Array(ys.buffer)]
    for (let i = 0; i < xs.length; i++) {
      xBits[i] = pattern
      pattern = (pattern + step) >>> 0
      if (i % 2 === 0) yBits[i] = random()
      else ys[i] = (random() / 2 ** 31 - 1) * Math.min(100, 128 / Math.abs(Math.log2(Math.abs(xs[i]!)) || 1))
    }
  }
}

function doubles(name: string, random: () => number): Fill {
  const {
    range: [low, high],
    hard = [],
  } = places[name]!
  const unit = () => (random() + random() / 2 ** 32) / 2 ** 32
  const near = (x: number) => x + (unit() - 0.5) * 2 ** -(random() % 50) * Math.max(1, Math.abs(x))
  return (xs, ys) => {
    const [xBits, yBits] = [new Uint32Array(xs.buffer), new Uint32Array(ys.buffer)]
    for (let i = 0; i < xs.length; i++) {
      const anyBits = (bits: Uint32Array) => {
        bits[2 * i] = random()
        bits[2 * i + 1] = random()
      }
      const kind = i & 7
      if (kind < 4) anyBits(xBits)
      else if (kind < 6) xs[i] = low + (high - low) * unit()
      else if (kind === 6) xs[i] = near(hard[random() % hard.length] ?? 0)
      else xs[i] = (unit() - 0.5) * 2 ** (-(random() % 60) + 2)
      if (kind === 0) anyBits(yBits)
      else if (kind & 1)
        ys[i] = (unit() - 0.5) * Math.min(600, 2150 / Math.abs(Math.log2(Math.abs(xs[i]!)) || 1))
      else ys[i] = near(1) * xs[i]!
    }
  }
}
