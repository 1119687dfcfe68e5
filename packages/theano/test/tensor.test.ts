/** T: each name is the function that the table of docs/porting-from-theano.md says, keywords and all. */
import * as A from '@arignote/graph'
import { afterEach, describe, expect, test } from '@jest/globals'
import { T, theano } from '../src/index.js'

const [x, y, z] = [A.matrix('x'), A.matrix('y'), A.matrix('z')]
const [v, n] = [A.vector('v'), A.matrix('n', 'int32')]
const b = x.lt(y)

afterEach(() => {
  theano.config.floatX = 'float32'
})

/** The same node: equal graphs are one object. */
const same: readonly (readonly [name: string, ours: unknown, theirs: unknown])[] = [
  ['sqr', T.sqr(x), A.square(x)],
  ['abs_', T.abs_(x), A.abs(x)],
  ['inv', T.inv(x), A.reciprocal(x)],
  ['sgn', T.sgn(x), A.sign(x)],
  ['true_div', T.true_div(x, y), A.div(x, y)],
  ['int_div', T.int_div(n, 2), A.floorDiv(n, 2)],
  ['add of three', T.add(x, y, z), A.add(A.add(x, y), z)],
  ['mul of three', T.mul(x, y, z), A.mul(A.mul(x, y), z)],
  ['switch', T.switch(b, x, y), A.where(b, x, y)],
  ['and_', T.and_(b, x.gt(0)), A.and(b, x.gt(0))],
  ['or_', T.or_(b, x.gt(0)), A.or(b, x.gt(0))],
  ['invert', T.invert(b), A.not(b)],
  ['arctan2', T.arctan2(x, y), A.atan2(x, y)],
  ['cast', T.cast(x, 'int64'), A.cast(x, 'int32')],
  ['round', T.round(x), A.round(x)],
  ['isnan', T.isnan(x), A.isNaN(x)],

  ['sum', T.sum(x), A.sum(x)],
  ['sum of an axis', T.sum(x, 1), A.sum(x, 1)],
  ['sum by keywords', T.sum(x, { axis: 1, keepdims: true }), A.sum(x, 1, { keepdims: true })],
  ['sum, both ways', T.sum(x, 1, { keepdims: true }), A.sum(x, 1, { keepdims: true })],
  ['sum of a dtype', T.sum(x, { axis: 0, dtype: 'float64' }), A.sum(x.cast('float64'), 0)],
  ['mean of axes', T.mean(x, { axis: [0, 1] }), A.mean(x, [0, 1])],
  ['var', T.var(x, { axis: 0, ddof: 1 }), A.variance(x, 0, { ddof: 1 })],
  ['std', T.std(x, 0), A.std(x, 0)],
  ['argmax', T.argmax(x, { axis: 1 }), A.argmax(x, 1)],
  ['max_and_argmax', T.max_and_argmax(x, 1)[1], A.argmax(x, 1)],
  ['norm', T.norm(x, 1, 0), A.norm(x, 0, { ord: 1 })],
  ['cumsum of all', T.cumsum(x), A.cumsum(A.flatten(x), 0)],
  ['cumprod', T.extra_ops.cumprod(x, 0), A.cumprod(x, 0)],

  ['zeros', T.zeros([2, 3]), A.zeros([2, 3])],
  ['zeros of a size', T.zeros(x.shape[0]!), A.zeros([x.shape[0]!])],
  ['zeros of a dtype', T.zeros([2], 'int64'), A.zeros([2], 'int32')],
  ['ones_like', T.ones_like(x), A.onesLike(x)],
  ['zeros_like of a dtype', T.zeros_like(x, 'int32'), A.zeros([...x.shape], 'int32')],
  ['alloc', T.alloc(0, 2, x.shape[1]!), A.zeros([2, x.shape[1]!])],
  ['alloc of a tensor', T.alloc(v, 3, v.shape[0]!), A.broadcastTo(v, [3, v.shape[0]!])],
  ['eye', T.eye(3, 4, 1), A.eye(3, 4, 1)],
  ['arange', T.arange(x.shape[0]!), A.arange(x.shape[0]!)],
  ['tri', T.tri(3), A.tril(A.ones([3, 3]))],
  ['fill', T.fill(x, 2), A.broadcastTo(2, x.shape)],

  ['join', T.join(1, x, y), A.concatenate([x, y], 1)],
  ['stack', T.stack([x, y], 1), A.stack([x, y], 1)],
  ['stack, older form', T.stack(x, y), A.stack([x, y])],
  ['stacklists', T.stacklists([[x, y]]), A.stack([A.stack([x, y])])],
  ['shape_padleft', T.shape_padleft(x, 2), A.expandDims(x, [0, 1])],
  ['shape_padright', T.shape_padright(x), A.expandDims(x, 2)],
  ['shape_padaxis', T.shape_padaxis(x, 1), A.expandDims(x, 1)],
  ['addbroadcast', T.addbroadcast(x, 1), A.specifyShape(x, [null, 1])],
  ['patternbroadcast', T.patternbroadcast(x, [true, false]), A.specifyShape(x, [1, null])],
  ['unbroadcast', T.unbroadcast(x, 0), x],
  ['shape', T.shape(x), A.stack([A.dim(x, 0), A.dim(x, 1)])],
  ['flatten', T.flatten(A.tensor3(), 2).ndim, 2],
  ['take of all', T.take(x, [1]), A.take(A.flatten(x), [1])],
  ['take', T.take(x, [1], 1), A.take(x, [1], 1)],
  ['set_subtensor', T.set_subtensor(x.at(0), 0), A.setSubtensor(x.at(0), 0)],
  ['inc_subtensor', T.inc_subtensor(x.at(0), 1), A.incSubtensor(x.at(0), 1)],
  ['to_one_hot', T.extra_ops.to_one_hot(n.at(0), 5), A.oneHot(n.at(0), 5)],
  ['.T', x.T, A.transpose(x)],

  ['concatenate by keyword', T.concatenate([x, y], { axis: 1 }), A.concatenate([x, y], 1)],
  ['stack by keyword', T.stack([x, y], { axis: 1 }), A.stack([x, y], 1)],
  ['repeat by keyword', T.repeat(x, 2, { axis: 1 }), A.repeat(x, 2, 1)],
  ['take by keyword', T.take(x, [1], { axis: 1 }), A.take(x, [1], 1)],
  ['sort by keyword', T.sort(x, { axis: 0 }), A.sort(x, 0)],
  ['argsort', T.argsort(x), A.argsort(x)],
  ['cumsum by keyword', T.cumsum(x, { axis: 0 }), A.cumsum(x, 0)],
  ['zeros by keyword', T.zeros([2], { dtype: 'int64' }), A.zeros([2], 'int32')],
  ['flatten by keyword', T.flatten(x, { ndim: 1 }), A.flatten(x)],
  [
    'to_one_hot by keyword',
    T.extra_ops.to_one_hot(n.at(0), 5, { dtype: 'int32' }),
    A.oneHot(n.at(0), 5, 'int32'),
  ],
  ['tensordot', T.tensordot(x, y, 1), A.tensordot(x, y, 1)],
  ['tensordot by keyword', T.tensordot(x, y, { axes: [[1], [0]] }), A.tensordot(x, y, [[1], [0]])],
  ['grad by keywords', T.grad({ cost: x.sum(), wrt: x }), A.grad(x.sum(), x)],
  ['batched_dot', T.batched_dot(x, y), A.batchedDot(x, y)],
  ['matrix_dot', T.nlinalg.matrix_dot(x, y, z), A.dot(A.dot(x, y), z)],
  ['matrix_inverse', T.nlinalg.matrix_inverse(x), A.inv(x)],
  ['trace', T.nlinalg.trace(x), A.sum(A.diag(x), -1)],
  ['cholesky', T.slinalg.cholesky(x), A.cholesky(x)],

  ['sigmoid', T.nnet.sigmoid(x), A.sigmoid(x)],
  ['ultra_fast_sigmoid', T.nnet.ultra_fast_sigmoid(x), A.sigmoid(x)],
  ['hard_sigmoid', T.nnet.hard_sigmoid(x), A.hardSigmoid(x)],
  ['softmax', T.nnet.softmax(x), A.softmax(x)],
  ['softmax of a vector is a matrix', T.nnet.softmax(v), A.softmax(v.expandDims(0))],
  ['relu with a slope', T.nnet.relu(x, 0.1), A.leakyRelu(x, 0.1)],

  ['grad', T.grad(x.sum(), x), A.grad(x.sum(), x)],
  ['jacobian', T.jacobian(v.mul(2), v), A.jacobian(v.mul(2), v)],
  ['hessian', T.hessian(v.pow(3).sum(), v), A.hessian(v.pow(3).sum(), v)],
  ['Rop', T.Rop(v.square(), v, v), A.Rop(v.square(), v, v)],
  ['Lop', T.Lop(v.square(), v, v), A.Lop(v.square(), v, v)],
  ['grad_clip', theano.gradient.grad_clip(x, -1, 1), A.gradClip(x, -1, 1)],
  ['disconnected_grad', theano.gradient.disconnected_grad(x), A.stopGradient(x)],
  ['ifelse', theano.ifelse.ifelse(v.sum().gt(0), x, y), A.ifElse(v.sum().gt(0), x, y)],
  ['clone', theano.clone(x.sum(), { replace: [[x, y]] }), y.sum()],
]

