/** Exported functions as files: sizes that are refused, errors inside calls, damage, a process that has only the loader. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runInNewContext } from 'node:vm'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import {
  ArignoteError,
  array,
  assert,
  compile,
  crossentropyBinary,
  dot,
  grad,
  ifElse,
  inv,
  matrix,
  mean,
  NumericError,
  randn,
  scalar,
  scan,
  shared,
  sigmoid,
  take,
  tensor,
  tensor3,
  toNested,
  transpose,
  vector,
  zeros,
} from 'arignote'
import { loadFunction, type NdArray } from 'arignote/load'
import { exportFunction, saveFunction } from 'arignote/save'
import { buildSync } from 'esbuild'
import { lstm, weights } from '../samples/cells.js'
import { agreeExported } from '../src/exported.js'

const root = join(__dirname, '../../..')
let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'arignote-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

function caught(f: () => unknown): ArignoteError {
  try {
    f()
  } catch (error) {
    if (error instanceof ArignoteError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

/** The loader and all that it needs, as one file. */
function bundle(format: 'esm' | 'cjs' = 'esm') {
  const { outputFiles, metafile } = buildSync({
    entryPoints: [join(root, 'packages/arignote/src/load.ts')],
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    format,
    target: 'es2022',
    conditions: ['source'],
    logLevel: 'silent',
  })
  return { code: outputFiles[0]!.contents, inputs: Object.keys(metafile.inputs) }
}

describe('the loader', () => {
  test('is at most 8 KB, minified and gzipped', () => {
    expect(gzipSync(bundle().code, { level: 9 }).length).toBeLessThanOrEqual(8 * 1024)
  })

  test('holds nothing but itself, the classes of errors, and ndarray', () => {
    const homes = bundle().inputs.map(path =>
      path.replace(/^.*(packages\/\w+|node_modules\/[\w-]+)\/.*$/, '$1'),
    )
    expect([...new Set(homes)].sort()).toEqual([
      'node_modules/iota-array',
      'node_modules/is-buffer',
      'node_modules/ndarray',
      'packages/arignote',
      'packages/errors',
      'packages/load',
    ])
  })
})

test('the loader needs nothing of Node', () => {
  const x = vector('x', { shape: [3] })
  const f = compile([x], x.exp().sum())
  const global = { WebAssembly, TextDecoder, bytes: exportFunction(f), exports: {}, module: { exports: {} } }
  const code = Buffer.from(bundle('cjs').code).toString()
  const sum = runInNewContext(`${code}; module.exports.loadFunction(bytes)([1, 2, 3]).data[0]`, global)
  expect(sum).toBe(f([1, 2, 3]).data[0])
})

test('a bundler takes all of arignote along: methods that are installed by a module for its effect are there', () => {
  const { warnings } = buildSync({
    entryPoints: [join(root, 'packages/arignote/src/index.ts'), join(root, 'packages/arignote/src/save.ts')],
    bundle: true,
    write: false,
    outdir: folder,
    format: 'esm',
    conditions: ['source'],
    logLevel: 'silent',
    platform: 'browser',
  })
  expect(warnings.map(warning => warning.text)).toEqual([])
})

/** An LSTM that tells whether a sequence of ids has a 7 in it, trained for a few steps. */
function trainedLstm() {
  const units = 12
  const ids = matrix('ids', { dtype: 'int32', shape: ['batch', 'time'] })
  const y = vector('y', { shape: ['batch'] })
  const E = shared(randn([10, 6], { seed: 1, std: 0.3 }), 'E')
  const cell = weights(6, units, 4, 2)
  const V = shared(randn([units, 1], { seed: 4, std: 0.3 }), 'V')
  const { h } = lstm(take(E, transpose(ids)), cell, units)
  const logits = dot(h.last, V).squeeze(1)
  const loss = mean(crossentropyBinary(logits, y, { fromLogits: true }))
  const parameters = [E, cell.W, cell.U, cell.b, V]
  const gradients = grad(loss, parameters)
  const train = compile([ids, y], loss, {
    updates: parameters.map((p, i) => [p, p.sub(gradients[i]!.mul(0.5))] as const),
  })
  const rows = Array.from({ length: 16 }, (_, i) => Array.from({ length: 5 }, (_, t) => (7 * i + 3 * t) % 10))
  const labels = rows.map(row => (row.includes(7) ? 1 : 0))
  const losses = Array.from({ length: 20 }, () => train(rows, labels).data[0]!)
  expect(losses.at(-1)).toBeLessThan(losses[0]!)
  return { predict: compile([ids], sigmoid(logits), { name: 'predict' }), rows }
}

