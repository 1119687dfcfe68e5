/**
 * Schedule: a closed tensor function → an ordered list of steps.
 *
 * Decided here: which variables get memory (`materialize.ts`), which of them one kernel computes (`group.ts`), and in
 * which order. Everything else is inlined into its users by `3-lower`. Loops, bytes and addresses are unknown here.
 */
import {
  type Apply,
  type BranchParams,
  type Dim,
  type Lambda,
  type ScanParams,
  sizeOf,
  type Variable,
} from '@arignote/graph'
import type { CompiledGraph } from '../executable.js'
import type {
  Buffer,
  Commit,
  FailureRecord,
  Group,
  GroupTask,
  Place,
  Program,
  Step,
  StoreTo,
  Target,
} from '../program.js'
import { Block, freshPlace, wholePlace } from './block.js'
import { emitContraction, hasLongSum } from './contract.js'
import { groupUnits, indexedSize, indexInput, type Unit } from './group.js'
import { affected, Decision, type SizesMade } from './materialize.js'
import { bodyBlock, initialStores, type PreparedScan, prepareScan } from './scan.js'

/** Builds the program of a graph. `estimate` gives a typical number for a size, for decisions by cost. */
export function schedule(
  graph: CompiledGraph,
  target: Target,
  estimate: (dim: Dim) => number,
): Program<GroupTask> {
  const { lambda, inputs, outputs, shared, updates, late } = graph
  const block = new Block([], null)
  lambda.params.forEach((param, i) => {
    const role = i < inputs ? 'input' : 'shared'
    const of = i < inputs ? { input: i } : { shared: shared[i - inputs]! }
    const buffer: Buffer = {
      name: param.name ?? role,
      role,
      dtype: param.dtype,
      size: sizeOf(param.type),
      depth: 0,
      ...of,
    }
    block.places.set(param, wholePlace(buffer, param.shape, []))
  })
  const failures: FailureRecord[] = []
  const scheduler = { target, estimate, failures, seesAll: graph.inspection?.check === 'nan' }
  const values = lambda.results.slice(0, outputs)
  const sources = lambda.results.slice(outputs + updates.length)
  const commits: Commit[] = updates.map((variable, k) => {
    const value = lambda.results[outputs + k]!
    return {
      shared: variable,
      from: freshPlace(`new ${variable.name ?? 'shared'}`, 'scratch', value.type, []),
    }
  })
  const stores: StoreTo[] = commits.map(({ from }, k) => ({
    value: lambda.results[outputs + k]!,
    place: from,
  }))
  const replaced = new Map(
    commits.map(({ shared: variable, from }) => [
      from.ref.buffer,
      lambda.params[inputs + shared.indexOf(variable)]!,
    ]),
  )
  const sizes = { late, sources }
  const places = scheduleBlock(block, stores, [...values, ...sources], scheduler, { replaced, sizes })
  return {
    steps: block.steps,
    outputs: places.slice(0, outputs),
    commits,
    late: late.symbols.map((symbol, i) => ({ symbol, place: places[outputs + i]! })),
    failures,
    errors: errorRecord,
  }
}

const errorRecord: Buffer = { name: 'errors', role: 'errors', dtype: 'int32', size: 4, depth: 0 }

interface Scheduler {
  readonly target: Target
  readonly estimate: (dim: Dim) => number
  readonly failures: FailureRecord[]
  /** Whether every float value gets memory, so that somebody may look at it. */
  readonly seesAll: boolean
}

/** What only the outermost block has. */
interface TopOfProgram {
  /** For the buffer of a new value the variable whose old one it replaces. */
  readonly replaced?: ReadonlyMap<Buffer, Variable>
  readonly sizes?: SizesMade
}

function scheduleBlock(
  block: Block,
  stores: readonly StoreTo[],
  wanted: readonly Variable[],
  scheduler: Scheduler,
  top: TopOfProgram = {},
): readonly Place[] {
  const scans = new Map<Apply, PreparedScan>()
  const decision = new Decision(
    block,
    stores,
    wanted,
    (node, reads) => {
      const prepared = prepareScan(block, node, reads)
      scans.set(node, prepared)
      return initialStores(prepared)
    },
    node => scheduler.seesAll || hasLongSum(node, scheduler.estimate),
    scheduler.seesAll,
    top.sizes,
  )
  for (const unit of groupUnits(decision, scheduler.estimate, top.replaced)) {
    if (unit.kind === 'scan') scheduleScan(block, scans.get(unit.node!)!, scheduler)
    else if (unit.kind === 'branch') scheduleBranch(block, unit.node!, scheduler)
    else if (unit.kind === 'effect') scheduleEffect(block, unit.node!)
    else scheduleKernel(unit, decision, scheduler)
  }
  return decision.wantedPlaces
}

