/**
 * Sine waves: a GRU hears 50 values of a wave, one radian apart, and learns to say the next one. Then it goes on from its
 * own answers, and we see how long it stays in tune.
 *
 *     npm start                    --help says what the options are
 */
import {
  compile,
  dot,
  grad,
  type NdArray,
  scalar,
  scan,
  shared,
  sineWave,
  square,
  type Tensor,
  tensor3,
  vector,
  zerosArray,
} from 'arignote'
import { adam, gruCell, initializers, recur } from 'arignote/nn'
import { runIfMain, type Values, whole } from './lib/command-line.js'
import { draw, type Progress, progress, silence } from './lib/terminal.js'

const LENGTH = 50

const program = {
  name: 'sine-wave',
  says: 'A GRU hears values of sine waves, learns to say the next one, and goes on by itself.',
  options: {
    steps: whole(2000, 'changes of the weights'),
    seed: whole(1, 'the same seed, the same numbers', 0),
  },
}

/** The network as two functions: one that trains it, one that lets it sing. */
export function sineWaveModel({ units, seed }: { readonly units: number; readonly seed: number }) {
  const cell = gruCell({ inputSize: 1, units, seed })
  const first = initializers.glorotUniform().make([units, 1], { dtype: 'float32', seed: seed + 1 })
  const V = shared(first, 'V')
  const b = shared(zerosArray([1]), 'b')
  const parameters = [...Object.values(cell.params), V, b]
  const say = (h: Tensor<'float32', 2>) => dot(h, V).add(b)

  const waves = tensor3('waves') // (batch, time, 1)
  const next = vector('next') // (batch)
  const rate = scalar('rate')
  const heard = recur(cell, waves)
  const loss = square(say(heard.output).flatten().sub(next)).mean()
  const updates = adam(grad(loss, parameters), parameters, { learningRate: rate })
  const train = compile([waves, next, rate], loss, { updates, name: 'train' })

  // The same cell once more, but now what it hears is what it said: (steps, batch, 1).
  const steps = scalar('steps', 'int32')
  const past = waves.slice(null, { stop: -1 })
  const present = waves.slice(null, -1)
  const song = scan(
    ({ value, h }) => {
      const [after] = cell.step(value, [h])
      return { value: say(after!), h: after! }
    },
    { state: { value: present, h: recur(cell, past).output }, steps },
  )
  const sing = compile([waves, steps], song.value.all, { name: 'sing' })
  return { train, sing }
}

export interface Options {
  readonly steps?: number
  readonly batch?: number
  readonly units?: number
  readonly seed?: number
  /** How many values the trained network goes on for. */
  readonly ahead?: number
}

export interface Report {
  /** The loss at every step of the training. */
  readonly losses: readonly number[]
  /** A wave it never saw: what it heard, how that goes on, and how the network goes on. */
  readonly heard: readonly number[]
  readonly truth: readonly number[]
  readonly song: readonly number[]
}

/** Trains and sings; every step draws new waves. The same seed gives the same numbers. */
export function sineWaves(
  { steps = 2000, batch = 32, units = 32, seed = 1, ahead = 100 }: Options = {},
  progress: Progress = silence,
): Report {
  const { train, sing } = sineWaveModel({ units, seed })
  const losses: number[] = []
  for (let step = 0; step < steps; step++) {
    const { x, y } = sineWave({ length: LENGTH, samples: batch, seed: seed * 1_000_003 + step })
    const loss = train(x, y, 0.005 * (1 - step / steps)).data[0]!
    losses.push(loss)
    progress.update(step + 1, `loss ${loss.toExponential(1)}`)
  }
  progress.stop()

  const { x: wave } = sineWave({ length: LENGTH + ahead, samples: 1, seed })
  const values = [...wave.data]
  const song: NdArray = sing(wave.hi(1, LENGTH), ahead)
  return { losses, heard: values.slice(0, LENGTH), truth: values.slice(LENGTH), song: [...song.data] }
}

function main({ steps, seed }: Values<typeof program.options>): void {
  console.log(
    `A GRU of 32 units learns sine waves: it hears ${LENGTH} values, and has to say the next one.\n`,
  )
  const start = performance.now()
  const { losses, heard, truth, song } = sineWaves({ steps, seed }, progress(steps))
  const seconds = (performance.now() - start) / 1000
  console.log(
    `\n${steps} steps with 32 waves each took ${seconds.toFixed(1)} s, compiling included. The squared error:\n`,
  )
  console.log(chartOf(losses))
  console.log('\nA wave it never saw (line), and how the network goes on by itself (dots),')
  console.log('hearing each of its answers as the next value:\n')
  const [before, after] = [4, 18]
  const line = [...heard.slice(-before), ...truth.slice(0, after)]
  const wave = { line, dots: song.slice(0, after), low: -1.2, high: 1.2, rows: 12, columns: 3 }
  console.log(draw({ ...wave, label: value => value.toFixed(1) }))

  const worst = Math.max(...truth.map((value, k) => Math.abs(value - song[k]!)))
  console.log(`\nOver ${truth.length} values it was never off by more than ${worst.toFixed(4)}.`)
}

/** The losses on a logarithmic scale; a column for each of up to 60 stretches, their mean. */
function chartOf(losses: readonly number[]): string {
  const columns = Math.min(60, losses.length)
  const line = Array.from({ length: columns }, (_, k) => {
    const part = losses.slice(
      Math.floor((k * losses.length) / columns),
      Math.floor(((k + 1) * losses.length) / columns),
    )
    return Math.log10(part.reduce((a, b) => a + b) / part.length)
  })
  const [low, high] = [Math.floor(Math.min(...line)), Math.ceil(Math.max(...line))]
  return draw({ line, low, high, rows: high - low, columns: 1, label: power => `1e${power.toFixed(0)}` })
}

runIfMain(import.meta.url, program, main)