test('an LSTM that was trained predicts in a process that has only the loader, to the bit', () => {
  const { predict, rows } = trainedLstm()
  const few = rows.slice(0, 3).map(row => row.slice(0, 4))
  const expected = [predict(rows), predict(few)].map(x => Buffer.from(x.data.buffer).toString('hex'))
  const file = join(folder, 'predict.arignote')
  saveFunction(file, predict)
  writeFileSync(join(folder, 'loader.mjs'), bundle().code)
  writeFileSync(
    join(folder, 'main.mjs'),
    `import { readFileSync } from 'node:fs'
     import { loadFunction } from './loader.mjs'
     const predict = loadFunction(readFileSync(process.argv[2]))
     for (const ids of JSON.parse(process.argv[3]))
       console.log(Buffer.from(predict(ids).data.buffer).toString('hex'))`,
  )
  const args = [join(folder, 'main.mjs'), file, JSON.stringify([rows, few])]
  const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' })
  expect(stderr).toBe('')
  expect(stdout.trim().split('\n')).toEqual(expected)
})

describe('sizes', () => {
  const x = matrix('x', { shape: ['batch', 'time'] })
  const f = compile([x], x.sum(1), { name: 'f' })

  test('are those that are named, in every combination', () => {
    const g = loadFunction<NdArray>(
      exportFunction(f, {
        sizes: [
          { batch: [1, 2], time: 3 },
          { batch: 4, time: 0 },
        ],
      }),
    )
    expect(g.sizes).toEqual([[[1, 3]], [[2, 3]], [[4, 0]]])
    expect([...g([[1, 2, 3]]).data]).toEqual([6])
    expect([
      ...g([
        [1, 2, 3],
        [4, 5, 6],
      ]).data,
    ]).toEqual([6, 15])
    expect([...g([[], [], [], []]).data]).toEqual([0, 0, 0, 0])
  })

  test('are those of the calls so far, without options', () => {
    const g = compile([x], x.sum(1))
    g([[1, 2]])
    g([[1], [2]])
    g([[3, 4]])
    expect(loadFunction(exportFunction(g)).sizes).toEqual([[[2, 1]], [[1, 2]]])
  })

  test('others are refused, and the message lists those that there are', () => {
    const g = loadFunction(
      exportFunction(f, { sizes: [{ batch: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10], time: 3 }] }),
    )
    const { code, message, name } = caught(() => g([[1, 2]]))
    expect([name, code]).toEqual(['ShapeError', 'E624'])
    expect(message).toContain(
      'f: it was not exported for x: [1, 2]\n  it takes x: [1, 3]\n  it takes x: [2, 3]',
    )
    expect(message).toContain('and 2 more')
  })

  test.each<[string, Parameters<typeof exportFunction>[1], string]>([
    ['one is missing', { sizes: [{ batch: 1 }] }, 'E612'],
    ['one is not there', { sizes: [{ batch: 1, time: 1, depth: 1 }] }, 'E612'],
    ['one is negative', { sizes: [{ batch: -1, time: 1 }] }, 'E612'],
    ['one is a fraction', { sizes: [{ batch: [1, 0.5], time: 1 }] }, 'E612'],
    ['there are none', { sizes: [] }, 'E612'],
    ['an example does not fit', { examples: [[[1, 2]]] }, 'E222'],
    ['an option is not there', { size: [] } as never, 'E041'],
  ])('that make no sense are refused when exporting: %s', (_, options, code) => {
    expect(caught(() => exportFunction(f, options)).code).toBe(code)
  })

  test('without a name are told by examples', () => {
    const v = vector('v')
    const g = compile([v], v.mul(2))
    expect(caught(() => exportFunction(g, { sizes: [{}] })).code).toBe('E612')
    const bytes = exportFunction(g, { examples: [[[1, 2, 3]]] })
    expect([...loadFunction<NdArray>(bytes)([1, 2, 3]).data]).toEqual([2, 4, 6])
  })

  test('that do not go together are refused as by a call', () => {
    const [a, b] = [vector('a'), vector('b')]
    expect(caught(() => exportFunction(compile([a, b], a.add(b)), { examples: [[[1, 2], [1]]] })).code).toBe(
      'E225',
    )
  })
})

