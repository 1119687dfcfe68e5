/**
 * Stages: a program cut where sizes become known. A stage is made ready when those before it have run, for the sizes that
 * they told; and remembered by these.
 */
import { type Call, type LatePlace, type Program, type Step, stepsIn } from '../program.js'
import type { Driver } from './driver.js'

/** Some steps, and the sizes that are known when they have run. */
export interface Cut {
  readonly steps: readonly Step<Call>[]
  readonly tells: readonly LatePlace[]
}

/** The last cut tells nothing, and may have no steps: all sizes are known before it. */
export function cutsOf({ steps, late }: Program<Call>): readonly Cut[] {
  const ends = late.map(({ place }) => steps.findLastIndex(step => writes(step, place.ref.buffer)) + 1)
  const all = [...new Set(ends)].sort((a, b) => a - b)
  const cuts = all.map((end, i) => ({
    steps: steps.slice(all[i - 1] ?? 0, end),
    tells: late.filter((_, k) => ends[k] === end),
  }))
  return [...cuts, { steps: steps.slice(all.at(-1) ?? 0), tells: [] }]
}

function writes(step: Step<Call>, buffer: object): boolean {
  const open: Step<Call>[] = [step]
  for (const inner of open) {
    if (inner.kind === 'run' && inner.writes.some(ref => ref.buffer === buffer)) return true
    if (inner.kind === 'repeat' && inner.exit?.finals.some(({ to }) => to.buffer === buffer)) return true
    open.push(...stepsIn(inner))
  }
  return false
}

const mostRemembered = 16

/** A stage made ready, and those made ready after it, by what it told. */
export class Stage<Plan> {
  readonly #next = new Map<string, Stage<Plan>>()

  constructor(
    readonly plan: Plan,
    readonly driver: Driver,
  ) {}

  after(told: string, make: () => Stage<Plan>): Stage<Plan> {
    const next = this.#next.get(told) ?? make()
    this.#next.delete(told)
    this.#next.set(told, next)
    if (this.#next.size > mostRemembered) this.#next.delete(this.#next.keys().next().value!)
    return next
  }
}
