/**
 * What is measured: a workload is one step of some work, given fresh input every time; its subjects do that same work,
 * each in a process of its own. How it is measured stands in `measure.ts`.
 */

/** What a step computed, read out: ordinary numbers of JavaScript. */
export type Reading = ArrayLike<number>

export type Step<Input> = (input: Input) => Reading | Promise<Reading>

export interface Subject<Input> {
  /** Everything up to the first step. The time of that is C1's business. */
  prepare(): Step<Input> | Promise<Step<Input>>
  /** Another system than ours. */
  readonly peer?: boolean
  /** Only there to compare with: this many steps, not timed. */
  readonly checks?: number
}

export interface Workload<Input> {
  readonly name: string
  /** What one step is. */
  readonly title: string
  /** The input of step 0, 1, …: the same for every subject, made before the clock starts. */
  input(step: number): Input
  /** The first one is what the others are compared with. */
  readonly subjects: { readonly [name: string]: Subject<Input> }
  /** Floating-point operations of a step, where the rate says more than the time. */
  readonly flop?: number
  /** How far apart the readings of a step may be, relative to their size. */
  readonly tolerance: number
  /** How many times faster than a peer the first subject should be. */
  readonly aims?: { readonly [subject: string]: number }
}
