/** A data set that is made rather than loaded: sine waves. */
import { checkOptions, type NdArray, ndarrayOf, rand } from '@arignote/graph'
import { wholeFrom } from '../preprocessing/whole.js'

export interface SineWaveOptions {
  /** Steps of one radian in each sample. */
  readonly length: number
  readonly samples: number
  /** The same seed gives the same samples. */
  readonly seed?: number
}

/**
 * Pieces of sine waves, and the value that comes next: x is (samples, length, 1), y is (samples). Each starts at a random
 * place in [0, 4π) and goes on in steps of one radian.
 */
export function sineWave(options: SineWaveOptions): {
  readonly x: NdArray<'float32', 3>
  readonly y: NdArray<'float32', 1>
} {
  const { length, samples, seed } = checkOptions('sineWave', options ?? {}, ['length', 'samples', 'seed'])
  wholeFrom(1, 'sineWave', 'length', length)
  wholeFrom(0, 'sineWave', 'samples', samples)
  const starts = rand([samples], {
    low: 0,
    high: 4 * Math.PI,
    dtype: 'float64',
    ...(seed === undefined ? {} : { seed }),
  })
  const x = new Float32Array(samples * length)
  const y = new Float32Array(samples)
  for (let i = 0; i < samples; i++) {
    const start = starts.data[i]!
    for (let t = 0; t < length; t++) x[i * length + t] = Math.sin(start + t)
    y[i] = Math.sin(start + length)
  }
  return { x: ndarrayOf(x, [samples, length, 1]), y: ndarrayOf(y, [samples]) }
}
