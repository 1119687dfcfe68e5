import { compile } from '@arignote/compiler'
import {
  constant,
  customGrad,
  dot,
  grad,
  jacobian,
  matrix,
  mul,
  scan,
  sign,
  square,
  sum,
  tanh,
  type Variable,
  vector,
} from '@arignote/graph'
import { describe, expect, test } from '@jest/globals'
import { agree } from '../src/agree.js'

/** The sign of x, which passes gradients on where x is not large. */
const straight = (x: Variable) =>
  customGrad(sign(x), [x], (g, [x]) => [g.mul(x!.abs().le(1).cast('float32'))])

describe('customGrad', () => {
  test('is its value, and its derivative is what the function says', () => {
    const x = vector('x')
    const y = straight(x).mul([1, 2, 3])
    const { value, slope } = agree([x], { value: y, slope: grad(y.sum(), x) }, [[-0.5, 3, 0.25]])
    expect([...value.data]).toEqual([-1, 2, 3])
    expect([...slope.data]).toEqual([1, 0, 3])
  })

  test('gives each input its own, of its own shape, and none where there is null', () => {
    const [x, W] = [vector('x', { shape: [2] }), matrix('W', { shape: [2, 3] })]
    const y = customGrad(dot(x, W), [W, x], (g, [W]) => [W!.mul(g), null])
    const found = agree(
      [x, W],
      { W: grad(y.sum(), W), x: grad(y.sum(), x, { disconnectedInputs: 'ignore' }), y },
      [
        [1, 2],
        [
          [1, 2, 3],
          [4, 5, 6],
        ],
      ],
    )
    expect([...found.W.data]).toEqual([1, 2, 3, 4, 5, 6])
    expect([...found.x.data]).toEqual([0, 0])
  })

  test('holds in the step of a scan, over weights that it closes over', () => {
    const [x, w] = [vector('x'), vector('w', { shape: [2] })]
    const { h } = scan(
      ({ x, h }) => {
        const z = mul(w, x).add(h)
        return { h: customGrad(tanh(z), [z], g => [g.mul(2)]) }
      },
      { sequences: { x }, state: { h: constant([0, 0]) } },
    )
    const { slope: result } = agree([x, w], { slope: grad(sum(h.last), w), h: h.last }, [
      [1, 10, 100],
      [0.1, 0.2],
    ])
    expect([...result.data]).toEqual([8 + 40 + 200, 8 + 40 + 200])
  })

  test('can be differentiated again: the derivative that was given is a graph', () => {
    const x = vector('x')
    const cubed = customGrad(x, [x], (g, [x]) => [g.mul(square(x!))])
    const second = grad(grad(cubed.sum(), x).sum(), x)
    expect([...agree([x], second, [[1, 2, 3]]).data]).toEqual([2, 4, 6])
    const rows = jacobian(straight(x), x)
    expect([...agree([x], rows, [[0.5, 2]]).data]).toEqual([1, 0, 0, 0])
  })

  test('is not there in the compiled function', () => {
    const x = vector('x', { shape: [3] })
    const f = compile([x], square(straight(x)))
    expect(f.toString()).not.toContain('customGrad')
    f([1, 2, 3])
    expect(f.kernels()).toHaveLength(1)
  })

  test('a gradient that does not fit is told when it is asked for', () => {
    const x = vector('x', { shape: [3] })
    expect(() => grad(customGrad(x, [x], () => []).sum(), x)).toThrow(/0 gradients for 1 input/)
    expect(() => grad(customGrad(x, [x], g => [g.sum()]).sum(), x)).toThrow(/must have the type of its input/)
  })
})
