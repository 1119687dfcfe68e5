/**
 * Theano's random streams (`RandomStreams`, `MRG_RandomStreams`), on ours. The methods and the order of their arguments are
 * Theano's; the numbers are not: a seed gives other draws, the same on every back end.
 */
import {
  add,
  badArgument,
  cast,
  checkOptions,
  type Dim,
  describeGiven,
  oneHot,
  type RandomStream,
  type Rank,
  randomStream,
  type Shared,
  type Size,
  sum,
  type Tensor,
  Variable,
} from '@arignote/graph'
import type { DType } from '@arignote/loops'
import type { FloatX } from './config.js'
import { type DTypeName, dtypeOf, type Named } from './dtype.js'

type Parameter = number | Variable
type Shape = readonly Size[]

interface Uniform {
  readonly size?: Shape
  readonly low?: Parameter
  readonly high?: Parameter
  readonly dtype?: 'float32' | 'float64' | 'floatX'
}

interface Normal {
  readonly size?: Shape
  readonly avg?: Parameter
  readonly std?: Parameter
  readonly dtype?: 'float32' | 'float64' | 'floatX'
}

interface Binomial<N extends DTypeName = 'int64'> {
  readonly size?: Shape
  readonly n?: number
  readonly p?: Parameter
  readonly dtype?: N
}

interface Integers {
  readonly size?: Shape
  readonly low?: Parameter
  /** Is drawn too. */
  readonly high?: Parameter
}

interface Choice {
  readonly size?: Shape
  /** What is drawn from: 0 … a − 1, or the elements of a. */
  readonly a?: Parameter
  readonly p?: Variable
}

interface Multinomial<N extends DTypeName = 'int64'> {
  readonly size?: Shape
  readonly n?: number
  readonly pvals?: Variable
  readonly dtype?: N
}

const isShape = (x: unknown): x is Shape => Array.isArray(x)

/** Positional arguments in Theano's order as keywords, or the keywords as they are. */
function keywordsOf<T extends object>(
  name: string,
  order: readonly (keyof T & string)[],
  args: readonly unknown[],
): T {
  const [first] = args
  const isPositional =
    args.length !== 1 ||
    isShape(first) ||
    first instanceof Variable ||
    typeof first !== 'object' ||
    first === null
  if (!isPositional) return checkOptions(name, first as T, [...order])
  if (args.length > order.length)
    throw badArgument(name, `${args.length} arguments`, `there are ${order.join(', ')}`)
  return Object.fromEntries(order.flatMap((key, i) => (args[i] == null ? [] : [[key, args[i]]]))) as T
}

function sizeOf(name: string, size: Shape | undefined, ...parameters: readonly unknown[]): Shape {
  if (size !== undefined) {
    if (isShape(size)) return size
    throw badArgument(
      name,
      `${describeGiven(size).what} is not a size`,
      'the size is a list, as in x.shape or [3, 4]',
    )
  }
  // Without a size it is that of the parameters.
  const shaped = parameters.find((p): p is Variable => p instanceof Variable && p.ndim > 0)
  return (shaped?.shape as readonly Dim[] | undefined) ?? []
}

type Draw<K, D extends DType> = (keywords?: K) => Tensor<D, Rank>

/** A source of random numbers with Theano's methods. Each call of a function, and each step of a scan, draws anew. */
export interface TheanoRandomStream {
  /** Ours, with its `state`, to be saved or set. */
  readonly stream: RandomStream
  /** Begins again. */
  seed(seed?: number): void
  /** None that need be given: the streams move on by themselves. */
  updates(): [Shared, Variable][]
  uniform: Draw<Uniform, FloatX> & ((size: Shape, low?: Parameter, high?: Parameter) => Tensor<FloatX, Rank>)
  normal: Draw<Normal, FloatX> & ((size: Shape, avg?: Parameter, std?: Parameter) => Tensor<FloatX, Rank>)
  /** How many of n trials succeed. */
  binomial<N extends DTypeName = 'int64'>(keywords?: Binomial<N>): Tensor<Named<NoInfer<N>>, Rank>
  binomial(size: Shape, n?: number, p?: Parameter): Tensor<'int32', Rank>
  random_integers: Draw<Integers, 'int32'> &
    ((size: Shape, low?: Parameter, high?: Parameter) => Tensor<'int32', Rank>)
  choice(keywords?: Choice): Tensor<DType, Rank>
  permutation(keywords: { readonly n: Size }): Tensor<'int32', 1>
  /** One-hot rows for n = 1; how often each came up for more. */
  multinomial<N extends DTypeName = 'int64'>(keywords: Multinomial<N>): Tensor<Named<NoInfer<N>>, Rank>
}

