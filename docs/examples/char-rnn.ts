/**
 * A character-level language model: an LSTM reads a text, and learns to say which character comes next (Graves 2013;
 * Karpathy 2015). The last tenth of the text is kept for the examination.
 *
 *     npm start -- char-rnn --text FILE            --help says what the other options are
 */
import { readFileSync } from 'node:fs'
import {
  compile,
  crossentropyCategoricalSparse,
  dot,
  grad,
  matrix,
  type NdArray,
  ndarrayOf,
  oneHot,
  rand,
  type Shared,
  scalar,
  shared,
  softmax,
  type Tensor,
  zerosArray,
} from 'arignote'
import { adam, clipNorm, initializers, lstmCell, recur } from 'arignote/nn'
import { defaultsOf, path, positive, runIfMain, UsageError, type Values, whole } from './lib/command-line.js'
import { type Progress, progress, silence } from './lib/terminal.js'

const options = {
  steps: whole(1500, 'changes of the weights'),
  seed: whole(1, 'the same seed, the same numbers', 0),
  units: whole(128, 'numbers in the state of each layer'),
  layers: whole(1, 'LSTMs, one above the other'),
  batch: whole(32, 'places of the text that are read at once'),
  time: whole(64, 'characters read at each place before the weights change'),
  rate: positive(0.03, 'the greatest learning rate: after 50 steps; from there it falls along a cosine'),
  temperature: positive(0.8, 'of samples: low is careful, high is bold'),
  length: whole(500, 'characters of the last sample'),
}

const defaults = defaultsOf(options)

export type Options = typeof defaults

const program = {
  name: 'char-rnn',
  says: 'An LSTM reads a text, learns to say which character comes next, and writes.',
  options: { text: path('the text; a few hundred thousand characters are good'), ...options },
}

/** With fewer characters there is nothing to learn, and next to nothing held out. */
const SHORTEST = 1000

/** The network as three functions: `train` changes the weights, `examine` and `predict` share a reader of their own. */
export function charModel(vocabulary: number, { units, layers, batch, seed, temperature }: Options) {
  const cells = Array.from({ length: layers }, (_, k) =>
    lstmCell({ inputSize: k === 0 ? vocabulary : units, units, seed: seed + 10 * k, name: `lstm${k}` }),
  )
  const first = initializers.glorotUniform()
  const V = shared(first.make([units, vocabulary], { dtype: 'float32', seed: seed + 10 * layers }), 'V')
  const b = shared(zerosArray([vocabulary]), 'b')
  const parameters = [...cells.flatMap(cell => Object.values(cell.params)), V, b]

  /** h and c of every layer, kept from call to call: for each of the texts being read at once, a row. */
  const freshStates = (texts: number) =>
    cells.map((_, k) => ['h', 'c'].map(name => shared(zerosArray([texts, units]), `${name}${k}`)))

  /** Characters (texts, time) → scores for what comes next (texts · time, vocabulary), and the states after them. */
  function read(characters: Tensor<'int32', 2>, states: readonly (readonly Shared<'float32', 2>[])[]) {
    const carried: [Shared<'float32'>, Tensor<'float32'>][] = []
    let hidden: Tensor<'float32', 3> = oneHot(characters, vocabulary)
    cells.forEach((cell, k) => {
      const { outputs, last } = recur(cell, hidden, { initialState: states[k]! })
      states[k]!.forEach((state, i) => {
        carried.push([state, last[i]!])
      })
      hidden = outputs
    })
    return { scores: dot(hidden.reshape([-1, units]), V).add(b), carried }
  }

  const characters = matrix('characters', 'int32') // (texts, time)
  const next = matrix('next', 'int32')
  const rate = scalar('rate')

  const training = read(characters, freshStates(batch))
  const loss = crossentropyCategoricalSparse(training.scores, next.flatten(), { fromLogits: true }).mean()
  const gradients = clipNorm(grad(loss, parameters), 1)
  const updates = [...adam(gradients, parameters, { learningRate: rate, beta2: 0.99 }), ...training.carried]
  const train = compile([characters, next, rate], loss, { updates, name: 'train' })

  const reader = freshStates(1)
  const { scores, carried } = read(characters, reader)
  const total = crossentropyCategoricalSparse(scores, next.flatten(), { fromLogits: true }).sum()
  const examine = compile([characters, next], total, { updates: carried, name: 'examine' })
  const chances = softmax(scores.at(-1).div(temperature))
  const predict = compile([characters], chances, { updates: carried, name: 'predict' })

  const forget = () => {
    for (const state of reader.flat()) state.setValue(zerosArray([1, units]))
  }
  return { train, examine, predict, forget }
}

type Model = ReturnType<typeof charModel>

/** A text as numbers, split for training and examination. */
export interface Corpus {
  /** The characters there are; a character's number is its place here. */
  readonly characters: readonly string[]
  readonly train: Int32Array
  readonly heldOut: Int32Array
}

