/**
 * The gradient of a scan: a scan in the other direction.
 *
 *   constants   what the backward step needs of the surroundings (found by closure conversion)
 *   carries     [...cotangents of the states, ...accumulators of the constants' gradients]
 *   sequences   [...values each step started from, ...slices, ...kept values, ...rows of the outputs' cotangents]
 *   finals      gradients of the initial states, then of the constants
 *   ys          gradients of the sequences
 *
 * All rows are in sequence order in both scans, so the row of step t is row t everywhere. An accumulator's next value is
 * add(accumulator, contribution). States without a cotangent (see `activate`), and integers, have no part in it; a
 * cotangent that every step hands on unchanged is a constant.
 *
 * Of a scan with `last` only so many steps are gone back over, those that were visited last. What arrives before them is
 * the gradient of the initial states only if there were no others.
 */
import { isFloat } from '@arignote/loops'
import { backward, type WantedGradContext } from '../grad.js'
import type { GradContext } from '../op.js'
import { add } from '../ops/arithmetic.js'
import { where } from '../ops/select.js'
import { zerosLike } from '../ops/source.js'
import { dependents, freeVariables, substitute } from '../traverse.js'
import { type Apply, Variable } from '../variable.js'
import { closeOver } from './closure.js'
import { insideBody } from './inside.js'
import { applyScan, extendScan, type ScanParams, splitInputs, splitOutputs, splitResults } from './op.js'
import { valuesToKeep } from './residuals.js'
import { retrace } from './retrace.js'
import { cotangentRow, initialRow, newRows, startRows } from './rows.js'
import { countedSteps } from './until.js'

type Slot = Variable | null

/** The gradient rule of `scanOp`. */
export function scanGradient(
  context: GradContext<ScanParams> & Partial<WantedGradContext<ScanParams>>,
): readonly Slot[] {
  const { inputs, outputs, params, cotangents } = context
  const wanted = inputs.map((v, i) => isFloat(v.dtype) && (context.wanted?.[i] ?? true))
  const active = activate(outputs[0]!.owner!, cotangents, wanted)
  if (active === null) return inputs.map(() => null)
  const { counts, reverse, body } = params
  const course = retrace(outputs[0]!.owner!)
  const flow = splitInputs(active.gradients, counts)
  const arrivedLast = (index: number) => cotangents[index] ?? zerosLike(inputs[counts.constants + index]!)
  const isCopied = ({ index, arriving }: Carried) => flow.carries[index] === arriving
  const carried = active.carried.filter(c => !isCopied(c))
  const copied = active.carried.filter(isCopied)
  const accumulated = flow.constants.flatMap((g, i) =>
    g === null ? [] : [{ index: i, contribution: g, total: like(body.params[i]!) }],
  )
  const stacked = flow.sequences.flatMap((g, i) => (g === null ? [] : [{ index: i, gradient: g }]))
  const results = [
    ...carried.map(({ index }) => flow.carries[index] ?? zerosLike(bodyCarry(params, index))),
    ...accumulated.map(({ contribution, total }) => add(total, contribution)),
    ...stacked.map(({ gradient }) => gradient),
  ]
  const own = [...carried.map(c => c.arriving), ...accumulated.map(a => a.total)]
  const read = readForward(
    outputs[0]!.owner!,
    results,
    new Map(copied.map(c => [c.arriving, arrivedLast(c.index)])),
  )
  const sequences = [...read.sequences, ...active.sequences].filter(({ slice }) => read.uses(slice))
  const initial = [
    ...carried.map(({ index }) => arrivedLast(index)),
    ...accumulated.map(({ index }) => zerosLike(inputs[index]!)),
  ]
  const { finals, ys } = runBackward()
  return assemble()

  function runBackward() {
    const [nexts, gradients] = [read.results.slice(0, own.length), read.results.slice(own.length)]
    const plain = { params: own, initial, nexts, ys: gradients }
    const counted = course.steps === null ? null : countedSteps(plain, course.steps)
    const step = counted?.step ?? plain
    const closed = closeOver(
      [...step.params, ...sequences.map(s => s.slice)],
      [...step.nexts, ...step.ys, ...(counted === null ? [] : [counted.isLast])],
    )
    const node = applyScan(
      { constants: closed.constants, carries: step.initial, sequences: sequences.map(s => s.stack()) },
      closed.body,
      {
        length: course.length,
        reverse: !reverse,
        until: counted !== null,
        name: params.name === null ? null : `${params.name} gradient`,
        remat: params.remat,
      },
    )
    const split = splitOutputs(node.outputs, { carries: step.nexts.length })
    return { finals: split.finals.slice(counted === null ? 0 : 1), ys: split.ys }
  }

  function assemble(): readonly Slot[] {
    const result: Slot[] = inputs.map(() => null)
    const { reachesStart } = course
    const settle = (index: number, arrived: Variable) => {
      const through = reachesStart === true ? arrived : where(reachesStart, arrived, 0)
      const trajectory = cotangents[counts.carries + index] ?? null
      const atStart = trajectory === null ? null : cotangentRow(trajectory, initialRow(params))
      result[counts.constants + index] = atStart === null ? through : add(through, atStart)
    }
    carried.forEach(({ index }, i) => {
      settle(index, finals[i]!)
    })
    for (const { index } of copied) settle(index, arrivedLast(index))
    accumulated.forEach(({ index }, i) => {
      result[index] = finals[carried.length + i]!
    })
    stacked.forEach(({ index }, i) => {
      const at = counts.constants + counts.carries + index
      result[at] = course.write(ys[i]!, inputs[at]!.shape[0]!)
    })
    return result.map((v, i) => (wanted[i] ? v : null))
  }
}

