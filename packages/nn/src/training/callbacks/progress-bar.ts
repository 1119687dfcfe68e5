/**
 * The progress bar, as Keras 2.3 draws it: over itself in a terminal, line by line elsewhere. Averages are computed only
 * when they are drawn.
 */
import { choice, nullable, number, optional } from '../../layers/option.js'
import type { Callback, Logs, Run } from '../callback.js'
import { barText, etaText, perStepText, valuesText } from './bar.js'
import { fixed } from './format.js'
import { valuesFrom } from './given.js'

const options = { verbose: optional(choice([1, 2]), 1), interval: nullable(number(0)) }

/** Where nothing is drawn over, a log of many minutes should be some pages long, not hundreds. */
const milliseconds = { terminal: 50, lines: 5000 }

export interface ProgressBarOptions {
  /** 1: a bar; 2: a line for each epoch. Default 1. */
  readonly verbose?: 1 | 2
  /** Receives the text; by default the standard output, or the console where there is none. */
  readonly write?: (text: string) => void
  /** Whether a line can be drawn over; default: whether the standard output is a terminal. */
  readonly isTerminal?: boolean
  /** Milliseconds between two drawings, at least; default 50 as in Keras, 5000 where each drawing is a line of its own. */
  readonly interval?: number
  /** The time in milliseconds; default `performance.now`. */
  readonly now?: () => number
}

/** The console writes whole lines. */
function consoleWriter(): (text: string) => void {
  let begun = ''
  return text => {
    const lines = (begun + text).split('\n')
    begun = lines.pop()!
    for (const line of lines) console.log(line)
  }
}

const standardOutput = () =>
  typeof process === 'object' && typeof process.stdout?.write === 'function' ? process.stdout : null

export class ProgressBar implements Callback {
  readonly needsBatchLogs = false
  readonly #verbose: 1 | 2
  readonly #interval: number
  readonly #write: (text: string) => void
  readonly #isTerminal: boolean
  readonly #now: () => number
  #begin = 0
  #last = 0
  #seen = 0
  #width = 0

  constructor(given: ProgressBarOptions = {}) {
    const out = standardOutput()
    const { verbose, interval } = valuesFrom('progressBar', options, given, ['write', 'isTerminal', 'now'])
    const { write, isTerminal, now } = given
    this.#verbose = verbose
    this.#write = write ?? (out === null ? consoleWriter() : text => void out.write(text))
    this.#isTerminal = isTerminal ?? out?.isTTY === true
    this.#interval = interval ?? (this.#isTerminal ? milliseconds.terminal : milliseconds.lines)
    this.#now = now ?? (() => performance.now())
  }

  onTrainBegin({ samples, validationSamples }: Run): void {
    if (samples === null || validationSamples === null) return
    this.#write(`Train on ${samples} samples, validate on ${validationSamples} samples\n`)
  }

  onEpochBegin(epoch: number, _: Logs, { epochs }: Run): void {
    this.#write(`Epoch ${epoch + 1}/${epochs}\n`)
    this.#begin = this.#now()
    this.#last = this.#isTerminal ? Number.NEGATIVE_INFINITY : this.#begin
    this.#seen = this.#width = 0
  }

  onBatchEnd(_: number, { size }: Logs, run: Run): void {
    this.#seen += countsSamples(run) ? size! : 1
    if (this.#verbose === 2) return
    const target = targetOf(run)
    if (target !== null && this.#seen >= target) return
    const now = this.#now()
    if (now - this.#last < this.#interval) return
    this.#draw(now, run, run.averages(), false)
  }

  onEpochEnd(_: number, logs: Logs, run: Run): void {
    const now = this.#now()
    if (this.#verbose === 1) this.#draw(now, run, logs, true)
    else this.#write(`${this.#elapsed(now)}${valuesText(told(run, logs))}\n`)
  }

  /** Ends a line that was begun: an error comes. */
  breakOff(): void {
    if (this.#isTerminal && this.#width > 0) this.#write('\n')
    this.#width = 0
  }

  #elapsed(now: number): string {
    return ` - ${fixed((now - this.#begin) / 1000, 0)}s`
  }

  #draw(now: number, run: Run, logs: Logs, isLast: boolean): void {
    const target = targetOf(run)
    const perUnit = this.#seen === 0 ? 0 : (now - this.#begin) / 1000 / this.#seen
    const time =
      target !== null && this.#seen < target
        ? ` - ETA: ${etaText(perUnit * (target - this.#seen))}`
        : `${this.#elapsed(now)} ${perStepText(perUnit)}`
    const text = barText(this.#seen, target) + time + valuesText(told(run, logs))
    this.#write(this.#isTerminal ? `\r${text.padEnd(this.#width)}${isLast ? '\n' : ''}` : `${text}\n`)
    this.#width = isLast ? 0 : text.length
    this.#last = now
  }
}

const countsSamples = ({ samples, isPartial }: Run) => samples !== null && !isPartial

const targetOf = (run: Run) => (countsSamples(run) ? run.samples : run.steps)

const told = ({ metrics }: Run, logs: Logs) =>
  metrics.flatMap(name => (logs[name] === undefined ? [] : [[name, logs[name]] as const]))