const anySeed = 42

function streamOf(seed: number): TheanoRandomStream {
  const stream = randomStream(seed)
  const float = (dtype: 'float32' | 'float64' | 'floatX' | undefined, name: string) =>
    dtypeOf(dtype, name) as FloatX
  return {
    stream,
    seed: (next = anySeed) => stream.seed(next),
    updates: () => [],
    uniform: (...args: readonly unknown[]) => {
      const {
        size,
        low = 0,
        high = 1,
        dtype,
      } = keywordsOf<Uniform>('uniform', ['size', 'low', 'high', 'dtype'], args)
      return stream.uniform(sizeOf('uniform', size, low, high), { low, high, dtype: float(dtype, 'uniform') })
    },
    normal: (...args: readonly unknown[]) => {
      const {
        size,
        avg = 0,
        std = 1,
        dtype,
      } = keywordsOf<Normal>('normal', ['size', 'avg', 'std', 'dtype'], args)
      return stream.normal(sizeOf('normal', size, avg, std), {
        mean: avg,
        std,
        dtype: float(dtype, 'normal'),
      })
    },
    binomial: (...args: readonly unknown[]) => {
      const given = keywordsOf<Binomial<DTypeName>>('binomial', ['size', 'n', 'p', 'dtype'], args)
      const { size, n = 1, p = 0.5, dtype = 'int64' } = given
      const shape = sizeOf('binomial', size, p)
      const drawn: Variable =
        n === 1 ? stream.bernoulli(shape, p) : (sum(stream.bernoulli([n, ...shape], p), 0) as Variable)
      return cast(drawn, dtypeOf(dtype, 'binomial')) as never
    },
    random_integers: (...args: readonly unknown[]) => {
      const {
        size,
        low = 0,
        high = 1,
      } = keywordsOf<Integers>('random_integers', ['size', 'low', 'high'], args)
      const above: Parameter = typeof high === 'number' ? high + 1 : (add(high, 1) as Variable)
      return stream.randint(sizeOf('random_integers', size, low, high), { low, high: above })
    },
    choice: (...args: readonly unknown[]) => {
      const { size = [], a = 2, p } = keywordsOf<Choice>('choice', ['size', 'a', 'p'], args)
      if (a instanceof Variable && a.ndim > 0) return stream.choice(a, size, p === undefined ? {} : { p })
      return p === undefined ? stream.randint(size, { high: a }) : stream.categorical(p, size)
    },
    permutation: ({ n }) => stream.permutation(n),
    multinomial: <N extends DTypeName>({ size = [], n = 1, pvals, dtype }: Multinomial<N>) => {
      if (!(pvals instanceof Variable))
        throw badArgument('multinomial', 'no probabilities', 'pvals is a tensor of them, along its last axis')
      const classes = pvals.shape.at(-1)!
      const to = dtypeOf(dtype ?? 'int64', 'multinomial')
      const drawn: Variable = stream.categorical(pvals, n === 1 ? size : [n, ...size])
      const hot: Variable = oneHot(drawn, classes, to)
      return (n === 1 ? hot : sum(hot, 0)) as never
    },
  } as TheanoRandomStream
}

export interface RandomStreamsClass {
  (seed?: number | { readonly seed?: number }): TheanoRandomStream
  new (seed?: number | { readonly seed?: number }): TheanoRandomStream
}

/** A function and not an arrow: it may be called with `new`. */
function made(seed: number | { readonly seed?: number } = anySeed): TheanoRandomStream {
  return streamOf(typeof seed === 'number' ? seed : (seed.seed ?? anySeed))
}

/** `RandomStreams(seed)`, with or without `new`. */
export const RandomStreams = made as unknown as RandomStreamsClass
