/**
 * Series: a GRU reads the last months of a series and says the next one. The measure is the simplest rival there is: it will be
 * as it was last month.
 *
 *     npm start -- series --csv FILE    the last column of a file, such as monthly sunspots
 *     npm start -- series               a wave whose height comes and goes, with noise
 *
 * The last fifth of the series is never trained on. --help says what the other options are.
 */
import { type NdArray, randn } from 'arignote'
import { callbacks, datasets, layers, preprocessing, sequential } from 'arignote/nn'
import { interruption, path, reading, runIfMain, UsageError, type Values, whole } from './lib/command-line.js'
import { draw } from './lib/terminal.js'

const program = {
  name: 'series',
  says: 'A GRU reads the last values of a series and says the next one.',
  options: {
    csv: path('the series: the last column of a file with commas'),
    window: whole(24, 'how many values it sees at once', 1, 10_000),
    epochs: whole(40, 'how often it sees them all, at most'),
    seed: whole(1, 'the same seed, the same numbers', 0),
  },
}

export interface Options {
  /** How many values it sees at once. */
  readonly window?: number
  readonly epochs?: number
  readonly seed?: number
  readonly verbose?: 0 | 1 | 2
  readonly signal?: AbortSignal
}

export interface Outcome {
  /** Root mean square errors over the last fifth, in the unit of the series. */
  readonly error: number
  readonly rival: number
  readonly truth: readonly number[]
  readonly predicted: readonly number[]
}

/** Trains on the first four fifths of a series; the same seed gives the same numbers. */
export async function series(
  values: readonly number[],
  { window = 24, epochs = 40, seed = 1, verbose = 0, signal }: Options = {},
): Promise<Outcome> {
  const from = Math.floor(values.length * 0.8)
  const known = values.slice(0, from)
  const mean = known.reduce((a, b) => a + b) / known.length
  // A series that never changes has none.
  const deviation = Math.sqrt(known.reduce((sum, v) => sum + (v - mean) ** 2, 0) / known.length) || 1
  const scaled = values.map(v => [(v - mean) / deviation])
  const windows = (first: number, last: number) =>
    preprocessing.timeseriesWindows(scaled, scaled, { length: window, startIndex: first, endIndex: last })
  const train = windows(0, from - 1)
  const held = windows(from - window, values.length - 1)

  const model = sequential([layers.gru({ units: 32, inputShape: [window, 1] }), layers.dense({ units: 1 })], {
    seed,
  })
  model.compile({ loss: 'mse', optimizer: 'adam' })
  await model.fit(train.x, train.y, {
    batchSize: 32,
    epochs,
    validationSplit: 0.1,
    callbacks: [callbacks.earlyStopping({ patience: 8, restoreBestWeights: true })],
    seed,
    verbose,
    ...(signal && { signal }),
  })
  const predicted = [...model.predict(held.x).data].map(v => v * deviation + mean)
  const truth = values.slice(from)
  return {
    error: rootMeanSquare(truth.map((v, i) => v - predicted[i]!)),
    rival: rootMeanSquare(truth.map((v, i) => v - values[from + i - 1]!)),
    truth,
    predicted,
  }
}

const rootMeanSquare = (errors: readonly number[]) =>
  Math.sqrt(errors.reduce((sum, e) => sum + e * e, 0) / errors.length)

/** A wave of eleven years whose height changes from one to the next. */
export function madeUp(length: number, seed: number): number[] {
  const noise: NdArray = randn([length], { seed })
  return Array.from({ length }, (_, t) => {
    const height = 60 + 40 * Math.sin(t / 310)
    return height * (1 + Math.sin((2 * Math.PI * t) / 132)) + 8 * noise.get(t)
  })
}

async function main({ csv, ...options }: Values<typeof program.options>): Promise<void> {
  const values =
    csv === '' ? madeUp(2400, options.seed) : [...reading(() => datasets.csvSeries(csv)).values.data]
  if (values.length < 5 * options.window + 10)
    throw new UsageError(`The series has ${values.length} values: too few for windows of ${options.window}`)
  console.log(`${values.length} values; the last fifth is held out.\n`)
  const { error, rival, truth, predicted } = await series(values, {
    ...options,
    verbose: 1,
    signal: interruption(),
  })
  const last = Math.min(60, truth.length)
  const [line, dots] = [truth.slice(-last), predicted.slice(-last)]
  const all = [...line, ...dots]
  console.log('\nThe last values (line), each as it was predicted from those before it (dots):\n')
  console.log(
    draw({
      line,
      dots,
      low: Math.min(...all),
      high: Math.max(...all),
      rows: 12,
      columns: 1,
      label: value => value.toFixed(0),
    }),
  )
  console.log(
    `\nOff by ${error.toFixed(2)} (root mean square); "as it was last time" is off by ${rival.toFixed(2)}.`,
  )
}

runIfMain(import.meta.url, program, main)