export function corpusOf(text: string): Corpus {
  const all = Array.from(text)
  const characters = [...new Set(all)].sort()
  const numbers = new Map(characters.map((character, k) => [character, k]))
  const ids = Int32Array.from(all, character => numbers.get(character)!)
  const cut = Math.floor(ids.length * 0.9)
  return { characters, train: ids.subarray(0, cut), heldOut: ids.subarray(cut) }
}

/**
 * The step's piece of the text: readers that began at evenly spread places read on, round and round. Two matrices
 * (readers, time): the characters, and those that come next.
 */
function piece(ids: Int32Array, step: number, { batch, time }: Options): [NdArray, NdArray] {
  const stride = Math.floor(ids.length / batch)
  const character = (reader: number, t: number) => ids[(reader * stride + step * time + t) % ids.length]!
  const read = (ahead: number) =>
    Int32Array.from({ length: batch * time }, (_, k) => character(Math.floor(k / time), (k % time) + ahead))
  return [ndarrayOf(read(0), [batch, time]), ndarrayOf(read(1), [batch, time])]
}

/** Nats per character over the whole held-out text, read once from its beginning to its end. */
function examination({ examine, forget }: Model, { train, heldOut }: Corpus): number {
  forget()
  const given = Int32Array.of(train.at(-1)!, ...heldOut.subarray(0, -1))
  let total = 0
  for (let at = 0; at < heldOut.length; at += 1000) {
    const rows = (ids: Int32Array) => {
      const part = ids.slice(at, at + 1000)
      return ndarrayOf(part, [1, part.length])
    }
    total += examine(rows(given), rows(heldOut)).data[0]!
  }
  return total / heldOut.length
}

/** Text that the network makes up, character by character, after a line break. */
function sample({ predict, forget }: Model, { characters }: Corpus, length: number, seed: number): string {
  forget()
  const draws = rand([length], { seed }).data
  let id = Math.max(0, characters.indexOf('\n'))
  let text = ''
  for (let k = 0; k < length; k++) {
    const chances = predict([[id]]).data
    let left = draws[k]!
    for (id = 0; id < chances.length - 1 && left >= chances[id]!; id++) left -= chances[id]!
    text += characters[id]
  }
  return text
}

export interface Report {
  /** Nats per character of the training text, step by step. */
  readonly losses: readonly number[]
  /** Nats per character over the held-out text. */
  readonly heldOut: number
  readonly sample: string
}

/** Trains for a fixed number of steps. The same text, options and seed give the same numbers. */
export function charRnn(corpus: Corpus, given: Partial<Options> = {}, progress: Progress = silence): Report {
  const options = { ...defaults, ...given }
  const { steps, rate, seed, length } = options
  const model = charModel(corpus.characters.length, options)
  const losses: number[] = []
  let recent = Number.NaN
  for (let step = 0; step < steps; step++) {
    const warm = Math.min(1, (step + 1) / 50)
    const decay = 0.05 + 0.95 * (0.5 + 0.5 * Math.cos((Math.PI * step) / steps))
    const loss = model.train(...piece(corpus.train, step, options), rate * warm * decay).data[0]!
    losses.push(loss)
    recent = step === 0 ? loss : 0.95 * recent + 0.05 * loss
    progress.update(step + 1, `${recent.toFixed(3)} nats per character`)
    if ((step + 1) % Math.ceil(steps / 4) === 0 && step + 1 < steps)
      progress.print(quoted(sample(model, corpus, 160, seed + step)))
  }
  progress.stop()
  return { losses, heldOut: examination(model, corpus), sample: sample(model, corpus, length, seed) }
}

const quoted = (text: string) => text.replace(/^/gm, '  │ ')

function main({ text: file, ...options }: Values<typeof program.options>): void {
  const corpus = corpusOf(readText(file))
  const { units, layers, steps, batch, time } = options
  const { train, heldOut, characters } = corpus
  console.log(
    `${train.length} characters of ${characters.length} kinds to learn from, ${heldOut.length} held out.`,
  )
  console.log(`${layers} × LSTM(${units}), ${steps} steps, each of ${batch} × ${time} characters.\n`)

  const start = performance.now()
  const report = charRnn(corpus, options, progress(steps))
  const seconds = (performance.now() - start) / 1000
  console.log(`\n${quoted(report.sample)}\n`)
  console.log(
    `${report.heldOut.toFixed(4)} nats per character over the held-out tenth (${(report.heldOut / Math.LN2).toFixed(2)} bits), ` +
      `after ${seconds.toFixed(0)} s.`,
  )
}

/** The text of a file. @throws UsageError if there is none, or too little of it */
export function readText(file: string): string {
  if (file === '') throw new UsageError('Which text? npm start -- char-rnn --text FILE')
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    const why = code === 'ENOENT' ? 'there is no such file' : code === 'EISDIR' ? 'it is a folder' : message
    throw new UsageError(`Cannot read "${file}": ${why}.`)
  }
  if (text.length < SHORTEST)
    throw new UsageError(`"${file}" has ${text.length} characters; ${SHORTEST} are the least to learn from.`)
  return text
}

runIfMain(import.meta.url, program, main)
