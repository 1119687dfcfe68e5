import { dot, matrix, shared, zerosArray } from '@arignote/graph'
import { describe, expect, test } from '@jest/globals'
import { formsOf } from '../src/forms.js'

describe('the order of kernels', () => {
  test('who gives memory back goes before who takes much', () => {
    const x = matrix('x', { shape: [256, 8] })
    const wide = shared(zerosArray([8, 1024]))
    const narrow = shared(zerosArray([1024, 8]))
    const wider = shared(zerosArray([8, 2048]))
    const h = dot(x, wide)
    const first = dot(dot(h, narrow), wider).max()
    const last = dot(h, narrow).sum().add(h.max())
    const { bytes } = formsOf([x], [first, last], [zerosArray([256, 8])])
    const [megabyte, h4, first4] = [2 ** 20, 256 * 1024 * 4, 256 * 2048 * 4]
    expect(h4 + first4).toBe(3 * megabyte)
    expect(bytes).toBeLessThan(2.2 * megabyte)
  })
})
