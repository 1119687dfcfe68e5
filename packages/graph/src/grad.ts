/**
 * Reverse-mode differentiation: a graph in, a graph out.
 *
 * One walk over a topological order, backwards. Each op turns the cotangents of its outputs into cotangents of its
 * inputs; what a variable receives is summed. A cotangent that is zero by structure is `null` and costs nothing; only
 * nodes on a path from `wrt` to the cost are visited; integers and bools carry no cotangent.
 */
import { isFloat } from '@arignote/loops'
import { sink, unsink } from './branch/sink.js'
import { formOf, type Wrt } from './form.js'
import { checkName, checkOptions, checkTensor } from './given.js'
import { checkCost, checkedAlike } from './grad-checks.js'
import {
  type Asked,
  disconnectedGradient,
  disconnectedMessage,
  gradientWithRespectToInteger,
  notDifferentiable,
  nothingToStartFrom,
} from './grad-errors.js'
import type { GradContext } from './op.js'
import { add } from './ops/arithmetic.js'
import { joinParts } from './ops/assemble.js'
import { ones, zerosLike } from './ops/source.js'
import { stabilized } from './rewrite/stable.js'
import { joinTwins } from './scan/twins.js'
import { topologicalOrder } from './traverse.js'
import { type Apply, type Variable, withOrigins } from './variable.js'

type GradientOf<V> = V extends Variable<infer D, infer R> ? Variable<D, R> : never

/** Gradients in the form of the variables: of a matrix a matrix, of a record a record. */
export type Gradients<W extends Wrt> = W extends Variable
  ? GradientOf<W>
  : { -readonly [K in keyof W]: GradientOf<W[K]> }

export interface GradOptions {
  /** Variables through which no gradient flows. */
  readonly considerConstant?: readonly Variable[]
  /** Gradients that are known already: they stand instead of what would be computed for these variables. */
  readonly knownGrads?: ReadonlyMap<Variable, Variable>
  /** What to do about a variable that the cost does not depend on; ignored ones get zeros. */
  readonly disconnectedInputs?: 'raise' | 'warn' | 'ignore'
}

/**
 * The gradient of a scalar cost.
 *
 * The cost may be null when `knownGrads` says where the gradient starts.
 */
export function grad<const W extends Wrt>(
  cost: Variable | null,
  wrt: W,
  options: GradOptions = {},
): Gradients<W> {
  checkOptions('grad', options, [...pullOptions, 'knownGrads'])
  const { knownGrads = new Map<Variable, Variable>() } = options
  if (cost !== null) checkCost('grad', cost)
  else if (knownGrads.size === 0) throw nothingToStartFrom()
  const known = [...knownGrads.keys()]
  checkedAlike('grad', ['known gradient', 'variable'], known, [...knownGrads.values()])
  const seeds = cost === null ? [] : [[cost, ones([], cost.dtype)] as const]
  const form = formOf(wrt)
  const asked: Asked = { operation: 'grad', what: 'cost', result: cost }
  return form.pack(pulledBack({ asked, seeds, known: knownGrads }, form.list, options)) as Gradients<W>
}

/**
 * The vector–Jacobian product: the gradient of Σ results · cotangents, for results of any shape.
 */
export function Lop<const W extends Wrt>(
  results: Variable | readonly Variable[],
  wrt: W,
  cotangents: Variable | readonly Variable[],
  options: Omit<GradOptions, 'knownGrads'> = {},
): Gradients<W> {
  checkOptions('Lop', options, pullOptions)
  const [list, form] = [formOf(results), formOf(wrt)]
  const weights = checkedAlike('Lop', ['cotangent', 'result'], list.list, list.unpack(cotangents))
  return form.pack(pullBack('Lop', list.list, form.list, weights, options)) as Gradients<W>
}

/** The same of lists, for those who have checked the cotangents; `operation` is who asks. */
export function pullBack(
  operation: string,
  results: readonly Variable[],
  wrt: readonly Variable[],
  cotangents: readonly Variable[],
  options: Omit<GradOptions, 'knownGrads'>,
): readonly Variable[] {
  const seeds = results.map((v, i) => [v, cotangents[i]!] as const)
  const result = results.length === 1 ? results[0]! : null
  const what = operation === 'hessian' || operation === 'hvp' ? 'cost' : 'result'
  return pulledBack({ asked: { operation, what, result }, seeds, known: new Map() }, wrt, options)
}

interface Question {
  /** For messages. */
  readonly asked: Asked
  readonly seeds: readonly (readonly [result: Variable, cotangent: Variable])[]
  readonly known: ReadonlyMap<Variable, Variable>
}

function pulledBack(
  { asked, seeds, known }: Question,
  wrt: readonly Variable[],
  options: GradOptions,
): readonly Variable[] {
  const { considerConstant = [], disconnectedInputs = 'raise' } = options
  checkName(asked.operation, 'way to take disconnectedInputs', disconnectedInputs, waysToTell)
  for (const v of wrt) checkTensor(asked.operation, v, 'what is differentiated by')
  for (const [v] of seeds) checkTensor(asked.operation, v, 'a result')
  const integer = wrt.find(v => !isFloat(v.dtype))
  if (integer !== undefined) throw gradientWithRespectToInteger(asked.operation, integer)
  const stopped = new Set<Apply>()
  const given = [...seeds.map(([v]) => v), ...known.keys()]
  const kept = [...wrt, ...considerConstant, ...known.keys()]
  const stable = stabilized(given, kept)
  const roots = sink(stable, { kept })
  const cotangents = seeds.map(([, cotangent]) => cotangent)
  const found = backward(roots, cotangents, wrt, { constants: considerConstant, known, stopped })
  const gradients = roots === stable ? found : unsunk(found)
  const walls = new Set([...[...stopped].flatMap(node => node.outputs), ...considerConstant])
  return gradients.map((gradient, i) => {
    const v = wrt[i]!
    if (gradient !== null) return gradient
    if (disconnectedInputs !== 'ignore' && !reaches(roots, v, walls)) {
      if (disconnectedInputs === 'raise') throw disconnectedGradient(asked, v)
      console.warn(disconnectedMessage(asked, v))
    }
    return zerosLike(v)
  })
}

