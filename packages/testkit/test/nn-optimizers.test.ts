import { type BackendName, compile } from '@arignote/compiler'
import {
  array,
  concatenate,
  constant,
  dot,
  grad,
  type Shared,
  shared,
  toNested,
  type Variable,
} from '@arignote/graph'
import { constraints, type Optimizer, optimizers } from '@arignote/nn'
import { describe, expect, test } from '@jest/globals'
import { golden, goldenTolerance, unread, worstDifference } from '../src/golden.js'

type FloatType = 'float32' | 'float64'

interface Case {
  readonly name: string
  readonly optimizer: string
  readonly config: Readonly<Record<string, number | boolean>>
  readonly constraint?: { readonly max_norm: number; readonly axis: number }
  readonly steps: readonly {
    readonly params: unknown
    readonly slots: Readonly<Record<string, unknown>>
    readonly objective_after?: number
    readonly gradient_before_clipping: unknown
  }[]
}

const { A, b, initial_params, cases } = golden('optimizers') as {
  readonly A: number[][]
  readonly b: number[]
  readonly initial_params: readonly number[][]
  readonly cases: readonly Case[]
}

/** ½ p·A·p − b·p over the parameters together. */
function problem(dtype: FloatType) {
  const params = initial_params.map((value, i): Shared => shared(array(value, dtype), `p${i}`))
  const p: Variable = concatenate(params)
  const objective: Variable = dot(p, dot(constant(A, dtype), p))
    .mul(0.5)
    .sub(dot(constant(b, dtype), p))
  return { params, objective }
}

const nested = (v: Shared) => toNested(v.getValue())

/** `beta_1` → `beta1`. */
const ours = (config: Case['config']) =>
  Object.fromEntries(
    Object.entries(config).map(([key, value]) => [
      key.replace(/_(.)/g, (_, c: string) => c.toUpperCase()),
      value,
    ]),
  )

const made = ({ optimizer, config }: Case): Optimizer => {
  const table = optimizers as unknown as Record<string, (options: object) => Optimizer>
  return table[optimizer.toLowerCase()]!(ours(config))
}

const others = [
  ['js', 'float64'],
  ['reference', 'float64'],
] as const

describe.each(cases.map(it => [it.name, it] as const))('%s', (_, it) => {
  const runs: readonly (readonly [BackendName, FloatType])[] = [
    ['wasm', 'float64'],
    ['wasm', 'float32'],
    ...(/^adam_(default|clipnorm)|nadam/.test(it.name) ? others : []),
  ]
  test.each(runs)('parameters and slots are those of Keras after every step: %s, %s', (backend, dtype) => {
    const { params, objective } = problem(dtype)
    const optimizer = made(it)
    const limit = it.constraint
    const limits = limit && constraints.maxNorm({ maxValue: limit.max_norm, axis: limit.axis })
    const updates = optimizer.updates(objective, params, new Map(limits && params.map(p => [p, limits])))
    const train = compile([], [objective, ...grad(objective, params)], { updates, backend })
    const objectiveNow = compile([], objective, { backend })
    it.steps.forEach((step, k) => {
      const [, ...slopes] = train().map(v => toNested(v))
      expect(worstDifference(slopes, step.gradient_before_clipping)).toBeLessThan(goldenTolerance[dtype])
      if (step.objective_after !== undefined) {
        const after = objectiveNow().data[0]!
        expect(worstDifference(after, step.objective_after)).toBeLessThan(goldenTolerance[dtype])
      }
      expect(worstDifference(params.map(nested), step.params)).toBeLessThan(goldenTolerance[dtype])
      const { m_schedule, ...slots } = step.slots
      const wanted = [...(m_schedule === undefined ? [] : [m_schedule]), ...Object.values(slots).flat(1)]
      const [iterations, ...have] = optimizer.slots.map(nested)
      expect(iterations).toBe(k + 1)
      expect(worstDifference(have, wanted)).toBeLessThan(goldenTolerance[dtype])
    })
  })
})

test('every golden number of optimisers was looked at', () => {
  expect(unread('optimizers', ['objective', 'A', 'b', 'initial_params', 'cases'], ['objective'])).toEqual([])
})