test.each(same)('%s', (_, ours, theirs) => {
  expect(ours).toBe(theirs)
})

describe('inputs', () => {
  test.each([
    ['fmatrix', 'float32', 2],
    ['dmatrix', 'float64', 2],
    ['ivector', 'int32', 1],
    ['lscalar', 'int32', 0],
    ['bvector', 'int32', 1],
    ['wcol', 'int32', 2],
    ['dtensor3', 'float64', 3],
    ['ftensor4', 'float32', 4],
  ] as const)('%s is %s', (name, dtype, ndim) => {
    const made = T[name]('a')
    expect([made.dtype, made.ndim, made.name]).toEqual([dtype, ndim, 'a'])
  })

  test('those without a prefix are floatX, or what is asked for', () => {
    theano.config.floatX = 'float64'
    expect([
      T.matrix('a').dtype,
      T.vector('i', 'int64').dtype,
      T.scalar('u', { dtype: 'uint8' }).dtype,
    ]).toEqual(['float64', 'int32', 'uint8'])
    expect([T.zeros([1]).dtype, T.eye(1).dtype, T.constant(1).dtype]).toEqual([
      'float64',
      'float64',
      'float64',
    ])
  })

  test('rows, columns and axes that broadcast have size 1', () => {
    expect([T.row().shape[0], T.lcol().shape[1]]).toEqual([1, 1])
    const made = T.TensorType('float32', [true, false, false])('a')
    expect([made.shape[0], made.ndim, made.dtype]).toEqual([1, 3, 'float32'])
    expect(T.tensor('int64', [false], 'a').dtype).toBe('int32')
  })

  test('several at once', () => {
    const [a, c] = T.matrices('a', 'c')
    const [d] = T.dscalars('d')
    expect([a.name, c.ndim, d.dtype]).toEqual(['a', 2, 'float64'])
  })

  test('by keywords', () => {
    const made = T.matrix({ name: 'a', dtype: 'float64' })
    expect([made.name, made.dtype]).toEqual(['a', 'float64'])
    expect(() => T.matrix({ dtyp: 'float64' } as never)).toThrow(/dtype/)
  })

  test('sizes may be told', () => {
    expect(T.matrix('a', { shape: ['batch', 3] }).shape[1]).toBe(3)
  })
})