describe('arguments and results', () => {
  test('of records and defaults are as they were compiled', () => {
    const [x, k] = [vector('x', { shape: [2] }), scalar('k')]
    const f = compile({ x, scale: k }, { twice: x.mul(2), scaled: x.mul(k) }, { defaults: new Map([[k, 3]]) })
    const g = loadFunction<{ twice: NdArray; scaled: NdArray }>(exportFunction(f))
    expect([...g({ x: [1, 2] }).scaled.data]).toEqual([3, 6])
    expect([...g({ x: [1, 2], scale: 5 }).scaled.data]).toEqual([5, 10])
    expect(g.inputs).toEqual([
      { name: 'x', dtype: 'float32', shape: [2] },
      { name: 'k', dtype: 'float32', shape: [] },
    ])
    expect(caught(() => g({ y: [1, 2] } as never)).code).toBe('E229')
    expect(caught(() => g([1, 2])).code).toBe('E229')
    expect(caught(() => g({})).code).toBe('E220')
  })

  test('of every dtype go in as they do into compiled functions, or are refused with the same code', () => {
    const values = [
      1,
      true,
      [1, 2],
      [1, 0.5],
      [[1, 1], [1]],
      [1, [1]],
      [300, -1],
      [true, false],
      'x',
      null,
      {},
      [2 ** 31, 0],
      Float32Array.of(1, 2),
      Float64Array.of(0.1, 1),
      Int32Array.of(-5, 300),
      Uint8Array.of(2, 0),
      Int8Array.of(-1, 1),
      BigInt64Array.of(1n, 2n),
      array([1, 2], 'int32'),
      array(
        [
          [1, 2],
          [3, 4],
        ],
        'float64',
      ).pick(null, 1),
      array(
        [
          [1, 2],
          [3, 4],
        ],
        'uint8',
      )
        .transpose(1, 0)
        .pick(0, null),
      [Float32Array.of(1, 2)],
    ] as never[]
    for (const dtype of ['float32', 'float64', 'int32', 'uint8', 'bool'] as const) {
      const x = tensor('x', { dtype, shape: [2] })
      const f = compile([x], x)
      const g = loadFunction<NdArray>(exportFunction(f))
      const told = (call: () => { data: object }) => {
        try {
          const { data } = call()
          return [data.constructor.name, ...(data as Float32Array)]
        } catch (error) {
          // A list within which something else is wrong is described more closely by the compiler.
          return [(error as { code: string }).code.replace(/E624|E223/, 'sizes')]
        }
      }
      for (const [i, value] of values.entries())
        expect([dtype, i, ...told(() => g(value))]).toEqual([dtype, i, ...told(() => f(value))])
    }
  })

  test('the wrong number of them is refused', () => {
    const x = vector('x', { shape: [2] })
    const g = loadFunction(exportFunction(compile([x], x)))
    expect(caught(() => g()).code).toBe('E220')
    expect(caught(() => g([1, 2], 3)).code).toBe('E221')
    expect(caught(() => g([[1, 2]])).code).toBe('E222')
  })

  test('results are arrays of their own', () => {
    const x = vector('x', { shape: [2] })
    const g = loadFunction<NdArray>(exportFunction(compile([x], x.mul(2))))
    const first = g([1, 2])
    g([5, 6])
    expect([...first.data]).toEqual([2, 4])
  })
})

describe('inside a call', () => {
  test('an index out of range is found as by the compiled function, in the step of its scan, and changes nothing', () => {
    const table = shared(Int32Array.of(0, 0, 0), 'table')
    const ids = matrix('ids', { dtype: 'int32', shape: [4, 2] })
    const n = shared(0, 'n')
    const { h } = scan(({ ids, h }) => ({ h: take(table, h).add(ids) }), {
      sequences: { ids },
      state: { h: zeros([2], 'int32') },
      name: 'look',
    })
    const updates = [[n, n.add(1)]] as const
    const good = [
      [0, 1],
      [1, 2],
      [2, 0],
      [0, 0],
    ]
    const bad = [
      [0, 1],
      [1, 3],
      [2, 1],
      [0, 0],
    ]
    const { loaded } = agreeExported([ids], h.last, [[good], [bad], [good]], { updates })
    const { code, message } = caught(() => loaded(bad))
    expect(code).toBe('E240')
    expect(message).toMatch(/^take: index 3 is out of range for an axis of size 3\n/)
    expect(message).toContain('found at [1] of the indices')
    expect(message).toContain('in step 2 of look')
    expect(toNested(loaded.parameters().n!)).toBe(2)
  })

  test('so are a singular matrix of a batch, and an assertion', () => {
    const a = tensor3('a', { shape: [2, 2, 2] })
    const good = [
      [
        [1, 0],
        [0, 1],
      ],
      [
        [2, 0],
        [0, 2],
      ],
    ]
    const bad = [
      [
        [1, 0],
        [0, 1],
      ],
      [
        [1, 2],
        [2, 4],
      ],
    ]
    const { loaded } = agreeExported([a], inv(a), [[good], [bad], [good]])
    expect(caught(() => loaded(bad)).message).toMatch(
      /^inv: the matrix is singular\n {2}at \[1\] of the batch/,
    )
    const x = vector('x', { shape: [3] })
    const { h } = scan(({ x, h }) => ({ h: assert(h.add(x), x.ge(0), 'x is not negative') }), {
      sequences: { x },
      state: { h: 0 },
    })
    const asserting = agreeExported([x], h.last, [[[1, 2, 3]], [[1, -2, 3]], [[1, 2, 3]]]).loaded
    const error = caught(() => asserting([1, -2, 3]))
    expect(error).toBeInstanceOf(NumericError)
    expect(error.message).toMatch(/^assert: x is not negative\n {2}in step 1 of scan/)
  })

  test('only one branch runs', () => {
    const [deep, x] = [scalar('deep', 'bool'), vector('x', { shape: [2] })]
    const y = ifElse(deep, x.mul(2), assert(x, x.lt(1), 'x is small'))
    agreeExported([deep, x], y, [
      [true, [5, 6]],
      [false, [0, 0]],
      [false, [5, 6]],
    ])
  })
})

