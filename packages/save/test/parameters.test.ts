/** Parameters: round trips of every dtype and shape, all or nothing, files that are replaced as a whole, damage. */
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ArignoteError, array, ndarrayOf, shared, toNested, type Value, zerosArray } from '@arignote/graph'
import { allocate, dtypes } from '@arignote/loops'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import {
  assignParameters,
  decodeParameters,
  encodeParameters,
  type Format,
  loadParameters,
  saveParameters,
} from '../src/index.js'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'arignote-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

const formats: readonly Format[] = ['safetensors', 'npz']
const shapes = [[], [1], [5], [0], [2, 3], [3, 0, 2], [1, 2, 3, 4]]

describe.each(formats)('%s', format => {
  test.each(dtypes)('%s comes back bit by bit, in every shape', dtype => {
    const special = [Number.NaN, -0, Number.POSITIVE_INFINITY, 0.1, 1e-45]
    const variables = Object.fromEntries(
      shapes.map(shape => {
        const data = allocate(
          dtype,
          shape.reduce((n, size) => n * size, 1),
        )
        for (let i = 0; i < data.length; i++)
          data[i] = dtype === 'bool' ? i % 2 : dtype.startsWith('float') ? special[i % 5]! : 37 * i
        return [`w${shape.join('x')}`, shared(ndarrayOf(data, shape) as Value, null, { dtype })]
      }),
    )
    const bytes = encodeParameters(variables, { format })
    const values = decodeParameters(bytes)
    for (const [name, v] of Object.entries(variables)) {
      const { data, shape } = v.getValue()
      expect(values[name]!.shape).toEqual(shape)
      expect(values[name]!.data.constructor).toBe(data.constructor)
      expect(Buffer.from(values[name]!.data.buffer)).toEqual(Buffer.from(data.buffer))
      v.setValue(zerosArray(shape, dtype))
    }
    expect(encodeParameters(values, { format })).toEqual(bytes)
    assignParameters(variables, values)
    expect(encodeParameters(variables, { format })).toEqual(bytes)
  })

  test('no parameters are a file as well', () => {
    expect(decodeParameters(encodeParameters({}, { format }))).toEqual({})
  })

  test('a file that was cut off anywhere is refused', () => {
    const bytes = encodeParameters(
      {
        W: [
          [1, 2],
          [3, 4],
        ],
        n: Int32Array.of(5),
      },
      { format },
    )
    for (let length = 0; length < bytes.length; length++) {
      for (const options of [{ format }, {}]) {
        const error = caught(() => decodeParameters(bytes.subarray(0, length), options))
        expect([length, error.code]).toEqual([length, 'E602'])
      }
    }
  })

  test('a file of which a byte was changed is refused, or says what is now in it: never anything that crashes', () => {
    const bytes = encodeParameters(
      {
        W: [
          [1, 2],
          [3, 4],
        ],
        n: Int32Array.of(5),
      },
      { format },
    )
    let refused = 0
    for (let at = 0; at < bytes.length; at++) {
      for (const flip of [1, 0x80, 0xff]) {
        const changed = bytes.slice()
        changed[at]! ^= flip
        try {
          decodeParameters(changed, { format })
        } catch (error) {
          expect(error).toBeInstanceOf(ArignoteError)
          refused++
        }
      }
    }
    // Elements of safetensors have no checksum, nor have names; the entries of zip files have.
    expect(refused / bytes.length).toBeGreaterThan(1)
  })
})

test('elements that were changed in an npz are refused', () => {
  const bytes = encodeParameters({ W: Float32Array.from({ length: 100 }, (_, i) => i) }, { format: 'npz' })
  const at = Buffer.from(bytes).indexOf(Buffer.from(Float32Array.of(50, 51).buffer))
  bytes[at]! ^= 1
  expect(caught(() => decodeParameters(bytes)).message).toMatch(/the checksum of "W\.npy" differs/)
})

