/**
 * The rules there are, with Keras 2.3's defaults and formulas. p parameter, g gradient, t this step's number from 1 on; the
 * rate has its decay already.
 */
import { abs, add, cast, div, maximum, mul, pow, sqrt, square, sub, type Variable } from '@arignote/graph'
import { flag, number, type Option, optional } from '../layers/option.js'
import { clipping, decay, ruleOf } from './rule.js'

/** Keras's fuzz; null in a stored configuration means it too. */
const fuzz: Option<number, number> & { readonly byDefault: number } = {
  byDefault: 1e-7,
  read: (given, place) => (given === null ? 1e-7 : number(0).read(given, place)),
  toJson: value => value,
}

const share = (byDefault: number) => optional(number(0), byDefault)

const nothing = { ...decay, ...clipping }

/** A scalar in the dtype of a parameter. */
const as = (scalar: Variable, p: Variable): Variable => cast(scalar, p.dtype)

/** share · a + (1 − share) · x. */
const average = (a: Variable, x: Variable, share: number): Variable => add(mul(a, share), mul(x, 1 - share))

/** p − rate · m / (√v + epsilon). */
const scaled = (p: Variable, rate: Variable, m: Variable, v: Variable, epsilon: number): Variable =>
  sub(p, div(mul(m, as(rate, p)), add(sqrt(v), epsilon)))

/** p − rate · g, and no memory. */
export const plain = ruleOf({
  className: 'SGD',
  learningRate: 0.01,
  options: nothing,
  slots: () => [],
  start: (_, { rate }) => ({ step: (p, g) => [sub(p, mul(g, as(rate, p)))] }),
})

/** v′ = momentum · v − rate · g; p + v′, or with nesterov p + momentum · v′ − rate · g. */
export const sgd = ruleOf({
  className: 'SGD',
  learningRate: 0.01,
  options: { momentum: optional(number(0), 0), nesterov: flag(false), ...nothing },
  slots: () => ['moment'],
  start: ({ momentum, nesterov }, { rate }) => ({
    step: (p, g, [v]) => {
      const pull: Variable = mul(g, as(rate, p))
      const velocity: Variable = sub(mul(v!, momentum), pull)
      return [add(p, nesterov ? sub(mul(velocity, momentum), pull) : velocity), velocity]
    },
  }),
})

const withVelocity = (nesterov: boolean) =>
  ruleOf({
    className: 'SGD',
    learningRate: 0.01,
    options: { momentum: optional(number(0), 0.9), ...nothing },
    slots: () => ['moment'],
    start: (options, clock) => sgd.start({ ...options, nesterov }, clock),
  })

/** `sgd` where the velocity is what is asked for. */
export const momentum = withVelocity(false)
export const nesterov = withVelocity(true)

/** a′ = rho · a + (1 − rho) · g²; p − rate · g / (√a′ + epsilon) (Tieleman and Hinton 2012). */
export const rmsprop = ruleOf({
  className: 'RMSprop',
  learningRate: 0.001,
  options: { rho: share(0.9), epsilon: fuzz, ...nothing },
  slots: () => ['accumulator'],
  start: ({ rho, epsilon }, { rate }) => ({
    step: (p, g, [a]) => {
      const squares = average(a!, square(g), rho)
      return [scaled(p, rate, g, squares, epsilon), squares]
    },
  }),
})

/** a′ = a + g²; p − rate · g / (√a′ + epsilon) (Duchi, Hazan and Singer 2011). */
export const adagrad = ruleOf({
  className: 'Adagrad',
  learningRate: 0.01,
  options: { epsilon: fuzz, ...nothing },
  slots: () => ['accumulator'],
  start: ({ epsilon }, { rate }) => ({
    step: (p, g, [a]) => {
      const squares: Variable = add(a!, square(g))
      return [scaled(p, rate, g, squares, epsilon), squares]
    },
  }),
})

/** a′ = rho · a + (1 − rho) · g²; u = g √(d + epsilon) / √(a′ + epsilon); p − rate · u; d′ = rho · d + (1 − rho) · u² (Zeiler 2012). */
export const adadelta = ruleOf({
  className: 'Adadelta',
  learningRate: 1,
  options: { rho: share(0.95), epsilon: fuzz, ...nothing },
  slots: () => ['accumulator', 'delta_accumulator'],
  start: ({ rho, epsilon }, { rate }) => ({
    step: (p, g, [a, d]) => {
      const squares = average(a!, square(g), rho)
      const u: Variable = div(mul(g, sqrt(add(d!, epsilon))), sqrt(add(squares, epsilon)))
      return [sub(p, mul(u, as(rate, p))), squares, average(d!, square(u), rho)]
    },
  }),
})

