/**
 * Every error that a user can cause: thrown here once, with the class and the message that docs/errors.md gives, and
 * with the place in this file where it was caused.
 */
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as vm from 'node:vm'
import { compile, verifyGrad } from '@arignote/compiler'
import * as A from '@arignote/graph'
import { native } from '@arignote/loops'
import {
  accumulate,
  averageMetric,
  callbacks,
  datasets,
  initializers,
  input,
  layers,
  losses,
  lstmCell,
  modelFromBytes,
  modelFromJSON,
  modelToBytes,
  network,
  optimizers,
  preprocessing,
  recur,
  reduceLoss,
  resetLayerNames,
  rnnCell,
  runNetwork,
  schedules,
  sequential,
  sgd,
  stackCells,
  unmasked,
  weightsFromBytes,
  weightsToBytes,
} from '@arignote/nn'
import { beforeAll, describe, expect, test } from '@jest/globals'
import { loadFunction } from 'arignote/load'
import {
  assignParameters,
  decodeParameters,
  encodeParameters,
  exportFunction,
  loadParameters,
  saveParameters,
} from 'arignote/save'
import { T } from 'arignote/theano'
import { readFiles } from '../src/files.js'
import { goldenPath } from '../src/golden.js'
import { shownError } from '../src/shown-error.js'

const root = join(__dirname, '../../..')
const document = readFileSync(join(root, 'docs/errors.md'), 'utf8')
const sources = readFiles(root, ['packages'], path => /^packages\/[^/]+\/src\/.*\.ts$/.test(path))

interface Section {
  readonly code: string
  readonly classes: readonly string[]
  /** What a message begins with; … stands for anything. */
  readonly message: string
}