describe('losses', () => {
  test('categorical_crossentropy takes distributions and classes', () => {
    const classes = T.lvector('classes')
    expect(T.nnet.categorical_crossentropy(x, y)).toBe(A.neg(A.sum(A.mul(y, A.log(x)), -1)))
    expect(T.nnet.categorical_crossentropy(x, classes).ndim).toBe(1)
    expect(() => T.nnet.categorical_crossentropy(x, T.vector('p'))).toThrow(/vector of classes/)
  })

  test('binary_crossentropy is the formula', () => {
    const [o, t] = [T.vector('o'), T.vector('t')]
    const formula = A.neg(A.add(A.mul(t, A.log(o)), A.mul(A.sub(1, t), A.log(A.sub(1, o)))))
    expect(T.nnet.binary_crossentropy(o, t)).toBe(formula)
  })
})

describe('names that there are not', () => {
  const lookUp = (object: object, name: string) => () => (object as Record<string, unknown>)[name]

  test('are told the nearest, or why they are left out', () => {
    expect(lookUp(T, 'dimshufle')).toThrow(/T: there is no name "dimshufle"\n.*did you mean "dimshuffle"/)
    expect(lookUp(T.nnet, 'conv2d')).toThrow(/there are no convolutions/)
    expect(lookUp(T, 'zmatrix')).toThrow(/there are no complex numbers/)
    expect(lookUp(theano, 'OpFromGraph')).toThrow(/a function of tensors/)
    expect(lookUp(theano.printing, 'debug_print')).toThrow(/did you mean "debugprint"/)
  })

  test('but what promises, printers and copies ask is no mistake', async () => {
    expect(await T).toBe(T)
    expect(Object.keys({ ...theano })).toContain('shared')
    expect(String(Object.prototype.toString.call(theano))).toBe('[object Object]')
  })

  test('nothing can be written over', () => {
    expect(() => Object.assign(T, { dot: 0 })).toThrow(TypeError)
    expect(() => Object.assign(theano.config, { device: 'gpu' })).toThrow(TypeError)
    expect(() => Object.assign(theano.config, { floatX: 'float16' })).toThrow(/floatX/)
  })

  test('dtypes that there are not are told those that there are', () => {
    expect(() => T.cast(x, 'complex64' as never)).toThrow(/no dtype "complex64" here[\s\S]*int64/)
    expect(() => T.vector('x', 'float16' as never)).toThrow(/float16/)
  })

  test('keywords neither', () => {
    expect(() => T.sum(x, { axes: 1 } as never)).toThrow(/did you mean "axis"/)
    expect(() => T.sort(x, { axes: 1 } as never)).toThrow(/did you mean "axis"/)
    expect(() => T.grad({ cost: x.sum(), wtr: x } as never)).toThrow(/wtr/)
    expect(() => T.grad(x.sum(), x, { considerConstant: [] } as never)).toThrow(/consider_constant/)
    expect(() => T.round(x, 'half_away_from_zero' as never)).toThrow(/half away from zero/)
  })
})

