/** Exported functions: the same bits as the compiled ones. */
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { randomStream, scalar, scan, sin, type Tensor, until, vector, zeros } from 'arignote'
import { agreeExported } from '../src/exported.js'
import { build } from '../src/fuzz/build.js'
import { programOf } from '../src/fuzz/generate.js'
import { type Sample, sampleNames } from '../src/samples.js'

/** One prints; of the others a value decides a size, as the number of steps that `until` leaves does. */
const refused = /effects|scan-last|zero-steps|^until$/

const folder = join(__dirname, '../samples')
const load = (name: string) => (require(join(folder, name, 'graph.ts')) as { sample(): Sample }).sample()

describe('what was loaded gives the bits of what was compiled', () => {
  test.each(sampleNames(folder).filter(name => !refused.test(name)))('%s', name => {
    const { inputs, outputs, updates = [], args } = load(name)
    agreeExported(inputs, outputs, [args, args, args], { updates })
    agreeExported(inputs, outputs, [args, args], { updates, backend: 'wasm-scalar', optimize: false })
  })

  test.each(sampleNames(folder).filter(name => refused.test(name)))('%s is refused', name => {
    const { inputs, outputs, updates = [], args } = load(name)
    expect(() => agreeExported(inputs, outputs, [args], { updates })).toThrow(/cannot be exported/)
  })

  test('60 random programs', () => {
    let compared = 0
    for (let seed = 1; seed <= 60; seed++) {
      const { inputs, outputs, updates, args } = build(programOf(seed))
      try {
        agreeExported(inputs, outputs, args, { updates, onUnusedInput: 'ignore' })
        compared++
      } catch (error) {
        const { code, message } = error as Error & { code?: string }
        // Programs that cannot be exported, and those whose arguments do not fit.
        if (code === undefined) throw new Error(`seed ${seed}: ${message}`, { cause: error })
      }
    }
    expect(compared).toBeGreaterThan(40)
  }, 120_000)

  test('a random stream moves on in the loaded function by itself', () => {
    const noise = randomStream(3).normal([5])
    const { compiled, loaded } = agreeExported([], noise, [[], [], []])
    const before = compiled() as unknown as { data: Float32Array }
    expect([...(loaded() as typeof before).data]).toEqual([...before.data])
  })

  test('a scan with until stops early, by itself and within another', () => {
    const [x, limit] = [vector('x', { shape: ['time'] }), scalar('limit')]
    const step = ({ x, h }: { x: Tensor<'float32', 0>; h: Tensor<'float32', 0> }) =>
      until(h.add(x).gt(limit), { h: h.add(x) })
    const { h } = scan(step, { sequences: { x }, state: { h: zeros([]) } })
    const calls = [0.5, 2, 5, 100].map(most => [[1, 2, 3, 4], most])
    agreeExported([x, limit], h.last, calls)
    const { total } = scan(
      ({ total }) => {
        const inner = scan(step, { sequences: { x }, state: { h: total } })
        return { total: inner.h.last.mul(0.5) }
      },
      { state: { total: zeros([]) }, steps: 3 },
    )
    agreeExported([x, limit], total.last, calls)
  })

  test('sin of large arguments, which modules ask the host for', () => {
    const x = vector('x', { shape: ['n'] })
    agreeExported([x], sin(x), [[[1e8, 3, -1e7, 2 ** 30, 5]], [[1e30]]])
  })
})
