/**
 * Memory: a simple recurrent network, an LSTM and a GRU on tasks whose answer lies 50 to 100 steps back, with the gradients
 * that tell why one of them does not learn it.
 *
 *     npm start -- memory [--time N] [--steps N] [--units N] [--seed N]
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
import { adam, clipNorm, gruCell, lstmCell, probed, type RecurrentCell, recur, rnnCell } from 'arignote/nn'
import { adding, COPIED, COPY_LINES, copying, type Draw, drawer, SYMBOLS } from './lib/tasks.js'
import { draw, isMain, type Progress, parseOptions, progress, run, silence } from './lib/terminal.js'

const defaults = {
  /** How long the sequences are. */
  time: 100,
  /** Weight changes for the adding problem; copying gets twice as many. */
  steps: 1000,
  units: 32,
  seed: 1,
}

export type Options = typeof defaults

const BATCH = 32

/** What is compared. */
interface Kind {
  readonly name: string
  readonly rate: number
  readonly gates: number
  /** Whether there is one: numbers that gates change, and no product. */
  readonly memory: string
  readonly bestFor: string
  make(options: { inputSize: number; units: number; seed: number }, time: number): RecurrentCell<'float32'>
}

/**
 * The gates that keep the state begin with time scales of 1 to `time` steps, spread evenly (Tallec and Ollivier 2018). A
 * simple cell has nothing of the kind: the best it can begin with is an orthogonal matrix, which it does.
 */
function timeScales(
  bias: Shared,
  keep: number,
  write: number | null,
  units: number,
  seed: number,
  time: number,
) {
  const value = bias.getValue()
  const draws = rand([units], { seed }).data
  for (let k = 0; k < units; k++) {
    const open = Math.log(1 + draws[k]! * Math.max(1, time - 2))
    value.set(keep * units + k, open)
    if (write !== null) value.set(write * units + k, -open)
  }
  bias.setValue(value)
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
    make(options, time) {
      const cell = lstmCell(options)
      timeScales(cell.params['bias']!, 1, 0, options.units, options.seed, time)
      return cell
    },
  },
  {
    name: 'GRU',
    rate: 0.01,
    gates: 2,
    memory: 'the state itself',
    bestFor: 'long contexts with fewer weights',
    make(options, time) {
      const cell = gruCell({ ...options, resetAfter: false })
      timeScales(cell.params['bias']!, 0, null, options.units, options.seed, time)
      return cell
    },
  },
]

interface Task {
  readonly name: string
  readonly inputSize: number
  readonly answers: number
  /** How many times the steps of the adding problem. */
  readonly length: number
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
  length: 1,
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
  answers: SYMBOLS,
  length: 2,
  examples: copying,
  judge({ all }, layer) {
    const y = matrix('y', 'int32')
    const scores = layer(all.slice(null, { start: -COPIED })).reshape([-1, SYMBOLS])
    const right = eq(argmax(scores, 1), y.flatten())
    const loss = mean(crossentropyCategoricalSparse(scores, y.flatten(), { fromLogits: true }))
    return { y, loss, result: mean(cast(right, 'float32')) }
  },
}

/** What came of one cell and one task. */
export interface Learned {
  readonly losses: readonly number[]
  /** The mean squared error of the sum; the share of the symbols that are right; of examples never seen. */
  readonly result: number
  readonly weights: number
  /** Milliseconds per change of the weights. */
  readonly milliseconds: number
  /** The norm of the gradient of the loss by the state so many steps before the end: before, and after the training. */
  readonly feltBefore: readonly number[]
  readonly feltAfter: readonly number[]
}

/** Trains one cell on one task. */
export function learn(
  task: Task,
  kind: Kind,
  { time, steps, units, seed }: Options,
  shown: Progress,
): Learned {
  const cell = kind.make({ inputSize: task.inputSize, units, seed }, time)
  const V = shared(rand([units, task.answers], { seed: seed + 1, low: -0.1, high: 0.1 }), 'V')
  const b = shared(zerosArray([task.answers]), 'b')
  const parameters = [...Object.values(cell.params), V, b]
  const layer: Layer = hidden => dot(hidden, V).add(b)

  const x = tensor3('x', { shape: [BATCH, time, task.inputSize] })
  const { outputs, output } = recur(cell, x)
  const { y, loss, result } = task.judge({ all: outputs, last: output }, layer)
  const gradients = clipNorm(grad(loss, parameters), 1)
  const train = compile([x, y], loss, { updates: adam(gradients, parameters, { learningRate: kind.rate }) })
  const examine = compile([x, y], result)

  // The same network once more, with zeros added to what it remembers, and the gradient by those zeros.
  const memory = cell.stateSizes.length - 1
  const probe = zeros([BATCH, time, units])
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
  for (let step = 1; step <= steps * task.length; step++) {
    losses.push(train(...next()).data[0]!)
    if (step % 10 === 0)
      shown.update(step / 10, `${kind.name}, ${task.name}: ${average(losses.slice(-50)).toFixed(4)}`)
  }
  const milliseconds = (performance.now() - start) / losses.length
  shown.stop()
  const results = Array.from({ length: 20 }, () => examine(...next()).data[0]!)
  const weights = parameters.reduce((n, p) => n + p.getValue({ borrow: true }).size, 0)
  return { losses, result: average(results), weights, milliseconds, feltBefore, feltAfter: felt() }
}

