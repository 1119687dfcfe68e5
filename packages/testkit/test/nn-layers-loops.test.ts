/**
 * Recurrent layers with options drawn at random, and together – masks, states, both directions, kept states, steps written
 * out, models within models, batches and times that change from call to call – against loops over numbers.
 */
import { type NdArray, randomBits, toNested } from '@arignote/graph'
import { input, type Layer, layers, type Model, model, type SymbolicTensor } from '@arignote/nn'
import { expect, jest, test } from '@jest/globals'
import { goldenTolerance, worstDifference } from '../src/golden.js'
import {
  functions,
  type Kind,
  type LoopOptions,
  type LoopWeights,
  loop,
  type Row,
  type Rows,
} from './nn-plain-loops.js'

jest.setTimeout(60_000)

/** Draws of one case, all from its seed. */
function drawing(seed: number) {
  let count = 0
  const uniform = () => randomBits(seed, count++) / 2 ** 32
  const array = (...shape: number[]): unknown =>
    shape.length === 0
      ? Math.round((uniform() * 2 - 1) * 1000) / 1000
      : Array.from({ length: shape[0]! }, () => array(...shape.slice(1)))
  return {
    is: (share = 0.5) => uniform() < share,
    one: <const T>(list: readonly T[]): T => list[Math.floor(uniform() * list.length)]!,
    array,
  }
}

/** What marks a step as missing. */
const missing = 9

const merges: Readonly<Record<string, (a: Row, b: Row) => Row>> = {
  concat: (a, b) => [...a, ...b],
  sum: (a, b) => a.map((v, j) => v + b[j]!),
  mul: (a, b) => a.map((v, j) => v * b[j]!),
  ave: (a, b) => a.map((v, j) => (v + b[j]!) / 2),
}

const map2 = (a: unknown, b: unknown, depth: number, f: (a: Row, b: Row) => Row): unknown =>
  depth === 1
    ? f(a as Row, b as Row)
    : (a as unknown[]).map((v, i) => map2(v, (b as unknown[])[i], depth - 1, f))

function caseOf(seed: number) {
  const { is, one, array } = drawing(seed)
  const kind = one<Kind>(['simpleRNN', 'lstm', 'gru'])
  const dtype = one(['float64', 'float64', 'float32'])
  const [features, units] = [one([1, 2, 3]), one([1, 2, 4])]
  const hasGates = kind !== 'simpleRNN'
  const useBias = is(0.7)
  const options: LoopOptions = {
    units,
    activation: one(Object.keys(functions) as (keyof typeof functions)[]),
    goBackwards: is(),
    ...(hasGates && { recurrentActivation: one(['sigmoid', 'hardSigmoid', 'tanh']) }),
    ...(kind === 'gru' && { resetAfter: is() }),
  }
  const [returnSequences, returnState, stateful, unroll] = [is(), is(), is(0.25), is(0.3)]
  const extra = {
    ...(is(0.2) && { gradClip: 1 }),
    ...(is(0.2) && { truncate: 2 }),
    ...(hasGates && { implementation: one([1, 2]) }),
  }
  const all = { ...options, ...extra, useBias, returnSequences, returnState, stateful, unroll, dtype }
  const mergeMode = is(0.3) ? one(['concat', 'sum', 'mul', 'ave', null]) : undefined
  const isBoth = mergeMode !== undefined
  const [isMasked, isGiven, isNested] = [is(), is(0.4), is(0.3)]
  const [batch, time] = [one([1, 2, 3]), one([1, 2, 5])]
  const isTimeKnown = unroll || is()
  const countOfStates = kind === 'lstm' ? 2 : 1

  const single = (layers[kind] as unknown as (o: object) => Layer)(all)
  const layer = isBoth ? layers.bidirectional({ layer: single, mergeMode, dtype }) : single
  const inputs = () => [
    input({ batchShape: [stateful ? batch : null, isTimeKnown ? time : null, features], dtype }),
    ...Array.from({ length: isGiven ? countOfStates * (isBoth ? 2 : 1) : 0 }, () =>
      input({ batchShape: [stateful ? batch : null, units], dtype }),
    ),
  ]
  const from = inputs()
  const [x, ...given] = from
  const shown = isMasked ? layers.masking({ maskValue: missing, dtype }).apply(x!) : x!
  const outputs = [layer.apply([shown, ...given])].flat() as SymbolicTensor[]
  let m = model({ inputs: from, outputs }) as Model
  if (isNested) {
    const outer = inputs()
    m = model({ inputs: outer, outputs: [m.apply(outer)].flat() as SymbolicTensor[] }) as Model
  }
  const gates = { simpleRNN: 1, gru: 3, lstm: 4 }[kind]
  const weights = Array.from({ length: isBoth ? 2 : 1 }, () => [
    array(features, gates * units),
    array(units, gates * units),
    ...(useBias ? [options.resetAfter ? array(2, gates * units) : array(gates * units)] : []),
  ]) as unknown as LoopWeights[]
  m.setWeights(weights.flat() as never)

  const sizes: (readonly [number, number])[] = [
    [batch, time],
    [batch, time],
  ]
  if (!stateful) sizes.push([batch + 1, time])
  if (!isTimeKnown) sizes.push([batch, time + 2])
  if (!isTimeKnown && !stateful) sizes.push([1, 1])
  let kept: readonly Rows[] | null = null
  const results = sizes.map(([b, t]) => {
    const value = array(b, t, features) as Rows[]
    const mask = isMasked
      ? Array.from({ length: b }, () => Array.from({ length: t }, () => (is(0.6) ? 1 : 0)))
      : null
    const hidden = value.map((rows, i) =>
      rows.map((row, j) => (mask !== null && mask[i]![j] === 0 ? row.map(() => missing) : row)),
    )
    const states = given.map(() => array(b, units)) as Rows[]
    const actual = [
      m.predict(isGiven ? ([hidden, ...states] as never) : (hidden as never), { batchSize: b }),
    ].flat()
    const initial: readonly Rows[] | null = isGiven ? states : kept
    const run = (way: number) =>
      loop(kind, weights[way]!, { ...options, goBackwards: options.goBackwards !== (way === 1) }, value, {
        mask,
        initial: initial?.slice(way * countOfStates, (way + 1) * countOfStates) ?? null,
      })
    const ways = weights.map((_, way) => run(way))
    const wanted = ways.map(({ sequence, last }, way) =>
      !returnSequences ? last : way === 0 ? sequence : sequence.map(rows => [...rows].reverse()),
    )
    const depth = returnSequences ? 3 : 2
    const merged =
      typeof mergeMode === 'string' ? [map2(wanted[0], wanted[1], depth, merges[mergeMode]!)] : wanted
    const after = ways.flatMap(way => way.states)
    if (stateful) kept = after
    return [(actual as NdArray[]).map(v => toNested(v)), [...merged, ...(returnState ? after : [])]] as const
  })
  return {
    results,
    dtype,
    all: { kind, features, batch, time, mergeMode, isMasked, isGiven, isNested, ...all },
  }
}

test.each(Array.from({ length: 48 }, (_, i) => i + 1))('options of seed %i', seed => {
  const { results, dtype, all } = caseOf(seed)
  const worst = results.map(([actual, wanted]) => worstDifference(actual, wanted))
  const near = 2 * goldenTolerance[dtype]
  expect({ all, worst, isNear: worst.every(d => d < near) }).toEqual({ all, worst, isNear: true })
})
