/**
 * Merging scans: of the same inputs, length and direction, with the same recurrence. One loop gives the results of all.
 *
 * A gradient reads an extended copy of the user's scan; this makes the two one again.
 */
import {
  type Apply,
  applyScan,
  dimKey,
  lambda,
  type ScanParams,
  splitInputs,
  splitOutputs,
  type Variable,
  withOrigins,
} from '@arignote/graph'
import { replaceIn } from '../replace.js'

/** For outputs of scans that are merged into others, what stands for them. */
export function mergeScans(scans: readonly Apply[]): ReadonlyMap<Variable, Variable> {
  const image = new Map<Variable, Variable>()
  for (const alike of groups(scans)) {
    const host = alike[0]!
    const { body, counts, ...rest } = host.params as ScanParams
    if (counts.carries === 0) continue
    const nexts = body.results.slice(0, counts.carries)
    const members = alike.flatMap(node => {
      const results = overParams(node, body.params)
      return nexts.every((next, i) => results[i] === next)
        ? [{ node, ys: results.slice(counts.carries) }]
        : []
    })
    if (members.length < 2) continue
    const ys = [...new Set(members.flatMap(m => m.ys))]
    const whole = lambda(body.params, [...nexts, ...ys])
    const merged = withOrigins(
      members.flatMap(({ node }) => node.origins),
      () => applyScan(splitInputs(host.inputs, counts), whole, rest),
    )
    const after = splitOutputs(merged.outputs, counts)
    for (const member of members) {
      const before = splitOutputs(member.node.outputs, counts)
      before.finals.forEach((v, i) => {
        image.set(v, after.finals[i]!)
      })
      before.trajectories.forEach((v, i) => {
        image.set(v, after.trajectories[i]!)
      })
      before.ys.forEach((v, i) => {
        image.set(v, after.ys[ys.indexOf(member.ys[i]!)]!)
      })
    }
  }
  return image
}

function groups(scans: readonly Apply[]): readonly (readonly Apply[])[] {
  const alike = new Map<string, Apply[]>()
  for (const node of scans) {
    const { length, reverse, counts } = node.params as ScanParams
    const inputs = node.inputs.map(v => v.id)
    const key = [inputs, dimKey(length), reverse, counts.constants, counts.carries].join(' ')
    alike.set(key, [...(alike.get(key) ?? []), node])
  }
  return [...alike.values()].filter(group => group.length > 1)
}

/** The results of a scan's body, written over other params. */
function overParams(node: Apply, params: readonly Variable[]): readonly Variable[] {
  const { body } = node.params as ScanParams
  if (body.params === params) return body.results
  return replaceIn(body.results, new Map(body.params.map((v, i) => [v, params[i]!])))
}
