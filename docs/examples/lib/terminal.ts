/**
 * What the examples show: a progress bar on a terminal, lines in its place anywhere else, and charts.
 */
import { plot } from 'asciichart'
import { SingleBar } from 'cli-progress'

export interface Progress {
  /** After step number `step`, counted from 1; `note` says how it goes. */
  update(step: number, note: string): void
  /** Prints something in between; a bar goes on below it. */
  print(text: string): void
  stop(): void
}

/** For tests, and whoever wants to hear nothing. */
export const silence: Progress = { update() {}, print() {}, stop() {} }

/** A bar over `total` steps; without a terminal, a line after every tenth of them. */
export function progress(total: number): Progress {
  return process.stdout.isTTY ? bar(total) : lines(total)
}

function lines(total: number): Progress {
  let tenths = 0
  return {
    update(step, note) {
      const now = Math.floor((10 * step) / total)
      if (now > tenths) console.log(`step ${step} of ${total}  ${note}`)
      tenths = now
    },
    print: text => console.log(text),
    stop() {},
  }
}

function bar(total: number): Progress {
  let start = 0
  let at = 0
  let payload = { note: '', left: '' }
  let shown = open()

  function open(): SingleBar {
    const made = new SingleBar({
      format: '{bar} {percentage} %  {note}{left}',
      barCompleteChar: '█',
      barIncompleteChar: '░',
      barsize: 28,
      stream: process.stdout,
      linewrap: true,
    })
    made.start(total, at, payload)
    return made
  }
  return {
    update(step, note) {
      at = step
      // The first step compiles and says nothing of the others.
      if (step === 1) start = performance.now()
      const seconds = ((performance.now() - start) / (step - 1) / 1000) * (total - step)
      payload = { note, left: step > 1 && step < total ? `  ${Math.ceil(seconds)} s left` : '' }
      shown.update(step, payload)
    },
    print(text) {
      shown.stop()
      console.log(text)
      if (at < total) shown = open()
    },
    stop: () => shown.stop(),
  }
}

/** A number for each step as a line, so many characters for a step. */
export interface Chart {
  readonly line: readonly number[]
  /** Numbers to mark as dots; they belong to the last steps of the line. */
  readonly dots?: readonly number[]
  readonly low: number
  readonly high: number
  readonly rows: number
  readonly columns: number
  label(value: number): string
}

export function draw({ line, dots = [], low, high: top, rows, columns, label }: Chart): string {
  // A line that never rises lies at the bottom.
  const high = top > low ? top : low + 1
  // Between two steps the line is straight.
  const values = Array.from({ length: (line.length - 1) * columns + 1 }, (_, k) => {
    const [i, part] = [Math.floor(k / columns), (k % columns) / columns]
    return part === 0 ? line[i]! : line[i]! * (1 - part) + line[i + 1]! * part
  })
  const format = (value: number) => label(value).padStart(6)
  const chart = plot(values, { min: low, max: high, height: rows, format }).split('\n')
  const cells = chart.map(row => [...row])
  const left = cells[0]!.length - values.length
  const first = line.length - dots.length
  dots.forEach((value, k) => {
    const row = Math.round(((high - value) / (high - low)) * rows)
    const column = left + (first + k) * columns
    if (cells[row]?.[column] !== undefined) cells[row][column] = green('●')
  })
  return cells.map(row => row.join('').trimEnd()).join('\n')
}

const green = (text: string) =>
  process.stdout.isTTY && process.env.NO_COLOR === undefined ? `\x1b[92m${text}\x1b[0m` : text
