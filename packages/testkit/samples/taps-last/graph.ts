/**
 * A state that looks back three steps, of which only the end is read: one ring of three rows. The step writes its value over
 * the oldest, and no row is copied.
 */
import { matrix, randn, scan, taps } from 'arignote'
import { expectEqual, formsOfSample, loopsOf, type Sample } from '../../src/samples.js'

export function sample(steps = 5): Sample {
  const first = matrix('first', { shape: [3, 'n'] })
  const x = matrix('x', { shape: ['time', 'n'] })
  const { h } = scan(
    ({ x: [before, after], h: [third, last] }) => ({
      h: third.mul(0.5).sub(last.mul(0.25)).add(before.mul(after)),
    }),
    { sequences: { x: taps(x, [-1, 1]) }, state: { h: taps(first, [-3, -1]) } },
  )
  return {
    inputs: [first, x],
    outputs: h.last,
    args: [randn([3, 40], { seed: 1 }), randn([steps + 2, 40], { seed: 2 })],
    kernels: 2,
    check({ program: { steps: list }, texts, bytes }) {
      expectEqual('loops', loopsOf(list), ['map'])
      expectEqual('one ring', texts.program.match(/state f32\[n\] ×3/g)?.length, 1)
      const input = (rows: number) => Math.ceil((rows * 40 * 4) / 64) * 64
      const more = formsOfSample(sample(500)).bytes - input(502)
      expectEqual('bytes of 500 steps besides x', more, bytes - input(steps + 2))
    },
  }
}