function unsunk(found: readonly (Variable | null)[]): readonly (Variable | null)[] {
  const present = found.filter(v => v !== null)
  const flat = new Map(unsink(present).map((v, i) => [present[i]!, v]))
  return found.map(v => v && flat.get(v)!)
}

/** The options of all who ask for gradients. */
export const pullOptions: readonly string[] = ['considerConstant', 'disconnectedInputs']
const waysToTell = ['raise', 'warn', 'ignore']

/** Whether any path leads from the variable to the roots, other than through where gradients stop. */
function reaches(roots: readonly Variable[], from: Variable, walls: ReadonlySet<Variable>): boolean {
  const marked = new Set([from])
  for (const node of topologicalOrder(roots, walls)) {
    if (node.inputs.some(v => marked.has(v))) for (const output of node.outputs) marked.add(output)
  }
  return roots.some(v => marked.has(v))
}

export interface BackwardOptions {
  /** Variables through which no cotangent flows. */
  readonly constants?: Iterable<Variable>
  /** Cotangents that replace what would be computed. */
  readonly known?: ReadonlyMap<Variable, Variable>
  /** Receives the nodes that had a cotangent and let none through to some input that was asked about. */
  readonly stopped?: Set<Apply>
}

/** What an op's derivative is told besides `GradContext`: which inputs somebody asks about. Others may stay null. */
export interface WantedGradContext<P> extends GradContext<P> {
  readonly wanted: readonly boolean[]
}

/**
 * Given the cotangents of the results (null: zero), the cotangents of the variables (null: zero, no gradient flows).
 *
 * A variable that others among `wrt` depend on gets its total cotangent, and passes it on.
 */
export function backward(
  results: readonly Variable[],
  cotangents: readonly (Variable | null)[],
  wrt: readonly Variable[],
  options: BackwardOptions = {},
): readonly (Variable | null)[] {
  const { known = new Map<Variable, Variable>(), stopped } = options
  const constants = new Set(options.constants)
  const order = topologicalOrder(results)
  const path = pathFrom(wrt, order, constants)
  const sums = new Sums(known)
  results.forEach((v, i) => {
    const cotangent = cotangents[i] ?? null
    if (cotangent !== null && path.has(v)) sums.add(v, cotangent)
  })
  const twins = joinTwins(order)
  for (let i = order.length - 1; i >= 0; i--) {
    const node = order[i]!
    const wanted = node.inputs.map(v => path.has(v))
    if (!wanted.includes(true)) continue
    const ready = twins.arrive(
      node,
      node.outputs.map(v => (path.has(v) ? sums.total(v) : null)),
    )
    if (ready === null || ready.cotangents.every(v => v === null)) continue
    const flowing = pullNodeBack(ready.node, ready.cotangents, wanted)
    flowing.forEach((cotangent, j) => {
      if (!wanted[j]) return
      if (cotangent === null) stopped?.add(node)
      else sums.add(node.inputs[j]!, cotangent)
    })
  }
  return wrt.map(v => (path.has(v) ? sums.total(v) : null))
}

/** Every float variable that depends on one of `wrt` through float variables. */
function pathFrom(
  wrt: readonly Variable[],
  order: readonly Apply[],
  constants: ReadonlySet<Variable>,
): ReadonlySet<Variable> {
  const carries = (v: Variable) => isFloat(v.dtype) && !constants.has(v)
  const path = new Set(wrt.filter(carries))
  for (const node of order) {
    if (!node.inputs.some(v => path.has(v))) continue
    for (const output of node.outputs) if (carries(output)) path.add(output)
  }
  return path
}

function pullNodeBack(
  node: Apply,
  cotangents: readonly (Variable | null)[],
  wanted: readonly boolean[],
): readonly (Variable | null)[] {
  const { op, inputs, outputs, params } = node
  if (op.grad === undefined) throw notDifferentiable(node)
  const context: WantedGradContext<unknown> = { inputs, outputs, params, cotangents, wanted }
  const result = withOrigins(node.origins, () => op.grad!(context))
  result.forEach((cotangent, i) => {
    const input = inputs[i]!
    if (cotangent === null || !wanted[i]) return
    if (cotangent.dtype === input.dtype && cotangent.ndim === input.ndim) return
    throw new Error(`internal: the gradient of ${op.name} for input ${i} has not the type of the input`)
  })
  return result
}

/** What has arrived at each variable; added up when it is asked for. */
class Sums {
  private readonly terms = new Map<Variable, Variable[]>()

  constructor(private readonly known: ReadonlyMap<Variable, Variable>) {}

  add(v: Variable, term: Variable): void {
    const list = this.terms.get(v)
    if (list === undefined) this.terms.set(v, [term])
    else list.push(term)
  }

  total(v: Variable): Variable | null {
    const known = this.known.get(v)
    if (known !== undefined) return known
    const list = this.terms.get(v)
    if (list === undefined) return null
    const sumUp = () => joinParts(list).reduce((a, b) => add(a, b))
    const sum = v.owner === null ? sumUp() : withOrigins(v.owner.origins, sumUp)
    this.terms.set(v, [sum])
    return sum
  }
}