function caught(f: () => unknown): ArignoteError {
  try {
    f()
  } catch (error) {
    if (error instanceof ArignoteError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

describe('into shared variables', () => {
  const network = () => ({
    W: shared(
      [
        [1, 2],
        [3, 4],
      ],
      'W',
    ),
    b: shared([5, 6], 'b'),
  })
  const values = (net: ReturnType<typeof network>) => [toNested(net.W.getValue()), toNested(net.b.getValue())]
  const before = [
    [
      [1, 2],
      [3, 4],
    ],
    [5, 6],
  ]

  test('all of them', () => {
    const [from, to] = [network(), network()]
    from.W.setValue([
      [7, 7],
      [7, 7],
    ])
    assignParameters(to, decodeParameters(encodeParameters(from)))
    expect(values(to)).toEqual([
      [
        [7, 7],
        [7, 7],
      ],
      [5, 6],
    ])
  })

  test.each<[string, Record<string, Value>, string]>([
    [
      'a name is missing',
      {
        W: [
          [0, 0],
          [0, 0],
        ],
      },
      'E606',
    ],
    [
      'a name is too many',
      {
        W: [
          [0, 0],
          [0, 0],
        ],
        b: [0, 0],
        c: 1,
      },
      'E606',
    ],
    [
      'the last shape differs',
      {
        W: [
          [0, 0],
          [0, 0],
        ],
        b: [0, 0, 0],
      },
      'E607',
    ],
    [
      'a rank differs',
      {
        W: [
          [0, 0],
          [0, 0],
        ],
        b: [[0, 0]],
      },
      'E607',
    ],
    [
      'the last dtype differs',
      {
        W: [
          [0, 0],
          [0, 0],
        ],
        b: Float64Array.of(0, 0),
      },
      'E608',
    ],
    [
      'the last is no value',
      {
        W: [
          [0, 0],
          [0, 0],
        ],
        b: 'x' as never,
      },
      'E030',
    ],
    [
      'a float would become an integer',
      {
        W: [
          [0, 0],
          [0, 0],
        ],
        b: Int32Array.of(0, 0),
      },
      'E608',
    ],
  ])('none of them where %s', (_, given, code) => {
    const net = network()
    expect(caught(() => assignParameters(net, given)).code).toBe(code)
    expect(values(net)).toEqual(before)
  })

  test('those that there are, if asked to', () => {
    const net = network()
    assignParameters(net, { b: [0, 0], c: 1 }, { missing: 'ignore', surplus: 'ignore' })
    expect(values(net)).toEqual([before[0], [0, 0]])
  })

  test('converted as setValue does, if asked to', () => {
    const net = network()
    assignParameters(
      net,
      {
        W: [
          [0, 0],
          [0, 0],
        ],
        b: Float64Array.of(0.1, 1),
      },
      { convert: true },
    )
    expect(values(net)).toEqual([
      [
        [0, 0],
        [0, 0],
      ],
      [Math.fround(0.1), 1],
    ])
    const ids = { ids: shared(array([1, 2], 'int32'), 'ids') }
    expect(caught(() => assignParameters(ids, { ids: Float32Array.of(1, 2) }, { convert: true })).code).toBe(
      'E033',
    )
  })

  test('options and what is assigned to are checked', () => {
    expect(caught(() => assignParameters({ W: [1] as never }, { W: [1] })).code).toBe('E604')
    expect(caught(() => assignParameters({}, {}, { strict: true } as never)).code).toBe('E041')
    expect(caught(() => encodeParameters({}, { format: 'h5' as never })).code).toBe('E041')
  })

  test('what is no record of parameters is refused, rather than saved as nothing', () => {
    const w = shared([1, 2], 'w')
    for (const given of [undefined, null, 5, 'w', w, new Map([['w', w]]), new Set([w]), array([1])])
      expect(caught(() => encodeParameters(given as never)).code).toBe('E040')
    for (const given of [null, w, new Map([['w', w]])])
      expect(caught(() => assignParameters(given as never, { w: 1 })).code).toBe('E040')
    expect(Object.keys(decodeParameters(encodeParameters([w, w] as never)))).toEqual(['0', '1'])
  })

  test('remarks are texts by name, in a format that has room for them', () => {
    const refused = (metadata: unknown, format: Format = 'safetensors') =>
      caught(() => encodeParameters({ w: 1 }, { format, metadata: metadata as never })).code
    for (const metadata of [null, 'epoch 3', ['epoch 3'], { epoch: 3 }, { epoch: null }])
      expect(refused(metadata)).toBe('E040')
    expect(refused({ epoch: '3' }, 'npz')).toBe('E040')
  })

  test('bytes are bytes: a number is not so many zeros', () => {
    const bytes = encodeParameters({ w: [1, 2] })
    for (const given of [undefined, null, 5, 'abc', [1, 2, 3], {}])
      expect(caught(() => decodeParameters(given as never)).code).toBe('E040')
    const views = [bytes.buffer, Buffer.from(bytes), new DataView(bytes.buffer), new Int8Array(bytes.buffer)]
    for (const given of views) expect(toNested(decodeParameters(given as never).w!)).toEqual([1, 2])
  })

  test.each(formats)(
    'a name that is no Unicode text is refused; one that is too long is not repeated, %s',
    format => {
      expect(caught(() => encodeParameters({ 'a\ud800': 1 }, { format })).code).toBe('E605')
      const long = 'x'.repeat(70_000)
      const message = () => caught(() => encodeParameters({ [long]: 1 }, { format })).message
      if (format === 'npz') expect(message().length).toBeLessThan(500)
      else expect(Object.keys(decodeParameters(encodeParameters({ [long]: 1 }, { format })))).toEqual([long])
    },
  )
})

describe('files', () => {
  const path = (name: string) => join(folder, name)

  test('the ending tells the format, and safetensors is the default', () => {
    for (const name of ['a.npz', 'a.safetensors', 'a.bin']) {
      saveParameters(path(name), { w: shared([1, 2], 'w') })
      const isZip = readFileSync(path(name)).subarray(0, 2).toString() === 'PK'
      expect([name, isZip]).toEqual([name, name === 'a.npz'])
      expect(toNested(loadParameters(path(name)).w!)).toEqual([1, 2])
    }
    saveParameters(path('b.bin'), { w: 1 }, { format: 'npz' })
    expect(toNested(loadParameters(path('b.bin')).w!)).toBe(1)
  })

  test('a URL is a path', () => {
    const url = pathToFileURL(path('url.safetensors'))
    const w = shared([0, 0], 'w')
    saveParameters(url, { w: [1, 2] })
    loadParameters(url, { w })
    expect(toNested(w.getValue())).toEqual([1, 2])
  })

  test('nothing is left beside', () => {
    expect(readdirSync(folder).filter(name => name.endsWith('.tmp'))).toEqual([])
  })

  test('a save that fails leaves the old file, and nothing else', () => {
    const home = mkdtempSync(join(folder, 'full-'))
    const file = join(home, 'w.safetensors')
    saveParameters(file, { w: 1 })
    const fs = process.getBuiltinModule('node:fs')
    const { writeSync, renameSync } = fs
    for (const broken of ['writeSync', 'renameSync'] as const) {
      try {
        fs[broken] = () => {
          throw new Error('ENOSPC: no space left on device')
        }
        const error = caught(() => saveParameters(file, { w: 2 }))
        expect([error.code, error.message]).toEqual(['E600', expect.stringContaining('no space left')])
      } finally {
        Object.assign(fs, { writeSync, renameSync })
      }
      expect(readdirSync(home)).toEqual(['w.safetensors'])
      expect(toNested(loadParameters(file).w!)).toBe(1)
    }
  })

  test('a value that cannot be saved leaves the old file', () => {
    const file = path('old.safetensors')
    saveParameters(file, { w: 1 })
    expect(caught(() => saveParameters(file, { w: 2, v: undefined as never })).code).toBe('E604')
    expect(toNested(loadParameters(file).w!)).toBe(1)
  })

  test('what is no path is refused', () => {
    for (const given of [undefined, null, 3, '', new URL('https://example.org/w')]) {
      expect(caught(() => saveParameters(given as never, { w: 1 })).code).toBe('E040')
      expect(caught(() => loadParameters(given as never)).code).toBe('E040')
    }
  })

  test('a file that is replaced can be read by those who could read it before, and by nobody else', () => {
    const file = path('private.safetensors')
    saveParameters(file, { w: 1 })
    chmodSync(file, 0o640)
    saveParameters(file, { w: 2 })
    expect(statSync(file).mode & 0o777).toBe(0o640)
  })

  test('a link stays one', () => {
    saveParameters(path('real.safetensors'), { w: 1 })
    symlinkSync(path('real.safetensors'), path('link.safetensors'))
    saveParameters(path('link.safetensors'), { w: 2 })
    expect(toNested(loadParameters(path('real.safetensors')).w!)).toBe(2)
    symlinkSync(path('not-yet.safetensors'), path('early.safetensors'))
    saveParameters(path('early.safetensors'), { w: 3 })
    expect(toNested(loadParameters(path('not-yet.safetensors')).w!)).toBe(3)
  })

  test('a file of the wrong kind is refused by name', () => {
    writeFileSync(path('text.safetensors'), 'some text that is long enough')
    expect(caught(() => loadParameters(path('text.safetensors'))).message).toContain(path('text.safetensors'))
    writeFileSync(path('text.npz'), 'some text that is long enough')
    expect(caught(() => loadParameters(path('text.npz'))).message).toContain('not a npz file')
    chmodSync(path('text.npz'), 0o600)
    expect(caught(() => loadParameters(folder)).code).toBe('E600')
  })

  test('a load that fails sets nothing', () => {
    const w = shared([0, 0], 'w')
    saveParameters(path('other.safetensors'), { w: [1, 2, 3] })
    const error = caught(() => loadParameters(path('other.safetensors'), { w }))
    expect(error.code).toBe('E607')
    expect(toNested(w.getValue())).toEqual([0, 0])
  })
})
