/** npz: files that NumPy made are read, and ours are made alike. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { toNested } from '@arignote/graph'
import { describe, expect, test } from '@jest/globals'
import { unzipSync } from 'fflate'
import { decodeParameters, encodeParameters, loadParameters, type ParameterValues } from '../src/index.js'

const folder = join(__dirname, 'numpy')
const read = (name: string) => loadParameters(join(folder, name))
const nested = (values: ParameterValues) =>
  Object.fromEntries(
    Object.entries(values).map(([name, x]) => [name, [x.data.constructor.name, x.shape, toNested(x)]]),
  )

const plain = {
  float32: [
    'Float32Array',
    [2, 3],
    [
      [1.5, -0, Infinity],
      [NaN, 2 ** -149, Math.fround(3e38)],
    ],
  ],
  float64: ['Float64Array', [2], [Math.PI, -Infinity]],
  int32: ['Int32Array', [1, 2, 1], [[[-(2 ** 31)], [2 ** 31 - 1]]]],
  uint8: ['Uint8Array', [2], [0, 255]],
  bool: ['Uint8Array', [3], [1, 0, 1]],
  scalar: ['Float32Array', [], 2.5],
  empty: ['Float32Array', [0, 3], []],
  'layer/kernel': [
    'Float32Array',
    [2, 3],
    [
      [0, 1, 2],
      [3, 4, 5],
    ],
  ],
}

describe('what NumPy wrote', () => {
  test.each(['plain.npz', 'compressed.npz'])('%s is read', name => {
    expect(nested(read(name))).toEqual(plain)
  })

  test('other dtypes, orders of bytes and of axes are read where nothing is lost', () => {
    expect(nested(read('others.npz'))).toEqual({
      float16: ['Float32Array', [6], [1.5, -2, 65504, 2 ** -24, Infinity, -0]],
      int8: ['Int32Array', [2], [-128, 127]],
      int16: ['Int32Array', [2], [-32768, 32767]],
      uint16: ['Int32Array', [1], [65535]],
      uint32: ['Int32Array', [1], [7]],
      int64: ['Int32Array', [2], [-(2 ** 31), 2 ** 31 - 1]],
      uint64: ['Int32Array', [1], [5]],
      big_float32: ['Float32Array', [2], [1.5, -2]],
      big_int64: ['Int32Array', [1], [-7]],
      columns: [
        'Float32Array',
        [2, 3],
        [
          [0, 1, 2],
          [3, 4, 5],
        ],
      ],
    })
  })

  test.each([
    ['int64.npz', /int64\.npz: "large" of dtype int64 cannot be read\n {2}element 0 is 2147483648/],
    ['complex.npz', /"z" of dtype '<c16' cannot be read/],
    ['record.npz', /"r" of dtype \[\('a', '<f4'\), \('b', '<i4'\)\] cannot be read/],
    ['text.npz', /"t" of dtype '<U3' cannot be read/],
  ])('%s is refused, by name and dtype', (name, message) => {
    expect(() => read(name)).toThrow(message)
  })
})

test('our arrays are byte for byte those of NumPy', () => {
  const theirs = unzipSync(readFileSync(join(folder, 'plain.npz')))
  const values = { ...read('plain.npz') }
  // Bytes and bools are kept alike; what was read as bool is written as bool.
  const ours = unzipSync(encodeParameters(values, { format: 'npz' }))
  expect(Object.keys(ours)).toEqual(Object.keys(theirs))
  for (const [name, bytes] of Object.entries(ours))
    expect([name, [...bytes]]).toEqual([name, [...theirs[name]!]])
})

test('files do not depend on when they are made', () => {
  expect(encodeParameters({ a: [1, 2] }, { format: 'npz' })).toEqual(
    encodeParameters({ a: [1, 2] }, { format: 'npz' }),
  )
})

test('what is not an array is named', () => {
  const zip = readFileSync(join(folder, 'plain.npz'))
  const at = zip.indexOf('NUMPY')
  zip[at] = 0
  expect(() => decodeParameters(zip)).toThrow(/the checksum of "float32\.npy" differs/)
})
