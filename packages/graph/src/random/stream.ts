/**
 * Random streams, as users see them: each method is one draw, a symbolic tensor that is drawn anew by every call of a
 * compiled function, and at every step of a scan. Which numbers, is said in `draw.ts`.
 */
import { isFloat } from '@arignote/loops'
import type { Dim } from '../dim.js'
import { wrongDType } from '../errors.js'
import { checkOptions } from '../given.js'
import { shared } from '../inputs.js'
import { add, div, mul, sub } from '../ops/arithmetic.js'
import { ge, gt, lt } from '../ops/comparison.js'
import { constant } from '../ops/constant.js'
import { take } from '../ops/gather.js'
import { addLanes, takeLanes } from '../ops/lanes.js'
import { below, type FloatType } from '../ops/random.js'
import { argmin } from '../ops/reduce.js'
import { where } from '../ops/select.js'
import { broadcastTo } from '../ops/shape.js'
import { axisOf, dimValue, type Size, sizesOf } from '../ops/size.js'
import { argsort } from '../ops/sorting.js'
import { iota, type RankOfShape } from '../ops/source.js'
import { asOneCall, type Rank, type Shared, type Tensor, type Variable } from '../variable.js'
import {
  checkDeviation,
  checkFloat,
  checkOrder,
  checkProbability,
  checkSeed,
  type Parameter,
  stateOf,
  under,
} from './arguments.js'
import { drawFrom, drawNumbers, stateWords } from './draw.js'

type Shape = readonly Size[]

export interface UniformOptions<D extends FloatType = FloatType> {
  readonly low?: Parameter
  readonly high?: Parameter
  readonly dtype?: D
}

export interface NormalOptions<D extends FloatType = FloatType> {
  readonly mean?: Parameter
  readonly std?: Parameter
  readonly dtype?: D
}

export interface IntegerOptions {
  readonly low?: Parameter
  /** Is not drawn itself. */
  readonly high: Parameter
}

/** A source of random numbers: see `randomStream`. */
export class RandomStream {
  /** The seed (two words) and how many calls have drawn from the stream: int32[3], saved and restored like any other. */
  readonly state: Shared<'int32', 1>
  #sites = 0

  constructor(seed: number | Shared<'int32', 1>, name: string) {
    if (typeof seed !== 'number') {
      this.state = seed
      return
    }
    this.state = shared(stateOf(seed), name)
    const calls = [0, 1, 2].map(word => Number(word === stateWords.calls))
    this.state.defaultUpdate = add(this.state, constant(calls, 'int32'))
  }

  /** Begins again: the next call draws what the first call after `randomStream(seed)` draws. */
  seed(seed: number): void {
    this.state.setValue(stateOf(seed))
  }

  /**
   * The same stream, its draws numbered from the first on again: for a graph of its own that is to draw as another one
   * does, whatever was made before.
   */
  numberedAnew(): RandomStream {
    return new RandomStream(this.state, '')
  }

  /** Numbers from low (0) to below high (1). */
  uniform<const S extends Shape, D extends FloatType = 'float32'>(
    shape: S,
    options: UniformOptions<D> = {},
  ): Tensor<D, RankOfShape<S>> {
    return asOneCall((): Variable => {
      checkOptions('uniform', options, ['low', 'high', 'dtype'])
      const { low = 0, high = 1, dtype = 'float32' as D } = options
      const sizes = this.#sizes('uniform', shape)
      checkFloat('uniform', dtype)
      checkOrder('uniform', low, high)
      const u = this.#numbers(sizes, 'uniform', dtype)
      if (low === 0 && high === 1) return u
      const [a, b] = [under('uniform', low, sizes, dtype), under('uniform', high, sizes, dtype)]
      const x = add(mul(u, sub(b, a)), a)
      // The sum may have been rounded up.
      return where(lt(x, b), x, a)
    }) as Tensor<D, RankOfShape<S>>
  }

  /** Normally distributed numbers, by default of mean 0 and standard deviation 1. */
  normal<const S extends Shape, D extends FloatType = 'float32'>(
    shape: S,
    options: NormalOptions<D> = {},
  ): Tensor<D, RankOfShape<S>> {
    return asOneCall((): Variable => {
      checkOptions('normal', options, ['mean', 'std', 'dtype'])
      const { mean = 0, std = 1, dtype = 'float32' as D } = options
      const sizes = this.#sizes('normal', shape)
      checkFloat('normal', dtype)
      checkDeviation('normal', std)
      const z = this.#numbers(sizes, 'normal', dtype)
      const scaled = std === 1 ? z : mul(z, under('normal', std, sizes, dtype))
      return mean === 0 ? scaled : add(scaled, under('normal', mean, sizes, dtype))
    }) as Tensor<D, RankOfShape<S>>
  }