describe('state', () => {
  test('is kept by the loaded function, apart from the compiled one and from other copies', () => {
    const [count, x] = [shared(10, 'count'), scalar('x')]
    const f = compile([x], count, { updates: [[count, count.add(x)]] })
    f(1)
    const bytes = exportFunction(f)
    const [g, h] = [loadFunction<NdArray>(bytes), loadFunction<NdArray>(bytes)]
    g(5)
    expect([
      toNested(g.parameters().count!),
      toNested(h.parameters().count!),
      count.getValue().data[0],
    ]).toEqual([16, 11, 11])
  })

  test('has names, also where shared variables have none or the same', () => {
    const variables = [shared(1, 'w'), shared(2, 'w'), shared(3), shared(4)]
    const f = compile([], variables[0]!.add(variables[1]!).add(variables[2]!).add(variables[3]!))
    const { parameters } = loadFunction(exportFunction(f))
    expect(Object.fromEntries(Object.entries(parameters()).map(([name, x]) => [name, x.data[0]]))).toEqual({
      w: 1,
      'w 2': 2,
      shared: 3,
      'shared 2': 4,
    })
  })
})

describe('what cannot be exported is refused', () => {
  test('functions of other back ends, unless code is asked for', () => {
    const x = vector('x', { shape: [2] })
    for (const backend of ['js', 'reference'] as const) {
      const f = compile([x], x.mul(2), { backend })
      expect(caught(() => exportFunction(f)).code).toBe('E611')
      expect([...loadFunction<NdArray>(exportFunction(f, { backend: 'wasm' }))([1, 2]).data]).toEqual([2, 4])
    }
  })

  test('updates that change a size', () => {
    const rows = shared([[1, 2]], 'rows', { shape: [null, 2] })
    const f = compile([], rows.sum(), { updates: [[rows, rows.repeat(2, 0)]] })
    expect(caught(() => exportFunction(f)).message).toMatch(/an update changes the size of "rows"/)
  })

  test('what is no compiled function', () => {
    for (const given of [undefined, null, 5, () => 1, {}])
      expect(caught(() => exportFunction(given as never)).code).toBe('E610')
  })
})

describe('a damaged file', () => {
  const x = vector('x', { shape: [3] })
  const w = shared([1, 2, 3], 'w')
  const bytes = exportFunction(compile([x], x.mul(w).sum()))

  test('is refused where it was cut off, wherever that was', () => {
    for (let length = 0; length < bytes.length; length++) {
      const { code } = caught(() => loadFunction(bytes.subarray(0, length)))
      expect([length, code]).toEqual([length, length === 0 ? 'E620' : 'E622'])
    }
    expect(caught(() => loadFunction(new Uint8Array([...bytes, 0]))).code).toBe('E622')
  })

  test('is refused where a byte was changed, whichever that was', () => {
    for (let at = 0; at < bytes.length; at++) {
      for (const flip of [1, 0x80, 0xff]) {
        const changed = bytes.slice()
        changed[at]! ^= flip
        const wanted = at < 8 ? 'E620' : at < 12 ? 'E621' : 'E622'
        expect([at, caught(() => loadFunction(changed)).code]).toEqual([at, wanted])
      }
    }
  })

  test('a foreign file is called one', () => {
    for (const given of [readFileSync(__filename), 'text', undefined, null, 5, {}])
      expect(caught(() => loadFunction(given as never)).code).toBe('E620')
  })

  test('buffers of any kind and place are taken', () => {
    const wide = new Uint8Array(bytes.length + 3)
    wide.set(bytes, 3)
    for (const given of [bytes, bytes.buffer, Buffer.from(bytes), wide.subarray(3)])
      expect(loadFunction<NdArray>(given)([1, 1, 1]).data[0]).toBe(6)
  })
})