interface Sequence {
  /** The param of the backward body. */
  readonly slice: Variable
  /** The rows it visits, made once it is known that they are read. */
  readonly stack: () => Variable
}

interface Carried {
  readonly index: number
  /** The param of the backward body: what later steps say about the state. */
  readonly arriving: Variable
}

interface Activity {
  /** States with a cotangent. */
  readonly carried: readonly Carried[]
  /** Cotangents of the body's params, as graphs over its variables, `arriving` and the slices of `sequences`. */
  readonly gradients: readonly Slot[]
  /** The rows of the outputs' cotangents. */
  readonly sequences: readonly Sequence[]
}

/**
 * Differentiates the body. A state takes part if what is asked for influences it and a cotangent reaches it: at the end,
 * in its trajectory, or by way of another state or an output, which takes a fixpoint to find. Null: nothing flows.
 */
function activate(node: Apply, cotangents: readonly Slot[], wanted: readonly boolean[]): Activity | null {
  const params = node.params as ScanParams
  const { body, counts } = params
  const course = retrace(node)
  const arrived = splitOutputs(cotangents, counts)
  const influenced = influencedCarries(params, wanted)
  const wrt = body.params.filter((_, i) => wanted[i] || influenced.has(i - counts.constants))
  const sequences: Sequence[] = []
  const slot = (type: Variable, stack: () => Variable): Variable => {
    const slice = like(type)
    sequences.push({ slice, stack })
    return slice
  }
  const carried = new Map<number, Variable>()
  const seeds: Slot[] = body.results.map(() => null)
  const carry = (index: number) => {
    const result = body.results[index]!
    const arriving = like(result)
    carried.set(index, arriving)
    const trajectory = arrived.trajectories[index] ?? null
    const stack = trajectory === null ? null : course.cotangent(trajectory, newRows(params))
    seeds[index] =
      stack === null
        ? arriving
        : add(
            arriving,
            slot(result, () => stack),
          )
  }
  for (const index of influenced) if (arrived.finals[index] || arrived.trajectories[index]) carry(index)
  arrived.ys.forEach((cotangent, i) => {
    const result = body.results[counts.carries + i]!
    if (cotangent !== null && isFloat(result.dtype))
      seeds[counts.carries + i] = slot(result, () => course.read(cotangent, 0))
  })
  for (;;) {
    const found = insideBody(() => backward(body.results, seeds, wrt))
    const gradients = body.params.map(v => found[wrt.indexOf(v)] ?? null)
    const reached = [...influenced].filter(
      index => !carried.has(index) && gradients[counts.constants + index],
    )
    if (reached.length === 0) {
      const flows = carried.size > 0 || gradients.some(g => g !== null)
      return flows
        ? { carried: [...carried].map(([index, arriving]) => ({ index, arriving })), gradients, sequences }
        : null
    }
    reached.forEach(carry)
  }
}

