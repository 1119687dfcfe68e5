import { expect, test } from '@jest/globals'
import { ByteWriter } from '../src/index.js'

function bytes(write: (writer: ByteWriter) => void): number[] {
  const writer = new ByteWriter()
  write(writer)
  return [...writer.toBytes()]
}

test.each([
  [0, [0x00]],
  [127, [0x7f]],
  [128, [0x80, 0x01]],
  [624485, [0xe5, 0x8e, 0x26]],
  [2 ** 31, [0x80, 0x80, 0x80, 0x80, 0x08]],
  [2 ** 32 - 1, [0xff, 0xff, 0xff, 0xff, 0x0f]],
])('u32 %d', (value, expected) => {
  expect(bytes(writer => writer.u32(value))).toEqual(expected)
  expect(bytes(writer => writer.u64(BigInt(value)))).toEqual(expected)
})

test.each([
  [0, [0x00]],
  [63, [0x3f]],
  [64, [0xc0, 0x00]],
  [-1, [0x7f]],
  [-64, [0x40]],
  [-65, [0xbf, 0x7f]],
  [127, [0xff, 0x00]],
  [-128, [0x80, 0x7f]],
  [-123456, [0xc0, 0xbb, 0x78]],
  [2 ** 31 - 1, [0xff, 0xff, 0xff, 0xff, 0x07]],
  [-(2 ** 31), [0x80, 0x80, 0x80, 0x80, 0x78]],
])('s32 %d, and the same as s64', (value, expected) => {
  expect(bytes(writer => writer.s32(value))).toEqual(expected)
  expect(bytes(writer => writer.s64(BigInt(value)))).toEqual(expected)
})

test('64-bit edges take ten bytes', () => {
  const most = Array(9).fill(0xff)
  const none = Array(9).fill(0x80)
  expect(bytes(writer => writer.u64(2n ** 64n - 1n))).toEqual([...most, 0x01])
  expect(bytes(writer => writer.s64(2n ** 63n - 1n))).toEqual([...most, 0x00])
  expect(bytes(writer => writer.s64(-(2n ** 63n)))).toEqual([...none, 0x7f])
})

test('floats are little-endian', () => {
  expect(bytes(writer => writer.f32(1))).toEqual([0, 0, 0x80, 0x3f])
  expect(bytes(writer => writer.f64(-2))).toEqual([0, 0, 0, 0, 0, 0, 0, 0xc0])
})

test('a string is its length in UTF-8 bytes, then the bytes', () => {
  expect(bytes(writer => writer.string('aé'))).toEqual([3, 0x61, 0xc3, 0xa9])
})

test.each([0, 1, 127, 128, 16383, 16384, 100000])('content of %d bytes is preceded by its size', size => {
  const content = Uint8Array.from({ length: size }, (_, i) => i)
  const found = bytes(writer => writer.sized(() => writer.bytes(content)))
  expect(found).toEqual([...bytes(writer => writer.u32(size)), ...content])
})

test('sizes nest', () => {
  const found = bytes(writer =>
    writer.sized(() => writer.vector([7, 8], item => writer.sized(() => writer.byte(item)))),
  )
  expect(found).toEqual([5, 2, 1, 7, 1, 8])
})