const average = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length

export interface Report {
  readonly kind: Kind
  readonly adding: Learned
  readonly copying: Learned
}

/** Every cell on both tasks. The same options give the same numbers. */
export function memory(
  given: Partial<Options> = {},
  show: (total: number) => Progress = () => silence,
): readonly Report[] {
  const options = { ...defaults, ...given }
  const done = (task: Task, kind: Kind) =>
    learn(task, kind, options, show(Math.floor((options.steps * task.length) / 10)))
  return kinds.map(kind => ({ kind, adding: done(addingTask, kind), copying: done(copyingTask, kind) }))
}

/** The comparison as lines of a table. */
export function tableOf(reports: readonly Report[], { time }: { readonly time: number }): string {
  const back = Math.min(50, time - 1)
  const rows: readonly (readonly [string, (r: Report) => string])[] = [
    ['gates', ({ kind }) => String(kind.gates)],
    ['cell state', ({ kind }) => kind.memory],
    ['best for', ({ kind }) => kind.bestFor],
    ['weights', r => String(r.adding.weights)],
    ['ms per step of training', r => r.adding.milliseconds.toFixed(1)],
    ['adding: squared error', r => r.adding.result.toFixed(4)],
    ['copying: symbols right', r => `${(100 * r.copying.result).toFixed(1)} %`],
    [`gradient ${back} steps back, before`, r => shareOf(r.adding.feltBefore, back)],
    [`gradient ${back} steps back, after`, r => shareOf(r.adding.feltAfter, back)],
  ]
  const cells = [
    ['', ...reports.map(r => r.kind.name)],
    ...rows.map(([name, f]) => [name, ...reports.map(f)]),
  ]
  const widths = cells[0]!.map((_, k) => Math.max(...cells.map(line => line[k]!.length)))
  return cells
    .map(line =>
      line
        .map((text, k) => text.padEnd(widths[k]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

/** The norms at a few steps, as lines of a table. */
function normsOf(reports: readonly Report[], time: number): string {
  const steps = [0, 1, 2, 5, 10, 20, 50, 100, 150, 199].filter(back => back < time)
  const head = `steps back${reports.map(({ kind }) => kind.name.padStart(12)).join('')}`
  const lines = steps.map(back => {
    const shares = reports.map(({ adding }) => shareOf(adding.feltAfter, back).padStart(12))
    return `${String(back).padStart(10)}${shares.join('')}`
  })
  return [head, ...lines].join('\n')
}

/** A gradient as a share of that at the last step. */
const shareOf = (felt: readonly number[], back: number) => {
  const share = felt[back]! / felt[0]!
  return share === 0 ? '0' : share.toExponential(1)
}

function main(args: readonly string[]): void {
  const options = parseOptions(args, defaults)
  const { time, steps, units } = options
  console.log(
    `Two tasks of ${time} steps, ${units} units, ${BATCH} sequences at a time, ${steps} and ${2 * steps} changes of the weights.\n`,
  )
  console.log(
    `adding:  the sum of two marked numbers, both at least ${Math.floor(time / 2)} steps back; always saying 1 errs by 0.1667`,
  )
  console.log(
    `copying: ${COPIED} symbols of ${SYMBOLS} kinds, each ${time - COPIED} steps back; guessing is right in ${100 / SYMBOLS} %\n`,
  )
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

/** Norms on a logarithmic scale; what is below 1e-5 lies at the bottom. */
function chartOf(felt: readonly number[]): string {
  const columns = Math.min(60, felt.length)
  const line = Array.from({ length: columns }, (_, k) => {
    const value = felt[Math.floor((k * felt.length) / columns)]! / felt[0]!
    return Math.max(-5, Math.min(2, Math.log10(value)))
  })
  return draw({ line, low: -5, high: 2, rows: 7, columns: 1, label: power => `1e${power.toFixed(0)}` })
}

if (isMain(import.meta.url)) run(main)