/** The float states whose value depends on an input that somebody asks about. */
function influencedCarries({ body, counts }: ScanParams, wanted: readonly boolean[]): ReadonlySet<number> {
  const roots = new Set(body.params.filter((_, i) => wanted[i]))
  for (;;) {
    const reached = dependents(body.results, roots)
    const before = roots.size
    for (let i = 0; i < counts.carries; i++) {
      const next = body.results[i]!
      if (isFloat(next.dtype) && reached.has(next)) roots.add(body.params[counts.constants + i]!)
    }
    if (roots.size === before) break
  }
  const indices = Array.from({ length: counts.carries }, (_, i) => i)
  return new Set(indices.filter(i => roots.has(body.params[counts.constants + i]!)))
}

interface ForwardReads {
  readonly results: readonly Variable[]
  readonly sequences: readonly Sequence[]
  uses(v: Variable): boolean
}

/** Rewrites graphs over the forward body into graphs over the surroundings and rows of what the forward scan stacked. */
function readForward(
  node: Apply,
  results: readonly Variable[],
  known: ReadonlyMap<Variable, Variable>,
): ForwardReads {
  const params = node.params as ScanParams
  const { body, counts } = params
  const course = retrace(node)
  const replacement = new Map(known)
  const sequences: Sequence[] = []
  const read = (v: Variable, stack: () => Variable) => {
    const slice = like(v)
    replacement.set(v, slice)
    sequences.push({ slice, stack })
  }
  const own = splitInputs(body.params, counts)
  const given = splitInputs(node.inputs, counts)
  own.constants.forEach((v, i) => {
    replacement.set(v, given.constants[i]!)
  })
  own.carries.forEach((v, i) => {
    read(v, () => course.read(extended().trajectories[i]!, startRows(params)))
  })
  own.sequences.forEach((v, i) => {
    read(v, () => (course.isPartial ? course.read(given.sequences[i]!, 0) : given.sequences[i]!))
  })
  const kept = valuesToKeep(params, results)
  for (const v of kept) {
    const carry = body.results.slice(0, counts.carries).indexOf(v)
    read(v, () =>
      carry < 0 ? course.read(stackOf(v), 0) : course.read(extended().trajectories[carry]!, newRows(params)),
    )
  }
  const rewritten = substitute(results, replacement)
  const used = new Set(freeVariables(rewritten))
  const { nexts, ys } = splitResults(body.results, params)
  const extra = kept.filter(v => used.has(replacement.get(v)!) && ![...nexts, ...ys].includes(v))
  const forward = extendScan(node, extra)
  const extended = () => splitOutputs(forward.outputs, counts)
  const stackOf = (v: Variable) => {
    const known = ys.indexOf(v)
    return extended().ys[known < 0 ? ys.length + extra.indexOf(v) : known]!
  }
  return { results: rewritten, sequences, uses: v => used.has(v) }
}

const like = (v: Variable): Variable => new Variable(v.type, null, 0, v.name)
const bodyCarry = ({ body, counts }: ScanParams, index: number): Variable =>
  body.params[counts.constants + index]!
