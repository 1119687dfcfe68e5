/** What scans keep: what is read of them, and for a gradient what `remat` says. Counted by `memory()`. */
import {
  add,
  dot,
  grad,
  matrix,
  mul,
  type Remat,
  randn,
  randomStream,
  scan,
  square,
  sum,
  tanh,
  type Variable,
  vector,
  zerosArray,
} from '@arignote/graph'
import { expect, test } from '@jest/globals'
import { compile } from '../src/compile.js'

const width = 16
const rowBytes = 4 * width
const segment = 100
const steps = 10_000

const x = matrix('x', { shape: ['time', width] })
const a = vector('a', { shape: [width] })
const W = matrix('W', { shape: [width, width] })
const values = (length: number) =>
  [
    zerosArray([length, width]),
    randn([width], { seed: 2 }),
    randn([width, width], { seed: 3, std: 0.1 }),
  ] as const

function memoryOf(output: Variable, length = steps) {
  const f = compile([x, a, W], output, { onUnusedInput: 'ignore' })
  f(...values(length))
  const { states, histories, scratch, inputs, outputs } = f.memory()
  return { states, kept: histories + scratch, inputs, outputs }
}

const leaky = (remat: Remat = 'auto') =>
  scan(({ x, h }) => ({ h: tanh(h.mul(a).add(x)) }), { sequences: { x }, state: { h: 0 }, remat }).h
const net = (remat: Remat) =>
  scan(({ x, h }) => ({ h: tanh(dot(x, W).add(dot(h, W))) }), { sequences: { x }, state: { h: 0 }, remat }).h
const slope = (h: { readonly last: Variable }, by: Variable) => grad(sum(square(h.last)), by)

test('the last value of 10⁶ steps costs no history', () => {
  const length = 1_000_000
  const { states, kept, inputs } = memoryOf(leaky().last, length)
  expect(inputs).toBeGreaterThanOrEqual(length * rowBytes)
  expect(states + kept).toBeLessThanOrEqual(4 * rowBytes)
})

test('a gradient through 10⁶ steps in segments of 1000 keeps rows in proportion to √T', () => {
  const { states, kept } = memoryOf(slope(leaky({ every: 1000 }), a), 1_000_000)
  expect(states + kept).toBeLessThanOrEqual(3 * 1000 * rowBytes)
})

test('without a choice a gradient keeps a row per step, and in segments T/k + k', () => {
  expect(memoryOf(slope(leaky(), a)).kept).toBeGreaterThanOrEqual(steps * rowBytes)
  expect(memoryOf(slope(leaky({ every: segment }), a)).kept).toBeLessThanOrEqual(
    3 * (steps / segment + segment) * rowBytes,
  )
})

test('neither what depends on sequences only nor sums over the steps leave segments for all steps at once', () => {
  const perRow = width * rowBytes
  expect(memoryOf(slope(net('auto'), W)).kept).toBeGreaterThanOrEqual(2 * steps * perRow)
  expect(memoryOf(slope(net({ every: segment }), W)).kept).toBeLessThanOrEqual(
    6 * (steps / segment + segment) * perRow,
  )
})

test('a gradient that computes steps again keeps their states only', () => {
  const states = steps * width * rowBytes
  expect(memoryOf(slope(net('step'), W)).kept).toBeLessThanOrEqual(1.01 * states)
  expect(memoryOf(slope(net('auto'), W)).kept).toBeGreaterThanOrEqual(1.9 * states)
  expect(memoryOf(slope(net('none'), W)).kept).toBeGreaterThanOrEqual(2.9 * states)
})

test('the gradient by the sequence has its rows, and the states of segments', () => {
  const { kept, outputs } = memoryOf(slope(leaky({ every: segment }), x))
  expect(outputs).toBe(steps * rowBytes)
  expect(kept).toBeLessThanOrEqual(2.1 * steps * rowBytes)
})

test('random draws in segments take no memory for all steps', () => {
  const random = randomStream(1)
  const { h } = scan(({ x, h }) => ({ h: tanh(add(mul(h, random.uniform([width])), mul(x, a))) }), {
    sequences: { x },
    state: { h: 0 },
    remat: { every: segment },
  })
  expect(memoryOf(slope(h, a)).kept).toBeLessThanOrEqual(5 * (steps / segment + segment) * rowBytes)
})
