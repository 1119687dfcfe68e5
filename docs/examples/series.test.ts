import { describe, expect, test } from '@jest/globals'
import { madeUp, series } from './series.js'

describe('series', () => {
  const short = (seed: number) => series(madeUp(1000, 1), { window: 12, epochs: 30, seed })

  test('it predicts a wave better than "as it was last time"', async () => {
    const { error, rival, truth, predicted } = await short(1)
    expect(truth).toHaveLength(200)
    expect(predicted).toHaveLength(200)
    expect(error).toBeLessThan(0.9 * rival)
  }, 60_000)

  test('the same seed gives the same numbers, another seed others', async () => {
    const first = await short(2)
    expect(await short(2)).toEqual(first)
    expect((await short(3)).error).not.toBe(first.error)
  }, 60_000)

  test('a series that never changes is predicted as it is', async () => {
    const { error, rival } = await series(Array(200).fill(5), { window: 4, epochs: 20 })
    expect(rival).toBe(0)
    expect(error).toBeLessThan(0.1)
  }, 60_000)

  test('a run that is stopped at once still predicts', async () => {
    const { predicted } = await series(madeUp(200, 1), { window: 4, signal: AbortSignal.abort() })
    expect(predicted.every(Number.isFinite)).toBe(true)
  })
})
