/**
 * Memory: a simple recurrent network, an LSTM and a GRU learn tasks whose answer lies up to 100 steps back. The gradients at each
 * step of time tell why one of them does not.
 *
 *     npm start -- memory [--long]             --help says what the other options are
 */
import {
  argmax,
  cast,
  compile,
  concatenate,
  crossentropyCategoricalSparse,
  dot,
  eq,
  grad,
  matrix,
  mean,
  type NdArray,
  rand,
  type Shared,
  shared,
  square,
  type Tensor,
  tensor3,
  vector,
  zeros,
  zerosArray,
} from 'arignote'
import {
  adam,
  clipNorm,
  gruCell,
  initializers,
  lstmCell,
  probed,
  type RecurrentCell,
  recur,
  rnnCell,
  schedules,
} from 'arignote/nn'
import { defaultsOf, flag, runIfMain, whole } from './lib/command-line.js'
import {
  type About,
  average,
  chartOf,
  type Learned,
  normsOf,
  type Report,
  tableOf,
} from './lib/memory-report.js'
import { adding, COPIED, COPY_LINES, copying, type Draw, drawer, SYMBOLS } from './lib/tasks.js'
import { type Progress, progress, silence } from './lib/terminal.js'

const program = {
  name: 'memory',
  says: 'A simple recurrent network, an LSTM and a GRU learn tasks whose answer lies far back.',
  options: {
    time: whole(100, 'steps of the sequences to add in, or between hearing and copying', 2, 10_000),
    steps: whole(2000, 'changes of the weights for adding; copying takes five times as many'),
    units: whole(32, 'numbers in the state; copying takes twice as many'),
    seed: whole(1, 'the same seed, the same numbers', 0),
    long: flag('copying too, which takes six minutes or more'),
  },
}

const defaults = defaultsOf(program.options)

export type Options = typeof defaults

const BATCH = 32

/** What is compared. */
interface Kind extends About {
  readonly rate: number
  /** Which gates decide what stays, and what is written: their places in the bias. */
  readonly keeps?: number
  readonly writes?: number
  make(options: { inputSize: number; units: number; seed: number }): RecurrentCell<'float32'>
}

export const kinds: readonly Kind[] = [
  {
    name: 'SimpleRNN',
    rate: 0.003,
    gates: 0,
    memory: 'none',
    bestFor: 'short contexts, and the least work',
    make: options => rnnCell(options),
  },
  {
    name: 'LSTM',
    rate: 0.01,
    gates: 3,
    memory: 'yes, of its own',
    bestFor: 'long contexts, exact recall',
    keeps: 1,
    writes: 0,
    make: options => lstmCell(options),
  },
  {
    name: 'GRU',
    rate: 0.01,
    gates: 2,
    memory: 'the state itself',
    bestFor: 'long contexts with fewer weights',
    keeps: 0,
    make: options => gruCell({ ...options, resetAfter: false }),
  },
]

/**
 * The gates that keep the state begin with time scales of 1 to `time` steps, spread evenly (Tallec and Ollivier 2018). A simple
 * cell has nothing of the kind: the best it can begin with is an orthogonal matrix, which all of them do.
 */
function spreadTimeScales({ keeps, writes }: Kind, bias: Shared, units: number, seed: number, time: number) {
  const value = bias.getValue()
  const draws = rand([units], { seed }).data
  for (let k = 0; k < units; k++) {
    const open = Math.log(1 + draws[k]! * Math.max(1, time - 2))
    if (keeps !== undefined) value.set(keeps * units + k, open)
    if (writes !== undefined) value.set(writes * units + k, -open)
  }
  bias.setValue(value)
}

interface Task {
  readonly name: string
  readonly inputSize: number
  readonly answers: number
  /** How many times the steps and the units of the adding problem. */
  readonly longer: number
  readonly wider: number
  /** How many steps of time its sequences have. */
  length(time: number): number
  /** The mean loss over 50 steps below which it counts as solved. */
  readonly solved: number
  /** Whether the gates begin with time scales as long as that. */
  readonly spreads: boolean
  /** Whether the learning rate falls to 0, in a straight line. */
  readonly falls: boolean
  examples(draw: Draw, batch: number, time: number): { x: NdArray; y: NdArray }
  /** From what the cell puts out to a loss, and to a number for people. */
  judge(scores: { all: Tensor<'float32', 3>; last: Tensor<'float32', 2> }, layer: Layer): Judged
}

interface Judged {
  readonly y: Tensor<'float32' | 'int32'>
  readonly loss: Tensor<'float32', 0>
  readonly result: Tensor<'float32', 0>
}

type Layer = (hidden: Tensor<'float32'>) => Tensor<'float32'>

const addingTask: Task = {
  name: 'adding',
  inputSize: 2,
  answers: 1,
  solved: 0.01,
  longer: 1,
  wider: 1,
  length: time => time,
  spreads: false,
  falls: false,
  examples: adding,
  judge({ last }, layer) {
    const y = vector('y')
    const loss = mean(square(layer(last).flatten().sub(y)))
    return { y, loss, result: loss }
  },
}

