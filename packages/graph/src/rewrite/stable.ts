/**
 * What `grad` differentiates: the graph with unstable formulas replaced (`stability.ts`).
 *
 * The derivative of a naive formula has infinities that cancel only on paper, and no local rule finds them again once sums
 * and loops lie between. The derivative of the stable formula has none to begin with.
 */
import { named } from '../ops/select.js'
import { substitute } from '../traverse.js'
import { Variable } from '../variable.js'
import { rewrite, rule } from './engine.js'
import { anything, of } from './pattern.js'
import { stability } from './stability.js'

const nameless = rule('named x → x', of(named, anything('x')), ({ x }) => x)
const rules = [nameless, ...stability]

/** The results in stable form, or as they are if they have it. Variables of `kept` stay, and are not looked into. */
export function stabilized(results: readonly Variable[], kept: Iterable<Variable>): readonly Variable[] {
  const standIns = new Map<Variable, Variable>()
  for (const v of kept) if (v.owner !== null) standIns.set(v, new Variable(v.type, null, 0, v.name))
  let fired = false
  const note = (name: string) => {
    fired ||= name !== nameless.name
  }
  const swap = (list: readonly Variable[], image: ReadonlyMap<Variable, Variable>) =>
    image.size === 0 ? list : substitute(list, image)
  const stable = rewrite(swap(results, standIns), rules, { trace: note })
  return fired ? swap(stable, new Map([...standIns].map(([v, standIn]) => [standIn, v]))) : results
}
