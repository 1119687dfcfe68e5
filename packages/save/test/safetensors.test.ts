/** safetensors: the bytes that its description prescribes, and nothing else is taken for such a file. */
import { toNested } from '@arignote/graph'
import { describe, expect, test } from '@jest/globals'
import { decodeParameters, encodeParameters } from '../src/index.js'

/** A file with this header and these data, put together by hand. */
function file(header: unknown, data: readonly number[] = [], pad = ''): Uint8Array {
  const text = Buffer.from((typeof header === 'string' ? header : JSON.stringify(header)) + pad)
  const bytes = new Uint8Array(8 + text.length + data.length)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true)
  bytes.set(text, 8)
  bytes.set(data, 8 + text.length)
  return bytes
}

const entry = (dtype: string, shape: readonly number[], begin: number, end: number) => ({
  dtype,
  shape,
  data_offsets: [begin, end],
})

test('a file is written as the description says: length, header, data without holes', () => {
  const bytes = encodeParameters(
    { b: Uint8Array.of(7), a: Float32Array.of(1, 2), c: Float64Array.of(3) },
    { metadata: { made: 'here' } },
  )
  const length = Number(new DataView(bytes.buffer).getBigUint64(0, true))
  expect(length % 8).toBe(0)
  const header = JSON.parse(Buffer.from(bytes.subarray(8, 8 + length)).toString())
  expect(header).toEqual({
    __metadata__: { made: 'here' },
    c: entry('F64', [1], 0, 8),
    a: entry('F32', [2], 8, 16),
    b: entry('U8', [1], 16, 17),
  })
  expect(new Float64Array(bytes.slice(8 + length, 16 + length).buffer)).toEqual(Float64Array.of(3))
  expect(bytes.length).toBe(8 + length + 17)
})

test('files of other tools: any order, spaces behind the header, half precision, small and large integers', () => {
  const bytes = file(
    {
      __metadata__: { format: 'pt' },
      half: entry('F16', [2], 0, 4),
      brain: entry('BF16', [1, 1], 4, 6),
      flag: entry('BOOL', [2], 6, 8),
      long: entry('I64', [], 8, 16),
      none: entry('F32', [0, 5], 16, 16),
      tiny: entry('I8', [1], 16, 17),
    },
    [0x00, 0x3c, 0x00, 0xc0, 0xc0, 0x3f, 1, 0, ...[255, 255, 255, 255, 255, 255, 255, 255], 0x80],
    '   ',
  )
  const values = decodeParameters(bytes)
  expect(
    Object.fromEntries(Object.entries(values).map(([name, x]) => [name, [x.shape, toNested(x)]])),
  ).toEqual({
    half: [[2], [1, -2]],
    brain: [[1, 1], [[1.5]]],
    flag: [[2], [1, 0]],
    long: [[], -1],
    none: [[0, 5], []],
    tiny: [[1], [-128]],
  })
})

test('a name may be anything but empty', () => {
  const names = ['__proto__', 'constructor', 'a/b.c', 'é 🙂', 'toString']
  const values = decodeParameters(encodeParameters(Object.fromEntries(names.map((name, i) => [name, i]))))
  expect(Object.keys(values).sort()).toEqual([...names].sort())
  expect(names.map(name => values[name]!.data[0])).toEqual([0, 1, 2, 3, 4])
})

describe('what is refused', () => {
  const f32 = entry('F32', [1], 0, 4)
  const four = [0, 0, 0, 0]
  test.each<[string, Uint8Array, RegExp]>([
    ['nothing', new Uint8Array(0), /it has 0 bytes/],
    ['a length beyond the end', file({ a: f32 }, four).subarray(0, 20), /a header of \d+ bytes/],
    ['a header that is no JSON', file('{"a":'), /its header is no JSON/],
    ['a header that is no UTF-8', file('').fill(0xff, 8), /ends|header is no JSON/],
    ['a header that is a list', file([]), /its header is no object/],
    [
      'an entry without a shape',
      file({ a: { dtype: 'F32', data_offsets: [0, 4] } }, four),
      /the header says of "a"/,
    ],
    ['a negative size', file({ a: entry('F32', [-1], 0, 4) }, four), /the header says of "a"/],
    ['an end before the begin', file({ a: entry('F32', [0], 4, 0) }, four), /the header says of "a"/],
    [
      'too few bytes for the shape',
      file({ a: entry('F32', [2], 0, 4) }, four),
      /"a" has 4 bytes\n.*8, for F32/,
    ],
    ['sizes beyond all bounds', file({ a: entry('F32', [2 ** 40, 2 ** 40], 0, 4) }, four), /"a" has 4 bytes/],
    [
      'a hole',
      file({ a: entry('F32', [1], 4, 8) }, [...four, ...four]),
      /"a" of shape \[1\] begins at byte 4/,
    ],
    ['an overlap', file({ a: f32, b: f32 }, four), /"b" of shape \[1\] begins at byte 0/],
    ['bytes that belong to nobody', file({ a: f32 }, [...four, 0]), /it has 5 bytes of data/],
    [
      'a name twice',
      file(`{"a":${JSON.stringify(f32)},"a":${JSON.stringify(f32)}}`, [...four, ...four]),
      /it has 8 bytes/,
    ],
    ['a bool that is 2', file({ a: entry('BOOL', [1], 0, 1) }, [2]), /"a" of dtype bool cannot be read/],
    [
      'an integer beyond int32',
      file({ a: entry('U32', [1], 0, 4) }, [0, 0, 0, 128]),
      /element 0 is 2147483648/,
    ],
    ['8-bit floats', file({ a: entry('F8_E5M2', [1], 0, 1) }, [0]), /"a" of dtype F8_E5M2 cannot be read/],
    ['a dtype by the name of a method', file({ a: entry('constructor', [], 0, 0) }), /of dtype constructor/],
  ])('%s', (_, bytes, message) => {
    expect(() => decodeParameters(bytes)).toThrow(message)
  })

  test('the name that the format keeps for itself', () => {
    expect(() => encodeParameters({ __metadata__: 1 })).toThrow(/cannot be the name of a parameter/)
  })
})