const copyingTask: Task = {
  name: 'copying',
  inputSize: COPY_LINES,
  answers: SYMBOLS + 1,
  solved: 0.02,
  longer: 5,
  wider: 2,
  length: time => time + 2 * COPIED,
  spreads: true,
  // At a rate that stays, one seed in three forgot again what it had learned.
  falls: true,
  examples: copying,
  judge({ all }, layer) {
    const y = matrix('y', 'int32')
    const scores = (hidden: Tensor<'float32', 3>) => layer(hidden).reshape([-1, SYMBOLS + 1])
    const loss = mean(crossentropyCategoricalSparse(scores(all), y.flatten(), { fromLogits: true }))
    const end = { start: -COPIED }
    const said = argmax(scores(all.slice(null, end)), 1)
    return { y, loss, result: mean(cast(eq(said, y.slice(null, end).flatten()), 'float32')) }
  },
}

/** Trains one cell on one task. */
export function learn(task: Task, kind: Kind, options: Options, shown: Progress): Learned {
  const { time, seed } = options
  const [steps, units] = [options.steps * task.longer, options.units * task.wider]
  const length = task.length(time)
  const cell = kind.make({ inputSize: task.inputSize, units, seed })
  if (task.spreads) spreadTimeScales(kind, cell.params['bias']!, units, seed, length)
  const [dtype, first] = ['float32' as const, initializers.glorotUniform()]
  const V = shared(first.make([units, task.answers], { dtype, seed: seed + 1 }), 'V', { dtype })
  const b = shared(zerosArray([task.answers]), 'b')
  const parameters = [...Object.values(cell.params), V, b]
  const layer: Layer = hidden => dot(hidden, V).add(b)

  const x = tensor3('x', { shape: [BATCH, length, task.inputSize] })
  const { outputs, output } = recur(cell, x)
  const { y, loss, result } = task.judge({ all: outputs, last: output }, layer)
  const gradients = clipNorm(grad(loss, parameters), 1)
  const falling = { initialLearningRate: kind.rate, decaySteps: steps, endLearningRate: 0 }
  const learningRate = task.falls ? schedules.polynomialDecay(falling) : kind.rate
  const train = compile([x, y], loss, { updates: adam(gradients, parameters, { learningRate }) })
  const examine = compile([x, y], result)

  // The same network once more, with zeros added to what it remembers, and the gradient by those zeros.
  const memory = cell.stateSizes.length - 1
  const probe = zeros([BATCH, length, units])
  const watched = recur(probed(cell, memory), concatenate([x, probe], 2))
  const judged = task.judge({ all: watched.outputs, last: watched.output }, layer)
  const feel = compile([x, judged.y], grad(judged.loss, probe).square().sum([0, 2]).sqrt())

  const draws = drawer(seed + 2)
  const next = () => {
    const { x, y } = task.examples(draws, BATCH, time)
    return [x, y] as const
  }
  const felt = () => Array.from(feel(...next()).data).reverse()

  const feltBefore = felt()
  const losses: number[] = []
  const start = performance.now()
  for (let step = 1; step <= steps; step++) {
    losses.push(train(...next()).data[0]!)
    shown.update(step, `${kind.name}, ${task.name}: ${average(losses.slice(-50)).toFixed(4)}`)
  }
  const milliseconds = (performance.now() - start) / losses.length
  shown.stop()
  const solvedAt = losses.findIndex((_, k) => k >= 50 && average(losses.slice(k - 50, k)) < task.solved)
  const results = Array.from({ length: 20 }, () => examine(...next()).data[0]!)
  const weights = parameters.reduce((n, p) => n + p.getValue({ borrow: true }).size, 0)
  return {
    losses,
    solvedAfter: solvedAt < 0 ? null : solvedAt,
    result: average(results),
    weights,
    milliseconds,
    feltBefore,
    feltAfter: felt(),
  }
}

/** Every cell on the adding problem, and if asked for on copying. The same options give the same numbers. */
export function memory(
  given: Partial<Options> = {},
  show: (total: number) => Progress = () => silence,
): readonly Report[] {
  const options = { ...defaults, ...given }
  const done = (task: Task, kind: Kind) => learn(task, kind, options, show(options.steps * task.longer))
  return kinds.map(kind => ({
    kind,
    adding: done(addingTask, kind),
    copying: options.long ? done(copyingTask, kind) : null,
  }))
}

function main(options: Options): void {
  const { time, steps, units, long } = options
  console.log(
    `adding:  ${units} units, ${steps} changes of the weights, each after ${BATCH} sequences of ${time} numbers; two of them are\n` +
      '         marked, one in each half, and to be added at the end. Always saying 1 errs by 0.1667, squared.',
  )
  if (long)
    console.log(
      `copying: ${2 * units} units, ${5 * steps} changes; ${COPIED} symbols of ${SYMBOLS} kinds, to be said again ${time} steps later.\n` +
        `         Guessing is right in ${(100 / SYMBOLS).toFixed(1)} %. Gates of LSTM and GRU begin with biases that keep some numbers for\n` +
        '         as long as that (Tallec and Ollivier 2018), and the learning rate falls to 0.',
    )
  console.log()
  const reports = memory(options, progress)
  console.log(`\n${tableOf(reports, options)}\n`)
  console.log(
    'Gradients are by what remembers, as a share of that at the last step. After learning to add:\n',
  )
  console.log(normsOf(reports, time))
  for (const { kind, adding } of reports) {
    console.log(
      `\n${kind.name} after learning to add, from the last step (left) back to the first (right):\n`,
    )
    console.log(chartOf(adding.feltAfter))
  }
}

runIfMain(import.meta.url, program, main)
