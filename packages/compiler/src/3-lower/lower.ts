/**
 * Lower: what a kernel has to compute → the kernel, and the arguments it is called with.
 */
import type { Buffer, BufferRef, Call, Group, GroupTask, StoreTo } from '../program.js'
import { lowerContract } from './contract.js'
import { lowerCheck, lowerScatter } from './indexed.js'
import { lowerMap } from './map.js'
import { lowerPack } from './pack.js'
import { lowerReduce } from './reduce.js'
import { lowerRoutine } from './routine.js'

export interface Lowered {
  readonly task: Call
  readonly reads: readonly BufferRef[]
  readonly writes: readonly BufferRef[]
}

export function lower({ group, placeOf }: GroupTask, errors: Buffer): Lowered {
  const task = lowerGroup(group, placeOf, errors)
  const reads: BufferRef[] = []
  const writes: BufferRef[] = []
  const params = task.kernel.params
  task.args.forEach((arg, i) => {
    const param = params[i]!
    if (param.kind !== 'buffer' || typeof arg === 'number' || !('buffer' in arg)) return
    if (param.access !== 'write') reads.push(arg)
    if (param.access !== 'read') writes.push(arg)
  })
  return { task, reads, writes }
}

function lowerGroup(group: Group, placeOf: GroupTask['placeOf'], errors: Buffer): Call {
  switch (group.kind) {
    case 'map':
      return lowerMap(group.stores.map(nameOf).join('_'), group, placeOf)
    case 'reduce':
      return lowerReduce(group.node.op.name, group.node, group.store, placeOf)
    case 'contract':
      return lowerContract('contract', group.node, group.store, group.form, placeOf)
    case 'pack':
      return lowerPack('pack', group.form)
    case 'scatter':
      return lowerScatter(group.node, group.store, placeOf)
    case 'routine':
      return lowerRoutine(group, errors, placeOf)
    case 'check':
      return lowerCheck(group.ids, group.size, group.record, errors, placeOf)
    default:
      return group satisfies never
  }
}

/** The operation whose value is stored; an effect leaves its value as it is. */
function nameOf({ value: { owner } }: StoreTo): string {
  return owner === null || owner.op.family.kind === 'effect' ? 'copy' : owner.op.name
}