describe('gradients', () => {
  test('keywords', () => {
    const cost = A.sum(A.mul(v, v))
    const constant = T.grad(A.sum(A.mul(v.mul(2), v)), v, { consider_constant: [v.mul(2)] })
    expect(constant).toBe(A.grad(A.sum(A.mul(v.mul(2), v)), v, { considerConstant: [v.mul(2)] }))
    expect(() => T.grad(cost, x)).toThrow(/does not depend/)
    expect(T.grad(cost, x, { disconnected_inputs: 'ignore' })).toBe(A.zerosLike(x))
    expect(T.grad(null, v, { known_grads: [[v.square(), v]] })).toBe(
      A.grad(null, v, { knownGrads: new Map([[v.square(), v]]) }),
    )
    expect(T.grad(cost, [v, v])).toHaveLength(2)
  })

  test('verify_grad', () => {
    theano.gradient.verify_grad(a => a.tanh(), [[0.1, 0.2]], { rng: null, eps: 1e-5 })
    const wrong = () =>
      theano.gradient.verify_grad(a => a.add(theano.gradient.zero_grad(a.square())), [[1, 2]])
    expect(wrong).toThrow(/gradient/)
  })
})

test('a graph as text', () => {
  expect(theano.printing.debugprint(x.sum(), { file: 'str' })).toBe(A.debugPrint(x.sum()))
  expect(theano.pp(x)).toBe(A.debugPrint(x))
  expect(theano.printing.pydotprint(x.sum())).toBe(A.toDot(x.sum()))
})