function scheduleScan(block: Block, prepared: PreparedScan, scheduler: Scheduler): void {
  const { length, name, numbering } = prepared.node.params as ScanParams
  const { body, stores, exit } = bodyBlock(block, prepared)
  scheduleBlock(body, stores, [], scheduler)
  const repeat: Step<GroupTask> = {
    kind: 'repeat',
    trip: prepared.trip,
    count: length,
    name: name ?? 'scan',
    numbering,
    body: body.steps,
    exit,
  }
  block.steps.push(repeat)
}

/** Each side is a block of its own, and stores its results where those of the branch lie. */
function scheduleBranch(block: Block, node: Apply, scheduler: Scheduler): void {
  const { thenBody, elseBody } = node.params as BranchParams
  const side = ({ params, results }: Lambda): readonly Step<GroupTask>[] => {
    const inside = new Block(block.trips, block)
    for (const [i, param] of params.entries()) inside.places.set(param, block.placeOf(node.inputs[i + 1]!)!)
    const stores = results.flatMap((value, i) => {
      const place = block.placeOf(node.outputs[i]!)
      return place === null ? [] : [{ value, place }]
    })
    scheduleBlock(inside, stores, [], scheduler)
    return inside.steps
  }
  const condition = block.placeOf(node.inputs[0]!)!.ref
  block.steps.push({ kind: 'branch', condition, thenSteps: side(thenBody), elseSteps: side(elseBody) })
}

function scheduleEffect(block: Block, node: Apply): void {
  block.steps.push({ kind: 'host', node, value: block.placeOf(affected(node))! })
}

function scheduleKernel(unit: Unit, decision: Decision, scheduler: Scheduler): void {
  const { block } = decision
  const { target, estimate } = scheduler
  const { node, roots, expressions } = unit
  if (unit.kind === 'anchored' && node!.op.family.kind === 'contract')
    emitContraction(block, node!, roots[0]!.store, expressions[0]!, target, estimate, emit)
  else emit(block, groupOf(unit, block, scheduler))
}

function groupOf({ kind, node, roots, expressions }: Unit, block: Block, { failures }: Scheduler): Group {
  if (kind === 'map') return { kind: 'map', stores: roots.map(root => root.store), expressions }
  if (kind === 'check') {
    const size = indexedSize(node!)
    const ids = node!.inputs[indexInput(node!)]!
    failures.push({ node: node!, size, shape: ids.shape })
    return { kind: 'check', node: node!, ids, size, record: failures.length }
  }
  const store = roots[0]!.store
  switch (node!.op.family.kind) {
    case 'reduce':
      return { kind: 'reduce', node: node!, store }
    case 'scatter':
      return { kind: 'scatter', node: node!, store }
    case 'routine':
      return routineGroup(block, node!, store, failures)
    default:
      throw new Error(`internal: ${node!.op.name} does not anchor a kernel`)
  }
}

/** With memory that its runs need, for the whole batch, and a place in the error record if they can fail. */
function routineGroup(block: Block, node: Apply, store: StoreTo, failures: FailureRecord[]): Group {
  const { family, name } = node.op
  if (family.kind !== 'routine') throw new Error('internal: not a routine')
  const { shape } = node.outputs[0]!
  const batch = shape.slice(0, shape.length - family.core.output)
  const wanted = family.scratch?.(
    node.inputs.map(v => v.type),
    node.params,
  )
  const scratch = (wanted ?? []).map(({ dtype, shape: own }) =>
    freshPlace(`${name} scratch`, 'scratch', { dtype, shape: [...batch, ...own] }, block.trips),
  )
  if (family.failure === undefined) return { kind: 'routine', node, store, scratch, record: null }
  failures.push({ node, size: null, shape: batch })
  return { kind: 'routine', node, store, scratch, record: failures.length }
}

function emit(block: Block, group: Group): void {
  block.steps.push({
    kind: 'run',
    task: { group, placeOf: v => block.placeOf(v) },
    reads: [],
    writes: [],
    canFail: group.kind === 'check' || (group.kind === 'routine' && group.record !== null),
  })
}