const moments = { beta1: share(0.9), beta2: share(0.999), epsilon: fuzz }

/** 1 − betaᵗ. */
const unbiased = (beta: number, t: Variable): Variable => sub(1, pow(beta, t))

/**
 * m′, v′ averages of g and g²; p − rate · √(1 − beta2ᵗ) / (1 − beta1ᵗ) · m′ / (√v′ + epsilon); with amsgrad the greatest v′
 * so far in the root (Kingma and Ba 2015, with epsilon outside of the bias correction; Reddi, Kale and Kumar 2018).
 */
export const adam = ruleOf({
  className: 'Adam',
  learningRate: 0.001,
  options: { ...moments, amsgrad: flag(false), ...nothing },
  slots: ({ amsgrad }) => (amsgrad ? ['m', 'v', 'vhat'] : ['m', 'v']),
  start: ({ beta1, beta2, epsilon, amsgrad }, { rate, t }) => {
    const corrected: Variable = div(mul(rate, sqrt(unbiased(beta2, t))), unbiased(beta1, t))
    return {
      step: (p, g, [m, v, vhat]) => {
        const mean = average(m!, g, beta1)
        const squares = average(v!, square(g), beta2)
        if (!amsgrad) return [scaled(p, corrected, mean, squares, epsilon), mean, squares]
        const greatest: Variable = maximum(vhat!, squares)
        return [scaled(p, corrected, mean, greatest, epsilon), mean, squares, greatest]
      },
    }
  },
})

/** m′ average of g, u′ = max(beta2 · u, |g|); p − rate / (1 − beta1ᵗ) · m′ / (u′ + epsilon) (Kingma and Ba 2015, §7.1). */
export const adamax = ruleOf({
  className: 'Adamax',
  learningRate: 0.002,
  options: { ...moments, ...nothing },
  slots: () => ['m', 'u'],
  start: ({ beta1, beta2, epsilon }, { rate, t }) => {
    const corrected: Variable = div(rate, unbiased(beta1, t))
    return {
      step: (p, g, [m, u]) => {
        const mean = average(m!, g, beta1)
        const greatest: Variable = maximum(mul(u!, beta2), abs(g))
        return [sub(p, div(mul(mean, as(corrected, p)), add(greatest, epsilon))), mean, greatest]
      },
    }
  },
})

/**
 * Adam with Nesterov's look ahead (Dozat 2016): µₜ = beta1 (1 − ½ · 0.96^(t · scheduleDecay)), Sₜ = µ₁ ⋯ µₜ,
 * p − rate · ((1 − µₜ) g / (1 − Sₜ) + µₜ₊₁ m′ / (1 − Sₜ µₜ₊₁)) / (√(v′ / (1 − beta2ᵗ)) + epsilon).
 */
export const nadam = ruleOf({
  className: 'Nadam',
  learningRate: 0.002,
  options: { ...moments, scheduleDecay: optional(number(0), 0.004), ...clipping },
  slots: () => ['m', 'v'],
  scalars: { m_schedule: 1 },
  scalarsAfter: ({ beta1, scheduleDecay }, steps) => {
    let [product, before] = [1, Number.NaN]
    // It comes to 0, or stays where it is.
    for (let t = 1; t <= steps && product !== before; t++) {
      before = product
      product *= beta1 * (1 - 0.5 * 0.96 ** (t * scheduleDecay))
    }
    return { m_schedule: product }
  },
  start: ({ beta1, beta2, epsilon, scheduleDecay }, { rate, t, scalars }) => {
    const momentum = (step: Variable): Variable =>
      mul(sub(1, mul(pow(0.96, mul(step, scheduleDecay)), 0.5)), beta1)
    const [now, next] = [momentum(t), momentum(add(t, 1))]
    const product: Variable = mul(scalars['m_schedule']!, now)
    const ofGradient: Variable = div(mul(rate, sub(1, now)), sub(1, product))
    const ofMean: Variable = div(mul(rate, next), sub(1, mul(product, next)))
    const ofSquares = unbiased(beta2, t)
    return {
      scalars: { m_schedule: product },
      step: (p, g, [m, v]) => {
        const mean = average(m!, g, beta1)
        const squares = average(v!, square(g), beta2)
        const pull: Variable = add(mul(g, as(ofGradient, p)), mul(mean, as(ofMean, p)))
        return [sub(p, div(pull, add(sqrt(div(squares, as(ofSquares, p))), epsilon))), mean, squares]
      },
    }
  },
})
