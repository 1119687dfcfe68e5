/** W8: the product of two square matrices, which come in and go out as arrays of JavaScript; as they are, or transposed. */
import { compile, dot, matrix, ndarrayOf } from 'arignote'
import { bench } from '../lib/measure.js'
import { TFJS } from '../lib/names.js'
import { uniform } from '../lib/random.js'
import type { Workload } from '../lib/workload.js'

interface Pair {
  readonly a: Float32Array
  readonly b: Float32Array
}

const sizes = [128, 512, 1024]
const forms = [
  { name: 'a·b', left: false, right: false },
  { name: 'aᵀ·b', left: true, right: false },
  { name: 'a·bᵀ', left: false, right: true },
]

function workload(n: number, { name, left, right }: (typeof forms)[number]): Workload<Pair> {
  const arignote = () => {
    const a = matrix('a', { shape: [n, n] })
    const b = matrix('b', { shape: [n, n] })
    const product = compile([a, b], dot(left ? a.transpose() : a, right ? b.transpose() : b))
    return ({ a, b }: Pair) => product(ndarrayOf(a, [n, n]), ndarrayOf(b, [n, n])).data
  }
  const tfjs = async () => {
    const { startTfjs, tf } = await import('../lib/tfjs.js')
    await startTfjs()
    return ({ a, b }: Pair) => {
      const product = tf.tidy(() => {
        const [x, y] = [tf.tensor2d(a, [n, n]), tf.tensor2d(b, [n, n])]
        // Its matMul can transpose, too, but takes ten times as long for that.
        return tf.matMul(left ? tf.transpose(x) : x, right ? tf.transpose(y) : y)
      })
      const read = product.dataSync<'float32'>()
      product.dispose()
      return read
    }
  }
  const byHand =
    () =>
    ({ a, b }: Pair) => {
      const c = new Float64Array(n * n)
      for (let i = 0; i < n; i++)
        for (let k = 0; k < n; k++) {
          const x = left ? a[k * n + i]! : a[i * n + k]!
          for (let j = 0; j < n; j++) c[i * n + j]! += x * (right ? b[j * n + k]! : b[k * n + j]!)
        }
      return c
    }
  return {
    name: `W8 n=${n} ${name}`,
    title: `a product of ${n} × ${n} matrices`,
    input: step => ({ a: uniform(2 * step, n * n), b: uniform(2 * step + 1, n * n) }),
    subjects: {
      'arignote, 1 thread': { prepare: arignote },
      [TFJS]: { prepare: tfjs, peer: true },
      'in float64, by hand': { prepare: byHand, checks: 1 },
    },
    flop: 2 * n ** 3,
    tolerance: 1e-4,
  }
}

await bench(sizes.flatMap(n => forms.map(form => workload(n, form))))
