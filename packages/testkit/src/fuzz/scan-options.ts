/** Options of drawn scans, and when they stop. */
import { type Drawing, isFloating, type Known, ref } from './drawing.js'
import type { Arg, Ref, Scan } from './program.js'
import { conditionOf } from './rows-control.js'
import { mostSteps } from './scan-slots.js'

type Options = Scan['options']

/** `least`: rows of the shortest sequence. */
export function stepsOf(d: Drawing, least: number): Options['steps'] {
  if (least === Number.POSITIVE_INFINITY) {
    const k = d.known().find(v => v.variable.ndim > 0 && d.sizesOf(v.variable.shape[0]!)[1] <= mostSteps)
    if (k !== undefined && d.chance(0.3)) return { size: k.id, axis: 0 }
    return d.someSize(0, 1, 2, 3, 5) as number | Ref
  }
  return d.chance(0.15) && least > 0 ? d.below(least + 1) : undefined
}

/** How many steps there are if `steps` is what says so. */
export function leastOf(d: Drawing, steps: Options['steps']): number {
  if (steps === undefined) return 1
  if (typeof steps === 'number' || !('size' in steps)) return typeof steps === 'number' ? steps : 0
  return d.sizesOf(d.environment.get(steps.size).shape[steps.axis]!)[0]
}

/** Those that go together: what may stop after any step has no segments, and is not written out. */
export function optionsOf(
  d: Drawing,
  { stops, isFixed }: { readonly stops: boolean; readonly isFixed: boolean },
) {
  const remat = d.chance(0.3) ? rematOf(d, stops) : undefined
  const unroll = !stops && d.chance(0.1) ? unrollOf(d, isFixed, remat) : undefined
  const cut = d.pick([1, 2, 2, 3, 5])
  return {
    ...(d.chance(0.3) ? { reverse: true } : {}),
    ...(d.chance(0.2) ? { truncate: d.chance(0.5) ? cut : { last: cut } } : {}),
    ...(remat === undefined ? {} : { remat }),
    ...(unroll === undefined ? {} : { unroll }),
  }
}

function rematOf(d: Drawing, stops: boolean): NonNullable<Options['remat']> {
  if (stops || d.chance(0.4)) return d.pick(['none', 'step'])
  return { every: d.positiveSize(1, 2, 2, 3, 5) as number | Ref }
}

/** Without any loop only where all numbers are known. */
function unrollOf(d: Drawing, isFixed: boolean, remat: Options['remat']): number | true {
  const isSegmented = typeof remat === 'object'
  return isFixed && !(isSegmented && typeof remat.every !== 'number') ? d.pick([2, 3, true]) : d.pick([2, 3])
}

/**
 * A bool scalar of the step: of what is exact, so that all back ends stop at the same step; of a draw; or one that holds
 * always, or never.
 */
export function stopOf(d: Drawing, made: readonly Known[]): Known {
  const kind = d.below(8)
  const bounded = made.filter(k => isFloating(k) && k.variable.ndim === 0 && Number.isFinite(k.high))
  if (kind === 0 && bounded.length > 0) {
    const k = d.pick(bounded)
    return d.call(d.pick(['gt', 'gt', 'lt']), [ref(k), Math.ceil(k.high) + 1], { exact: true })
  }
  if (kind === 1) return d.call('random.bernoulli', [[], 0.3])
  const condition = conditionOf(d)
  return condition.variable.dtype === 'bool' ? condition : d.call('neq', [ref(condition), 0])
}

/** A state that counts the steps, and after how many it says enough. */
export const countsTo = (d: Drawing): Arg => {
  if (d.chance(0.5)) return d.pick([1, 2, 3, 5])
  return ref(d.leaf({ dtype: 'int32', shape: [], low: 1, high: 6 }))
}
