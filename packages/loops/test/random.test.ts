import { evaluateBody, normalOf, type Scalar, threefry2x32, wordsOf } from '@arignote/loops'
import { describe, expect, test } from '@jest/globals'

/** counter, key, result; from `kat_vectors` of the paper's distribution, Random123. */
const knownAnswers = [
  [13, '00000000 00000000 00000000 00000000 9d1c5ec6 8bd50731'],
  [13, 'ffffffff ffffffff ffffffff ffffffff fd36d048 2d17272c'],
  [13, '243f6a88 85a308d3 13198a2e 03707344 ba3e4725 f27d669e'],
  [20, '00000000 00000000 00000000 00000000 6b200159 99ba4efe'],
  [20, 'ffffffff ffffffff ffffffff ffffffff 1cb996fc bb002be7'],
  [20, '243f6a88 85a308d3 13198a2e 03707344 c4923a9c 483df7a0'],
  [32, '00000000 00000000 00000000 00000000 cee3d47e a23dfd5c'],
  [32, 'ffffffff ffffffff ffffffff ffffffff 6e2fe0d0 b1b76f82'],
  [32, '243f6a88 85a308d3 13198a2e 03707344 e2827716 c3c05cdf'],
] as const

const ints = (count: number) => Array.from({ length: count }, () => 'int32' as const)

test.each(knownAnswers)('Threefry2x32 with %i rounds gives the known answer to %s', (rounds, line) => {
  const words = line.split(' ').map(word => Number.parseInt(word, 16) | 0)
  const block = (word: 0 | 1) =>
    evaluateBody(
      (...x: Scalar[]) => threefry2x32([x[2]!, x[3]!], [x[0]!, x[1]!], rounds)[word],
      ints(4),
    )(...words.slice(0, 4))
  expect([block(0), block(1)]).toEqual(words.slice(4))
})

describe.each(['float32', 'float64'] as const)('a normal number in %s', type => {
  const count = wordsOf.normal[type]
  const normal = evaluateBody((...words: Scalar[]) => normalOf(words, type), ints(count))
  const words = (a: number, b: number, low = 0) => (count === 2 ? [a, b] : [a, low, b, 0])

  test('is what Box and Muller say', () => {
    for (const a of [12345, -98765432, 2 ** 31 - 1, 2 ** 20 + 77, 40])
      for (const b of [0, 1 << 30, -(1 << 29), 987654321, -7]) {
        const u = (Math.floor((a >>> 0) / 2) + 0.5) / 2 ** 31
        const expected = Math.sqrt(-2 * Math.log(u)) * Math.cos((Math.PI * b) / 2 ** 31)
        const error = Math.abs((normal(...words(a, b, 1 << 31)) as number) - expected)
        expect(error).toBeLessThan((type === 'float32' ? 3e-7 : 1e-8) * (1 + Math.abs(expected)))
      }
  })

  test('is finite in the farthest tail', () => {
    const farthest = normal(...words(0, 0)) as number
    expect(farthest).toBeCloseTo(type === 'float32' ? 6.66 : 9.345, 2)
    expect(normal(...words(-1, 0)) as number).toBeCloseTo(0, 4)
  })
})
