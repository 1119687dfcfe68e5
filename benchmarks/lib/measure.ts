/**
 * How it is measured. Every subject has a process of its own, and they take turns, so that a noisy minute hits all of
 * them alike. Each step gets fresh input, made before the clock starts, and ends when its results have been read.
 * Afterwards the readings of the same steps are compared.
 */
import { apart, sampled } from './difference.js'
import { options } from './options.js'
import { answer, type Child, start } from './process.js'
import { type Row, report } from './report.js'
import { summary } from './statistics.js'
import type { Reading, Subject, Workload } from './workload.js'

/** At least so many steps, and more of them while the time is not used up. */
interface Turn {
  readonly from: number
  readonly steps: number
  readonly milliseconds: number
}

interface Done {
  readonly times: readonly number[]
  /** A sample of what was read, for the steps that are compared. */
  readonly readings: readonly (readonly number[])[]
}

/** Steps whose readings are compared. */
const COMPARED = 10
/** Steps of a turn, however short they are. */
const MOST = 300
const effort = options.quick
  ? { warmUp: { steps: 2, milliseconds: 300 }, turns: 2, turn: { steps: 3, milliseconds: 100 } }
  : { warmUp: { steps: 5, milliseconds: 2000 }, turns: 5, turn: { steps: 5, milliseconds: 500 } }

/** Measures one workload after the other, prints a table for each, and saves what it says. */
export async function bench<Input>(workloads: readonly Workload<Input>[]): Promise<void> {
  if (options.child !== undefined) {
    const [k, name] = JSON.parse(options.child) as [number, string]
    return serve(workloads[k]!, workloads[k]!.subjects[name]!)
  }
  for (const [k, workload] of workloads.entries()) report(workload, await measured(workload, k))
}

/** One row for each subject. */
async function measured<Input>(workload: Workload<Input>, k: number): Promise<Row[]> {
  const names = Object.keys(workload.subjects).filter(name => options.peers || !workload.subjects[name]!.peer)
  const runs = await Promise.all(names.map(name => Run.start(workload.subjects[name]!, k, name)))
  for (const run of runs) await run.warmUp()
  for (let turn = 0; turn < effort.turns; turn++) for (const run of runs) await run.turn()
  for (const run of runs) run.child.end()
  return runs.map(({ name, times, readings }) => ({
    name,
    peer: workload.subjects[name]!.peer ?? false,
    times: times.length > 0 ? summary(times) : null,
    apart: apart(runs[0]!.readings, readings),
  }))
}

/** One subject of a workload, at work in its process. */
class Run {
  readonly times: number[] = []
  readonly readings: (readonly number[])[] = []
  #next = 0

  private constructor(
    readonly name: string,
    readonly checks: number | undefined,
    readonly child: Child<Turn, Done>,
  ) {}

  static async start({ checks }: { readonly checks?: number }, workload: number, name: string): Promise<Run> {
    return new Run(name, checks, await start(JSON.stringify([workload, name])))
  }

  async warmUp(): Promise<void> {
    await this.#run(this.checks === undefined ? effort.warmUp : { steps: this.checks, milliseconds: 0 })
  }

  /** The first step finds the caches as another subject left them, and does not count. */
  async turn(): Promise<void> {
    if (this.checks !== undefined) return
    const { steps, milliseconds } = effort.turn
    const times = await this.#run({ steps: steps + 1, milliseconds })
    this.times.push(...times.slice(1))
  }

  async #run(turn: Omit<Turn, 'from'>): Promise<readonly number[]> {
    const { times, readings } = await this.child.ask({ from: this.#next, ...turn })
    this.#next += times.length
    this.readings.push(...readings)
    return times
  }
}

/** A subject's process: prepares once, then runs the turns it is asked for. */
async function serve<Input>(workload: Workload<Input>, subject: Subject<Input>): Promise<void> {
  const run = await subject.prepare()
  answer<Turn, Done>(async ({ from, steps, milliseconds }) => {
    const times: number[] = []
    const readings: number[][] = []
    for (let spent = 0; times.length < steps || (spent < milliseconds && times.length < MOST); ) {
      const step = from + times.length
      const input = workload.input(step)
      const start = performance.now()
      const result = run(input)
      const reading: Reading = result instanceof Promise ? await result : result
      const time = performance.now() - start
      spent += time
      times.push(time)
      if (step < COMPARED) readings.push(sampled(reading))
    }
    return { times, readings }
  })
}
