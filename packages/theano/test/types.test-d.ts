/**
 * What the type-checker says of Theano's names. Compiled by `npm run check`, never run.
 */
import type { NdArray, Shared, Tensor, Variable } from '@arignote/graph'
import { type FloatX, In, T, theano, until } from '../src/index.js'

type Equal<A, B> = (<X>() => X extends A ? 1 : 2) extends <X>() => X extends B ? 1 : 2 ? true : false
const isType = <A, B>(_: Equal<A, B>) => {}
type Of<V> = V extends Variable<infer D, infer R> ? [D, R] : never

const [x, m] = [T.vector('x'), T.fmatrix('m')]
const [W, b] = [theano.shared([[1, 2]], 'W'), theano.shared(new Float32Array(2), 'b')]

// Inputs and shared variables.
isType<Of<typeof x>, [FloatX, 1]>(true)
isType<Of<typeof m>, ['float32', 2]>(true)
const [i, d] = [T.lvector(), T.dscalar('d')]
isType<Of<typeof i>, ['int32', 1]>(true)
isType<Of<typeof d>, ['float64', 0]>(true)
const asked = T.matrix('x', 'int64')
isType<Of<typeof asked>, ['int32', 2]>(true)
const made = T.TensorType('float64', [true, false])('a')
isType<Of<typeof made>, ['float64', 2]>(true)
const several = T.vectors('a', 'b')
isType<Of<(typeof several)[0]>, [FloatX, 1]>(true)
isType<(typeof several)['length'], 2>(true)
isType<Of<typeof W>, [FloatX, 2]>(true)
isType<Of<typeof b>, ['float32', 1]>(true)
const n = theano.shared(0, 'n', { dtype: 'int64' })
isType<Of<typeof n>, ['int32', 0]>(true)
const value: NdArray<'float32', 1> = b.get_value({ borrow: true })
const asShared: Shared<'float32', 1> = b

// Operations.
const product = T.dot(m, b)
isType<Of<typeof product>, ['float32', 1]>(true)
const kept = T.sum(m, { axis: 1, keepdims: true })
isType<Of<typeof kept>, ['float32', 2]>(true)
const along = T.mean(m, { axis: 0 })
isType<Of<typeof along>, ['float32', 1]>(true)
const position = T.argmax(m, 1)
isType<Of<typeof position>, ['int32', 1]>(true)
const cast = T.cast(m, 'int8')
isType<Of<typeof cast>, ['int32', 2]>(true)
const rows = T.nnet.softmax(b)
isType<Of<typeof rows>, ['float32', 2]>(true)
const zeros = T.zeros([3, 4])
isType<Of<typeof zeros>, [FloatX, 2]>(true)
const slope = T.grad(product.sum(), [m, b])
isType<Of<(typeof slope)[0]>, ['float32', 2]>(true)
// @ts-expect-error there is no such name
T.tahn
// @ts-expect-error nor such a dtype
T.vector('x', 'complex64')
// @ts-expect-error nor such a keyword
T.sum(m, { axes: 1 })

// Functions.
const f = theano.function([m, b], product)
isType<ReturnType<typeof f>, NdArray<'float32', 1>>(true)
f([[1, 2]], [1, 2])
// @ts-expect-error one argument is missing
f([[1, 2]])
const g = theano.function([m, In(b, { value: [1, 2] })], [product, m])
g([[1, 2]])
const results: [NdArray<'float32', 1>, NdArray<'float32', 2>] = [...g([[1, 2]])]
const h = theano.function({ inputs: [m], outputs: m.sum(), updates: [[W, W.mul(2)]] })
isType<ReturnType<typeof h>, NdArray<'float32', 0>>(true)

// Scans: arguments in Theano's order, results one rank higher.
const [[states, sums], updates] = theano.scan({
  fn: (m_tm1, m_t, i_t, h_tm2, h_tm1, s_tm1, b_) => {
    isType<Of<typeof m_tm1>, ['float32', 1]>(true)
    isType<Of<typeof i_t>, ['int32', 0]>(true)
    isType<Of<typeof h_tm2>, ['float32', 1]>(true)
    isType<Of<typeof s_tm1>, ['float64', 0]>(true)
    isType<Of<typeof b_>, ['float32', 1]>(true)
    return [T.add(T.add(m_t, h_tm1), h_tm2), s_tm1]
  },
  sequences: [{ input: m, taps: [-1, 0] }, i],
  outputs_info: [{ initial: m, taps: [-2, -1] }, d],
  non_sequences: b,
})
isType<Of<typeof states>, ['float32', 2]>(true)
isType<Of<typeof sums>, ['float64', 1]>(true)
const asMap: Map<Shared, Variable> = updates
const [alone] = theano.scan({ fn: m_t => m_t, sequences: m })
isType<Of<typeof alone>, ['float32', 2]>(true)
const [one] = theano.scan({ fn: m_t => [m_t], sequences: [m] })
isType<Of<typeof one>, ['float32', 2]>(true)
const [stopped] = theano.scan({ fn: s => [s.mul(2), until(s.gt(9))], outputs_info: d, n_steps: 9 })
isType<Of<typeof stopped>, ['float64', 1]>(true)
const [none] = theano.scan({ fn: () => [[n, n.add(1)]] as const, n_steps: 2 })
isType<typeof none, null>(true)
const [mapped] = theano.map({ fn: m_t => m_t.sum(), sequences: m })
isType<Of<typeof mapped>, ['float32', 1]>(true)
const [folded] = theano.foldl({ fn: (m_t, a) => a.add(m_t), sequences: m, outputs_info: b })
isType<Of<typeof folded>, ['float32', 1]>(true)
// @ts-expect-error a fold has no number of steps
theano.foldl({ fn: (m_t: Tensor) => m_t, sequences: m, n_steps: 3 })

void [value, asShared, results, asMap]