  /** True with probability p. */
  bernoulli<const S extends Shape>(shape: S, p: Parameter = 0.5): Tensor<'bool', RankOfShape<S>> {
    return asOneCall((): Variable => {
      const sizes = this.#sizes('bernoulli', shape)
      checkProbability('bernoulli', p)
      return lt(this.#numbers(sizes, 'uniform', 'float32'), under('bernoulli', p, sizes, 'float32'))
    }) as Tensor<'bool', RankOfShape<S>>
  }

  /** What dropout multiplies by: 0 with probability `rate`, else 1 / (1 − rate). */
  dropoutMask<const S extends Shape, D extends FloatType = 'float32'>(
    shape: S,
    rate: Parameter,
    options: { readonly dtype?: D } = {},
  ): Tensor<D, RankOfShape<S>> {
    return asOneCall((): Variable => {
      checkOptions('dropoutMask', options, ['dtype'])
      const { dtype = 'float32' as D } = options
      const sizes = this.#sizes('dropoutMask', shape)
      checkFloat('dropoutMask', dtype)
      checkProbability('dropoutMask', rate)
      const keeps = ge(
        this.#numbers(sizes, 'uniform', 'float32'),
        under('dropoutMask', rate, sizes, 'float32'),
      )
      const scale = typeof rate === 'number' ? 1 / (1 - rate) : div(1, sub(1, rate))
      return where(keeps, under('dropoutMask', scale, sizes, dtype), constant(0, dtype))
    }) as Tensor<D, RankOfShape<S>>
  }

  /** Whole numbers from low (0) to below high, each as probable as any other. */
  randint<const S extends Shape>(shape: S, options: IntegerOptions): Tensor<'int32', RankOfShape<S>> {
    return asOneCall((): Variable => {
      checkOptions('randint', options, ['low', 'high'])
      const { low = 0, high } = options
      const sizes = this.#sizes('randint', shape)
      checkOrder('randint', low, high)
      const [a, b] = [under('randint', low, sizes, 'int32'), under('randint', high, sizes, 'int32')]
      const [first, second] = this.#draw()(sizes, 2)
      return add(below([first!, second!], sub(b, a)), a)
    }) as Tensor<'int32', RankOfShape<S>>
  }

  /**
   * Indices along the last axis of p, each as probable as its element says, of which only the ratios count. `shape` is put
   * before the other axes of p: how many to draw of each.
   */
  categorical(p: Variable, shape: Shape = []): Tensor<'int32', Rank> {
    return asOneCall((): Variable => {
      if (!isFloat(p.dtype)) throw wrongDType('categorical', [p], 'probabilities are floats')
      const last = axisOf('categorical', -1, p)
      const sizes = [...this.#sizes('categorical', shape), ...p.shape]
      const all: Variable = broadcastTo(p, sizes)
      // Of clocks that ring at these rates, the first one: argmin(Eᵢ / pᵢ), E exponential.
      const clocks = this.#numbers(sizes, 'exponential', p.dtype as FloatType)
      const may: Variable = gt(all, 0)
      const rings = where(may, div(clocks, where(may, all, 1)), Number.POSITIVE_INFINITY)
      return argmin(rings, last + shape.length)
    }) as Tensor<'int32', Rank>
  }

  /** Elements along axis 0 of x, with replacement: each as probable as any other, or as p, of the same length, says. */
  choice(x: Variable, shape: Shape, { p }: { readonly p?: Variable } = {}): Variable {
    return asOneCall((): Variable => {
      axisOf('choice', 0, x)
      const ids =
        p === undefined ? this.randint(shape, { high: dimValue(x.shape[0]!) }) : this.categorical(p, shape)
      return take(x, ids)
    })
  }

  /** 0 … n − 1 in random order. To shuffle rows, `take` them. */
  permutation(n: Size): Tensor<'int32', 1> {
    return asOneCall(() => {
      const [key, tie] = this.#draw()(this.#sizes('permutation', [n]), 2)
      return ranks(key!, tie!)
    }) as Tensor<'int32', 1>
  }

  #draw() {
    return drawFrom(this.state, this.#sites++)
  }

  #numbers(sizes: readonly Dim[], distribution: 'uniform' | 'normal' | 'exponential', dtype: FloatType) {
    return drawNumbers(this.#draw(), sizes, distribution, dtype)
  }

  #sizes(operation: string, shape: Shape): readonly Dim[] {
    return sizesOf(operation, shape)
  }
}

/**
 * A stream of random numbers. The same seed gives the same numbers, on every back end. Each call of a compiled function
 * that draws from the stream moves it on by one; each draw has its own numbers.
 *
 * @example const random = randomStream(1); const hidden = h.mul(random.dropoutMask(h.shape, 0.5))
 * @throws ArgumentError for a seed that is not a whole number
 */
export function randomStream(seed: number, name = 'random'): RandomStream {
  checkSeed(seed)
  return new RandomStream(seed, name)
}

/** How many keys are less than each. No two are equal: the generator makes different words of different positions. */
function ranks(key: Variable, tie: Variable): Variable {
  const byTie: Variable = argsort(tie)
  const order = takeLanes(byTie, argsort(takeLanes(key, byTie)))
  const [n] = key.shape as readonly [Dim]
  return addLanes(order, iota([n], 0), n)
}
