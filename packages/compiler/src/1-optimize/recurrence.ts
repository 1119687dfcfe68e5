/**
 * A scan taken apart, for the scan rules to change, and put together again.
 *
 * What the scan gives (`final`, `trajectory`, `stacked`) is represented by placeholder variables. A rule that finds another
 * way to compute one *defines* it as an ordinary graph over outer variables and other placeholders. `close` builds the
 * scan that is left and says what every output of the old node has become. Inside, everything is a graph over the
 * params; a rule replaces the next values and ys, and never changes a node.
 */
import {
  type Apply,
  applyScan,
  type Dim,
  equalType,
  lambda,
  type Numbering,
  type RematPolicy,
  type ScanParams,
  splitInputs,
  splitOutputs,
  splitResults,
  Variable,
} from '@arignote/graph'
import { view } from './build.js'
import { replaceIn, youngNodes } from './replace.js'

/** A constant or a sequence: outside, and inside. */
export interface Slot {
  outer: Variable
  readonly param: Variable
}

export interface Carry {
  readonly param: Variable
  readonly initial: Variable
  next: Variable
  /** Placeholders. */
  final: Variable
  readonly trajectory: Variable
}

export interface Stack {
  value: Variable
  /** Placeholder. */
  readonly stacked: Variable
}

/** What the value of a variable of the body depends on: a sum of these; 0 if on none of them. */
export const dependence = { constants: 1, sequences: 2, carries: 4 } as const

/** About the body as it was when they were asked for. */
export class Facts {
  constructor(
    readonly order: readonly Apply[],
    readonly dependsOn: ReadonlyMap<Variable, number>,
    /** How many nodes and results read a variable. */
    readonly users: ReadonlyMap<Variable, number>,
  ) {}

  /** Whether a variable of the body is the same in every step. */
  isInvariant(v: Variable): boolean {
    return (this.dependsOn.get(v) ?? 0) <= dependence.constants
  }

  /** Whether it varies, but not with what the steps before computed. */
  isOfSequences(v: Variable): boolean {
    const from = this.dependsOn.get(v) ?? 0
    return from >= dependence.sequences && from < dependence.carries
  }
}

const placeholder = (dtype: Variable['dtype'], shape: readonly Dim[]) =>
  new Variable({ dtype, shape }, null, 0, null)

export class Recurrence {
  readonly length: Dim
  readonly reverse: boolean
  readonly until: boolean
  readonly remat: RematPolicy
  readonly numbering: Numbering | null
  readonly name: string | null
  constants: Slot[]
  sequences: Slot[]
  carries: Carry[]
  ys: Stack[]
  /** Where it may stop early: what says that a step is the last one. */
  condition: Variable | null
  /** Whether any rule has changed anything. */
  changed = false
  /** For each output of the node that somebody reads, its placeholder. */
  readonly #outputs = new Map<Variable, Variable>()
  readonly #definitions = new Map<Variable, Variable>()
  readonly #firstId: number
  #facts: Facts | null = null
  #needed: ReadonlySet<Variable> | null = null

  constructor(
    readonly node: Apply,
    /** By the position of an output: whether anybody reads it. */
    isRead: (output: number) => boolean,
  ) {
    const { length, reverse, until, name, remat, numbering, body, counts } = node.params as ScanParams
    this.#firstId = placeholder('bool', []).id
    this.length = length
    this.reverse = reverse
    this.until = until
    this.remat = remat
    this.numbering = numbering
    this.name = name
    const outer = splitInputs(node.inputs, counts)
    const inner = splitInputs(body.params, counts)
    const outputs = splitOutputs(node.outputs, counts)
    const results = splitResults(body.results, node.params as ScanParams)
    const hold = (v: Variable) => {
      const place = placeholder(v.dtype, v.shape)
      if (isRead(v.index)) this.#outputs.set(v, place)
      return place
    }
    const slots = (outer: readonly Variable[], params: readonly Variable[]) =>
      params.map((param, i): Slot => ({ outer: outer[i]!, param }))
    this.constants = slots(outer.constants, inner.constants)
    this.sequences = slots(outer.sequences, inner.sequences)
    this.carries = inner.carries.map((param, i) => ({
      param,
      initial: outer.carries[i]!,
      next: results.nexts[i]!,
      final: hold(outputs.finals[i]!),
      trajectory: hold(outputs.trajectories[i]!),
    }))
    this.ys = outputs.ys.map((v, i) => ({ value: results.ys[i]!, stacked: hold(v) }))
    this.condition = results.condition
  }

  /** Every result of the body: next values, ys, and the condition if there is one. */
  get results(): readonly Variable[] {
    const { condition } = this
    return [
      ...this.carries.map(c => c.next),
      ...this.ys.map(y => y.value),
      ...(condition === null ? [] : [condition]),
    ]
  }

  /** Says how to compute what a placeholder stands for without the slot it belongs to. */
  define(place: Variable, value: Variable): void {
    if (!equalType(place.type, value.type)) throw new Error('internal: a scan output would change its type')
    this.#definitions.set(place, value)
    this.touch()
  }

  /** To be called after every change. */
  touch(): void {
    this.changed = true
    this.#facts = null
    this.#needed = null
  }