const sections = [...document.matchAll(/^### (E\d{3})\n(.*)$/gm)].map(([, code, line]): Section => {
  const texts = [...line!.matchAll(/`([^`]+)`/g)].map(([, text]) => text!)
  return { code: code!, classes: texts.slice(0, -1), message: texts.at(-1)! }
})

const inference = { training: false, update: () => {}, penalize: () => {} }

const compiledModel = () => {
  const model = sequential([layers.dense({ units: 1, inputShape: [2] })])
  model.compile({ loss: 'mse', optimizer: 'sgd' })
  return model
}

const fileFolder = mkdtempSync(join(tmpdir(), 'errors-'))

/** A file with this text or these bytes; its path. */
function fileOf(name: string, content: string | Uint8Array): string {
  writeFileSync(join(fileFolder, name), content)
  return join(fileFolder, name)
}

const savedWeights = () => weightsToBytes(compiledModel())

const listOf = (...layers: readonly object[]) => ({ class_name: 'Sequential', config: { name: 'm', layers } })

const one = () => A.vector('v', { shape: [3] })
const two = () => A.matrix('m', { shape: [4, 6] })

const cell = () => lstmCell({ inputSize: 2, units: 3, seed: 1 })

const causes: Readonly<Record<string, () => unknown>> = {
  E001: () => one().add(A.vector('b', { shape: [4] })),
  E002: () => two().sum(2),
  E003: () => two().sum([0, -2]),
  E004: () => A.matmul(two(), 2),
  E005: () => A.concatenate([two(), A.zeros([4, 5])]),
  E006: () => two().reshape([5, 5]),
  E007: () => two().squeeze(1),
  E008: () => two().at(4),
  E009: () => two().slice(0, 0, 0),
  E010: () => A.zeros([0, 3]).max(0),
  E011: () => A.zeros([-1]),
  E012: () => A.dot(two(), two()),
  E020: () => A.neg(A.vector('flags', 'bool')),
  E030: () => {
    const x = A.scalar('x')
    compile([x], x)('1' as never)
  },
  E031: () => A.array([[1, 2], [3]]),
  E032: () => {
    const i = A.vector('i', 'int32')
    compile([i], i)([1, 2.5])
  },
  E033: () => A.array(Float32Array.of(1), 'int32'),
  E034: () => A.shared([1, 2]).setValue([1, 2, 3]),
  E040: () => two().reshape([-1, -1]),
  E041: () => compile([], [], { optimise: false } as never),
  E042: () => A.grad(3 as never, one()),
  E043: () => (one() as never) + 1,
  E050: () => {
    const v = one()
    A.grad(v.mul(2), v)
  },
  E051: () => {
    const v = one()
    A.grad(v.argmax(), v)
  },
  E052: () => {
    const i = A.scalar('i', 'int32')
    A.grad(A.mul(i, 0.5), i)
  },
  E053: () => A.grad(one().sum(), two()),
  E054: () => {
    const v = one()
    const op: A.Op<null> = {
      name: 'twist',
      family: { kind: 'map', body: ([x]) => x! },
      infer: ([x]) => ({ outputs: [x!] }),
    }
    A.grad(A.apply1(op, [v], null).sum() as A.Tensor<'float32', 0>, v)
  },
  E055: () => {
    const v = one()
    A.Lop([v.mul(2), v.mul(3)], v, [v])
  },
  E056: () => {
    const v = one()
    A.Rop(v.mul(2), v, A.ones([4]))
  },
  E057: () => A.grad(null, one()),
  E060: () => A.scan(({ v }) => ({ v }), { sequences: { v: one() }, state: { v: 0 } }),
  E061: () => A.scan(({ h }) => ({ h }), { state: { h: 0 } }),
  E062: () => A.scan(({ h }) => ({ h }), { state: { h: 0 }, steps: -1 }),
  E063: () => A.scan(({ x }) => ({ y: x }), { sequences: { x: A.scalar('x') } }),
  E064: () => A.scan(({ x }) => ({ y: x }), { sequences: { x: one() }, steps: 4 }),
  E065: () => A.scan((({ x }: never) => x) as never, { sequences: { x: one() } }),
  E066: () => A.scan((() => ({ y: 1 })) as never, { sequences: { x: one() } }),
  E067: () => A.scan((({ x }: never) => ({ y: x })) as never, { sequences: { x: one() }, state: { h: 0 } }),
  E068: () => A.scan(({ h }) => ({ h: h.cast('float64') }), { state: { h: one() }, steps: 2 }),
  E069: () => {
    const w = A.shared([1, 2, 3], 'w')
    A.scan(({ h }) => ({ h: h.mul(w) }), { state: { h: one() }, steps: 2, strict: [] })
  },
  E070: () => {
    const sizes = A.vector('sizes', 'int32')
    A.scan(({ n }) => ({ total: A.ones([n]).sum() }), { sequences: { n: sizes } })
  },
  E071: () => A.scan(({ h }) => ({ h }), { state: { h: one() }, steps: 2, unroll: 0 }),
  E072: () => A.scan({} as never, {}),
  E073: () => A.scan(({ h }) => ({ h }), { state: { h: [1, 2] as never }, steps: 2 }),
  E074: () => A.scan(({ h }) => ({ h }), { state: { h: 1 }, steps: 2, truncate: 0 }),
  E075: () => A.scan(({ h }) => ({ h }), { state: { h: 1 }, steps: 2, remat: 'all' as never }),
  E076: () => A.taps(one(), [0.5]),
  E077: () => A.scan(({ h: [h] }) => ({ h }), { state: { h: A.taps(one(), [-1, 0]) }, steps: 2 }),
  E078: () => A.scan(({ h: [h] }) => ({ h }), { state: { h: A.taps(one(), [-2]) }, steps: 2 }),
  E079: () => A.scan(({ x: [x] }) => ({ y: x }), { sequences: { x: A.taps(one(), [-2, 2]) } }),
  E080: () => A.ifElse(one(), 1, 2),
  E081: () => A.ifElse(true, one(), A.vector('i', 'int32')),
  E082: () => A.ifElse(true, one(), two()),
  E083: () => A.ifElse(true, [one()], [one(), one()] as never),
  E090: () => A.scan(({ h }) => A.until(h as never, { h: h.add(1) }), { state: { h: one() }, steps: 2 }),
  E091: () => {
    const x = A.matrix('x')
    const inner = (row: A.Variable) =>
      A.scan(({ h }) => A.until(h.gt(3), { h: h.mul(2) }), { state: { h: row.sum() }, steps: 9 }).h
    A.scan(({ x: row }) => ({ total: inner(row).all.sum() }), { sequences: { x } })
  },
  E092: () => A.scan(({ h }) => A.until(h.gt(3), { h: h.mul(2) }), { state: { h: 1 }, steps: 4, unroll: 2 }),
  E093: () => A.scan(({ h }) => A.until(h.gt(0), { h }), { state: { h: 1 }, steps: 2, remat: { every: 2 } }),
  E200: () => compile([1 as never], one()),
  E201: () => compile([one().add(1)], []),
  E202: () => {
    const v = one()
    compile([v, v], v)
  },
  E203: () => compile([], one().add(1)),
  E204: () => compile([one()], []),
  E205: () => compile([], [], { updates: [[one() as never, 1]] }),
  E206: () => {
    const w = A.shared(1)
    compile([], [], {
      updates: [
        [w, 2],
        [w, 3],
      ],
    })
  },
  E207: () => {
    const w = A.shared(1)
    compile([], [], { updates: [[w, w.cast('float64')]] })
  },
  E208: () => {
    const w = A.shared([1, 2])
    compile([], [], { updates: [[w, w.sum()]] })
  },
  E209: () => {
    const v = one()
    compile([], v, { givens: [[v, two()]] })
  },
  E210: () => {
    const v = one()
    compile([], v, {
      givens: [
        [v, [1, 2, 3]],
        [v, [1, 2, 3]],
      ],
    })
  },
  E211: () => compile([], A.zeros([A.vector('v').shape[0]!])),
  E212: () => {
    const [a, b] = [A.zeros([A.vector('v').shape[0]!]), A.zeros([A.vector('w').shape[0]!])]
    compile([], [a.add(b), b.add(a)])()
  },
  E213: () => compile([], A.constant(1), { optimize: { without: ['x + 1 → x'] } }),
  E214: () => compile([], [], { updates: {} as never }),
  E220: () => {
    const v = one()
    ;(compile([v], v) as (...args: unknown[]) => unknown)()
  },
  E221: () => (compile([], A.constant(1)) as (...args: unknown[]) => unknown)(1),
  E222: () => {
    const v = one()
    compile([v], v)(1)
  },
  E223: () => {
    const v = one()
    compile([v], v)([1, 2])
  },
  E224: () => {
    const [x, y] = [A.vector('x', { shape: ['n'] }), A.vector('y', { shape: ['n'] })]
    compile([x, y], x.add(y))([1, 2], [1])
  },
  E225: () => {
    const [x, y] = [A.vector('x'), A.vector('y')]
    compile([x, y], x.add(y))([1, 2], [1])
  },
  E226: () => compile([], A.constant([1, 2])).into(A.zerosArray([3])),
  E227: () => {
    const x = A.vector('x')
    compile([x], x).memory()
  },
  E228: () => {
    const x = A.scalar('x')
    compile([x], x).profile()
  },
  E229: () => {
    const weight = A.vector('weight')
    compile({ weight }, weight.sum())({ wieght: [1] } as never)
  },
  E240: () => {
    const ids = A.vector('ids', 'int32')
    compile([ids], A.take(A.constant([1, 2, 3]), ids))([3])
  },
  E241: () => {
    const long = A.arange(0, 40_000, 1, 'float32')
    const large = long.expandDims(1).add(long).exp()
    compile([], A.dot(large, large).sum(), { optimize: false })()
  },
  E242: () => {
    const x = A.scalar('x')
    const f = compile([x], x)
    compile([x], A.print(x), { onPrint: () => f(1) })(1)
  },
  E243: () => {
    const x = A.scalar('x')
    compile([x], A.assert(x, x.gt(0), 'x is positive'))(-1)
  },
  E244: () =>
    compile(
      [],
      A.inv([
        [1, 2],
        [2, 4],
      ]),
    )(),
  E245: () => {
    const x = A.scalar('x')
    compile([x], A.log(x), { check: 'nan' })(0)
  },
  E246: () => {
    const x = A.scalar('x')
    compile([x], x, { check: 'nan' })(Number.NaN)
  },
  E247: () => {
    const x = A.scalar('x')
    const right = { exp: native.exp }
    try {
      // The reference computes with these, WebAssembly does not.
      Object.assign(native, { exp: Math.log })
      compile([x], A.exp(x), { check: 'debug', backend: 'wasm' })(1)
    } finally {
      Object.assign(native, right)
    }
  },
  E250: () => verifyGrad(x => A.relu(x), [[0]]),
  E300: () => layers.dense({ units: 1, activation: x => x }).getConfig(),
  E301: () => layers.dense({ units: 1 }).getWeights(),
  E302: () => layers.dense({ units: 1 }).apply(input({ shape: [] })),
  E303: () => layers.dense({ units: 1, weights: [1] }).apply(input({ shape: [3] })),
  E304: () => layers.dense({ units: 1, useBias: false, weights: [[1]] }).apply(input({ shape: [3] })),
  E305: () => {
    const ids = input({ shape: [3], dtype: 'int32' })
    const masked = layers.embedding({ inputDim: 2, outputDim: 2, maskZero: true }).apply(ids)
    const net = network([ids], [layers.flatten().apply(masked)])
    return runNetwork(net, [unmasked(A.matrix('ids', 'int32'))], inference)
  },
  E306: () => {
    const x = input({ shape: [3] })
    const net = network([x], [layers.dropout({ rate: 0.5, noiseShape: [1] }).apply(x)])
    return runNetwork(net, [unmasked(A.matrix('x'))], { ...inference, training: true })
  },
  E307: () => {
    const layer = layers.dense({ units: 1 })
    layer.apply(input({ shape: [3] }))
    return layer.apply(input({ shape: [4] }))
  },
  E320: () => {
    const [a, b] = [input({ shape: [3] }), input({ shape: [3] })]
    return network([a], [layers.dense({ units: 1 }).apply(b)])
  },
  E321: () => sequential([layers.dense({ units: 1 })]).network,
  E322: () => sequential([layers.dense({ units: 1, inputShape: [3] })]).setWeights([]),
  E323: () => sequential([layers.gru({ units: 1, returnState: true, inputShape: [2, 3] })]),
  E340: () => sgd(one().sum(), [one() as never]),
  E341: () => sgd([one(), one()], [A.shared([1, 2, 3])]),
  E342: () => sgd([one()], [A.shared([1, 2])]),
  E343: () => {
    const adam = optimizers.adam()
    adam.build([A.shared([1, 2])])
    adam.setWeights([0, [1, 2], [1, 2, 3]])
  },
  E344: () => losses.meanSquaredError(one(), two()),
  E345: () => reduceLoss(one(), { mask: two() }),
  E346: () => initializers.identity().make([3], { dtype: 'float32', seed: 1 }),
  E347: () => {
    const metric = averageMetric('own', null, t => t)
    accumulate({ ...metric, contributions: t => [t] }, A.vector('t'), A.vector('y'))
  },
  E360: () => rnnCell({ inputSize: 2, units: 3, params: { kernel: A.shared(A.zerosArray([2, 3])) } }),
  E361: () => rnnCell({ inputSize: 2, units: 3, params: { kernel: A.shared([[1]]) } }),
  E362: () => {
    const x = A.tensor3('x', { shape: [null, null, 3] })
    recur(cell(), x)
  },
  E363: () => recur(cell(), A.tensor3('x', 'float64') as never),
  E364: () => recur(cell(), A.tensor3('x'), { initialState: [A.zeros([4, 3])] }),
  E365: () => recur(cell(), A.tensor3('x'), { initialState: [A.zeros([4, 3]), A.zeros([4, 2])] }),
  E366: () => recur(cell(), A.tensor3('x'), { mask: A.tensor3('mask') }),
  E367: () => recur(cell(), A.tensor3('x'), { dropoutMask: A.ones([2, 4, 2]) }),
  E368: () => recur({ ...cell(), masks: 0 }, A.tensor3('x'), { dropoutMask: A.ones([1, 4, 2]) }),
  E369: () => recur({ ...cell(), step: (_, states) => states }, A.tensor3('x'), { gradClip: 1 }),
  E370: () => recur({ step: () => [] } as never, A.tensor3('x')),
  E371: () => stackCells([cell(), cell()]),
  E380: () => compiledModel().evaluate([[1, 2]], [[1], [2]]),
  E381: () => compiledModel().evaluate([[1, 2, 3]], [[1]]),
  E382: () =>
    sequential([layers.embedding({ inputDim: 3, outputDim: 1, inputLength: 1 })]).predict(
      Float32Array.of(0.5),
    ),
  E383: () => compiledModel().evaluate([[1, Number.NaN]], [[1]]),
  E384: () => sequential([layers.dense({ units: 1, inputShape: [2] })]).evaluate([[1, 2]], [[1]]),
  E385: () => {
    const model = sequential([layers.dense({ units: 1, batchInputShape: [2, 2] })])
    model.compile({ loss: 'mse', optimizer: 'sgd' })
    return model.evaluate([[1, 2]], [[1]])
  },
  E386: () => compiledModel().evaluate([[1, 2]], undefined as never),
  E387: () => compiledModel().trainOnBatch([[1, 2]], [[1]], { classWeight: { 0: 1 } }),
  E388: () => compiledModel().fit([[1, 2]], [[1]], { callbacks: [callbacks.earlyStopping()], verbose: 0 }),
  E389: () => {
    const model = sequential([layers.dense({ units: 1, inputShape: [2] })])
    const learningRate = schedules.exponentialDecay({
      initialLearningRate: 1,
      decaySteps: 1,
      decayRate: 0.5,
    })
    model.compile({ loss: 'mse', optimizer: optimizers.sgd({ learningRate }) })
    return model.fit([[1, 2]], [[1]], { callbacks: [callbacks.reduceLROnPlateau()], verbose: 0 })
  },
  E390: () => (async () => await compiledModel().evaluateBatches(() => []))(),
  E391: () => {
    const model = sequential([layers.dense({ units: 1, batchInputShape: [2, 2] })])
    return model.predict([[1, 2]], { batchSize: 1 })
  },
  E392: () => compiledModel().fit([[1, 2]], [[1]], { validationSplit: 0.5, verbose: 0 }),
  E393: () => {
    const model = sequential([layers.dense({ units: 2, activation: 'softmax', inputShape: [1] })])
    model.compile({ loss: 'sparseCategoricalCrossentropy', optimizer: 'sgd' })
    return model.evaluate([[1]], [[2]])
  },
  E394: () => {
    const model = compiledModel()
    void model.fit([[1, 2]], [[1]], { verbose: 0 })
    return model.fit([[1, 2]], [[1]], { verbose: 0 })
  },
  E395: () => compiledModel().evaluate([], []),
  E400: () => preprocessing.padSequences([[1, 2], 3 as never]),
  E401: () => preprocessing.toCategorical([0, 3, 1], { numClasses: 3 }),
  E402: () => new preprocessing.Tokenizer().textsToMatrix(['a text']),
  E403: () => preprocessing.Tokenizer.fromJSON('{"class_name": "Sequential"}'),
  E404: () => preprocessing.timeseriesGenerator([1, 2, 3], [1, 2, 3], { length: 3 }),
  E405: () => preprocessing.timeseriesGenerator([1, 2, 3], [1, 2], { length: 2 }),
  E406: () => datasets.textLines('/no/such/file.txt', '/no/such/file.txt'),
  E407: () => {
    const { getBuiltinModule } = process
    process.getBuiltinModule = undefined as never
    try {
      datasets.csvSeries('/no/such/file.csv')
    } finally {
      process.getBuiltinModule = getBuiltinModule
    }
  },
  E408: () => datasets.csvSeries(fileOf('latin1.csv', Uint8Array.of(0x61, 0x0a, 0xe9))),
  E409: () => datasets.csvSeries(fileOf('empty.csv', '')),
  E410: () => datasets.csvSeries(fileOf('words.csv', 'day,high\nmonday,warm\n')),
  E411: () => datasets.imdb.load(fileFolder),
  E412: () => datasets.imdb.encode([[1, 2, 3]], { maxlen: 3 }),
  E413: () => {
    const npz = join(__dirname, '../../nn/test/imdb/protocol2.npz')
    datasets.imdb.load(npz, { wordIndex: fileOf('list.json', '["film"]') })
  },
  E420: () => modelFromJSON(listOf({ class_name: 'Capsule', config: {} })),
  E421: () => modelFromJSON('no JSON'),
  E422: () => modelFromBytes(weightsToBytes(compiledModel())),
  E423: () => {
    const bytes = modelToBytes(compiledModel())
    bytes[bytes.length - 1]! ^= 1
    modelFromBytes(bytes)
  },
  E424: () => {
    const metadata = { format: 'arignote model', version: '2' }
    modelFromBytes(encodeParameters({}, { metadata }))
  },
  E425: () => weightsFromBytes(sequential([layers.dense({ units: 2, inputShape: [2] })]), savedWeights()),
  E426: () => {
    const model = sequential([layers.dense({ units: 1, inputShape: [2] })])
    model.compile({ loss: (t, y) => A.abs(t.sub(y)).sum(-1), optimizer: 'sgd' })
    modelFromBytes(modelToBytes(model))
  },
  E427: () => modelFromBytes(readFileSync(goldenPath('model_keras2.h5'))),
  E428: () =>
    modelFromJSON(listOf({ class_name: 'RNN', config: { cell: { class_name: 'GruCell', config: {} } } })),
  E600: () => loadParameters('/no/such/file.npz'),
  E601: () => {
    const { getBuiltinModule } = process
    try {
      Object.assign(process, { getBuiltinModule: undefined })
      saveParameters('weights.safetensors', {})
    } finally {
      Object.assign(process, { getBuiltinModule })
    }
  },
  E602: () => decodeParameters(Uint8Array.of(1, 2, 3)),
  E603: () => {
    const header = '{"w":{"dtype":"F8_E4M3","shape":[0],"data_offsets":[0,0]}}'
    decodeParameters(Uint8Array.of(header.length, 0, 0, 0, 0, 0, 0, 0, ...Buffer.from(header)))
  },
  E604: () => encodeParameters({ w: one() as never }),
  E605: () => encodeParameters({ '': 1 }),
  E606: () => assignParameters({ w: A.shared(1, 'w') }, { v: 1 }),
  E607: () => assignParameters({ w: A.shared(1, 'w') }, { w: [1] }),
  E608: () => assignParameters({ w: A.shared(1, 'w') }, { w: A.array(1, 'float64') }),
  E610: () => exportFunction(one() as never),
  E611: () => {
    const x = A.scalar('x')
    exportFunction(compile([x], A.print(x)))
  },
  E612: () => {
    const x = A.vector('x', { shape: ['n'] })
    exportFunction(compile([x], x))
  },
  E620: () => loadFunction(Uint8Array.of(1, 2, 3)),
  E621: () => loadFunction(exported(bytes => bytes.fill(2, 8, 9))),
  E622: () => loadFunction(exported(bytes => bytes.subarray(0, 100))),
  E623: () => {
    const { validate } = WebAssembly
    try {
      Object.assign(WebAssembly, { validate: () => false })
      loadFunction(exported(bytes => bytes))
    } finally {
      Object.assign(WebAssembly, { validate })
    }
  },
  E624: () => {
    const x = A.vector('x', { shape: ['n'] })
    loadFunction(exportFunction(compile([x], x), { sizes: [{ n: 2 }] }))([1])
  },
  E700: () => (T as never as { tnah: unknown }).tnah,
}

/** A file of an exported function, changed. */
function exported(change: (bytes: Uint8Array) => Uint8Array): Uint8Array {
  const x = A.vector('x', { shape: [3] })
  return change(exportFunction(compile([x], x.mul(2))))
}

const codes = [
  ...new Set([...sources.values()].flatMap(text => text.match(/(?<=')E\d{3}(?=')/g) ?? [])),
].sort()

test('every code is documented once, in order, and none that does not exist', () => {
  expect(codes.length).toBeGreaterThan(40)
  expect(sections.map(section => section.code)).toEqual(codes)
})

test('no two constructors share a code, but those of the loader that say the same in short', () => {
  const uses = [...sources]
    .filter(([path]) => !path.startsWith('packages/load/'))
    .flatMap(([, text]) => text.match(/(?<=')E\d{3}(?=')/g) ?? [])
  const only = codes.filter(isOfLoader)
  expect(uses.length).toBe(codes.length - only.length)
  expect(only.length).toBe(5)
})

test('every code is caused below', () => {
  expect(Object.keys(causes).sort()).toEqual(codes)
})

/** What only the loader throws. */
function isOfLoader(code: string): boolean {
  return code >= 'E620' && code < 'E630'
}

/** The lines of this file on which each cause is written. */
const lines = readFileSync(__filename, 'utf8').split('\n')
const beginOf = (code: string) => lines.findIndex(line => line.startsWith(`  ${code}: () =>`)) + 1

function caught(f: () => unknown): A.ArignoteError {
  resetLayerNames()
  try {
    f()
  } catch (error) {
    if (error instanceof A.ArignoteError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

/** Also of what fails after a while. */
async function caughtLater(f: () => unknown): Promise<A.ArignoteError> {
  resetLayerNames()
  try {
    await f()
  } catch (error) {
    if (error instanceof A.ArignoteError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')

describe.each(sections)('$code', ({ code, classes, message }) => {
  let error: A.ArignoteError
  beforeAll(async () => {
    error = await caughtLater(causes[code]!)
  })

  test('has the class and the message that the document gives', () => {
    expect(error.code).toBe(code)
    expect(classes).toContain(error.name)
    const shape = message.split('…').map(escaped).join('.*')
    expect(error.message.split('\n')[0]).toMatch(new RegExp(`^${shape}$`))
    expect(error.message).toMatch(new RegExp(` \\[${code}\\]$`))
  })

  test('shows its text', () => {
    expect(shownError(error)).toMatchSnapshot()
  })

  // Who loads a function has not made it.
  if (isOfLoader(code)) return
  test('shows the line that caused it', () => {
    const place = /^ {2}(?:created|called) at packages\/testkit\/test\/errors\.test\.ts:(\d+):\d+/m.exec(
      error.message,
    )
    const line = Number(place?.[1])
    const next = codes[codes.indexOf(code) + 1]
    const shared = [beginOf('E001') - 6, beginOf('E001') - 5]
    const own = line >= beginOf(code) && (next === undefined || line < beginOf(next))
    expect({ message: error.message, isOwn: own || shared.includes(line) }).toEqual({
      message: error.message,
      isOwn: true,
    })
  })
})

describe('the line that an error shows', () => {
  const atTop = A.dot(A.vector('a'), A.vector('b'))
  const here = Number(/errors\.test\.ts:(\d+)/.exec(new Error().stack!)![1])
  const place = (v: A.Variable) => v.owner!.origins[0]!.place

  test('is found at the top of a module', () => {
    expect(place(atTop)).toMatch(new RegExp(`^packages/testkit/test/errors\\.test\\.ts:${here - 1}:\\d+$`))
  })

  test('is where an operation was made, not where it was called', () => {
    const ids = A.vector('ids', 'int32')
    const taken = A.take(A.constant([1]), ids)
    const made = Number(/:(\d+):\d+$/.exec(place(taken)!)![1])
    const f = compile([ids], taken)
    for (const options of [{ optimize: false }, { backend: 'reference' }, { backend: 'js' }] as const) {
      const { message } = caught(() => compile([ids], taken, options)([1]))
      expect(message).toContain(`created at packages/testkit/test/errors.test.ts:${made}:`)
    }
    expect(caught(() => f([1])).message).toContain(`errors.test.ts:${made}:`)
  })

  test('survives differentiation and rewriting', () => {
    const x = A.vector('x')
    const y = A.vector('y')
    const sum = x.mul(2).add(y)
    const made = Number(/:(\d+):\d+$/.exec(place(sum)!)![1])
    const { message } = caught(() => compile([x, y], A.grad(sum.square().sum(), x))([1, 2], [1]))
    expect(message).toContain(`created at packages/testkit/test/errors.test.ts:${made}:`)
  })

  const run = (filename: string) =>
    vm.runInThisContext('(function f(A) { return A.vector("v").add(1) })', { filename })(A) as A.Variable

  test('may be in a folder with blanks and parentheses', () => {
    expect(place(run('/home/me/My Project (2)/train.js'))).toBe('/home/me/My Project (2)/train.js:1:39')
  })

  test('may be in a package that is called like one of ours', () => {
    expect(place(run('/home/me/packages/graph/src/train.js'))).toBe(
      '/home/me/packages/graph/src/train.js:1:39',
    )
  })

  test('is never in an installed package of ours', () => {
    expect(place(run('/home/me/node_modules/@arignote/nn/dist/cell.js'))).toMatch(/errors\.test\.ts/)
    expect(place(run('/home/me/node_modules/arignote/dist/index.js'))).toMatch(/errors\.test\.ts/)
  })
})