  /** Replaces variables of the body, params included. */
  replaceInside(replacement: ReadonlyMap<Variable, Variable>): void {
    const results = replaceIn(this.results, replacement)
    for (const [i, carry] of this.carries.entries()) carry.next = results[i]!
    for (const [i, y] of this.ys.entries()) y.value = results[this.carries.length + i]!
    if (this.condition !== null) this.condition = results.at(-1)!
    this.touch()
  }

  /** A new stacked output for a value of the body, or an existing one; its placeholder. */
  stack(value: Variable): Variable {
    const known = this.ys.find(y => y.value === value)
    if (known !== undefined) return known.stacked
    const stacked = placeholder(value.dtype, [this.length, ...value.shape])
    this.ys.push({ value, stacked })
    this.touch()
    return stacked
  }

  /** A new placeholder for the final value of a carry, whose old one is about to be defined by it. */
  renewFinal(carry: Carry): Variable {
    carry.final = placeholder(carry.final.dtype, carry.final.shape)
    this.touch()
    return carry.final
  }

  addSequence(outer: Variable, inner: Variable): Variable {
    const param = new Variable(inner.type, null, 0, inner.name)
    this.sequences.push({ outer, param })
    this.touch()
    return param
  }

  addConstant(outer: Variable): Variable {
    const param = new Variable(outer.type, null, 0, outer.name)
    this.constants.push({ outer, param })
    this.touch()
    return param
  }

  /** All steps' new values of a carry, in sequence order. */
  newValues({ trajectory }: Carry): Variable {
    return view.rows(trajectory, this.reverse ? 0 : 1, this.length)
  }

  /** The value that each step started from, in sequence order. */
  startValues({ trajectory }: Carry): Variable {
    return view.rows(trajectory, this.reverse ? 1 : 0, this.length)
  }

  /** The visited rows of a sequence. */
  visited({ outer }: Slot): Variable {
    return view.rows(outer, 0, this.length)
  }

  /** Placeholders that must still be computed by the scan, because what is read is defined over them. */
  needed(): ReadonlySet<Variable> {
    if (this.#needed !== null) return this.#needed
    const needed = new Set<Variable>()
    const pending = [...this.#outputs.values()]
    while (pending.length > 0) {
      const place = pending.pop()!
      if (needed.has(place)) continue
      needed.add(place)
      const value = this.#definitions.get(place)
      if (value === undefined) continue
      pending.push(value)
      for (const node of youngNodes([value], this.#firstId)) pending.push(...node.inputs)
    }
    this.#needed = needed
    return needed
  }

  facts(): Facts {
    if (this.#facts !== null) return this.#facts
    const dependsOn = new Map<Variable, number>()
    const users = new Map<Variable, number>()
    const use = (v: Variable) => users.set(v, (users.get(v) ?? 0) + 1)
    for (const { param } of this.constants) dependsOn.set(param, dependence.constants)
    for (const { param } of this.sequences) dependsOn.set(param, dependence.sequences)
    for (const { param } of this.carries) dependsOn.set(param, dependence.carries)
    const order = youngNodes(this.results, -1)
    for (const { inputs, outputs } of order) {
      let sum = 0
      for (let i = 0; i < inputs.length; i++) {
        sum |= dependsOn.get(inputs[i]!) ?? 0
        use(inputs[i]!)
      }
      for (let i = 0; i < outputs.length; i++) dependsOn.set(outputs[i]!, sum)
    }
    this.results.forEach(use)
    this.#facts = new Facts(order, dependsOn, users)
    return this.#facts
  }

  /** An invariant variable of the body as a variable of the graph around the scan. */
  outside(v: Variable): Variable {
    return replaceIn([v], new Map(this.constants.map(c => [c.param, c.outer])))[0]!
  }

  /** Whether its memory is to stay that of its states: nothing that is not read leaves it for all steps at once. */
  get keepsStatesOnly(): boolean {
    return this.remat === 'step'
  }

  /** What each output that is read has become. */
  close(): ReadonlyMap<Variable, Variable> {
    const image = new Map<Variable, Variable>()
    if (this.carries.length + this.ys.length > 0) {
      const slots = {
        constants: this.constants.map(c => c.outer),
        carries: this.carries.map(c => c.initial),
        sequences: this.sequences.map(s => s.outer),
      }
      const params = [...this.constants, ...this.carries, ...this.sequences].map(slot => slot.param)
      const body = lambda(params, this.results)
      const { length, reverse, until, name, remat, numbering } = this
      const { outputs } = applyScan(slots, body, { length, reverse, until, name, remat, numbering })
      const places = [
        ...this.carries.map(c => c.final),
        ...this.carries.map(c => c.trajectory),
        ...this.ys.map(y => y.stacked),
      ]
      for (const [i, place] of places.entries()) image.set(place, outputs[i]!)
    }
    // A definition reads placeholders that were live then, so what was defined last is known first.
    for (const [place, value] of [...this.#definitions].reverse())
      image.set(place, replaceIn([value], image)[0]!)
    return new Map([...this.#outputs].map(([output, place]) => [output, image.get(place)!]))
  }
}
