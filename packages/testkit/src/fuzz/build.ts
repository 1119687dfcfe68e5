/**
 * A program  →  its graph, and the arguments of its calls.
 */
import type { Pairs } from '@arignote/compiler'
import * as graph from '@arignote/graph'
import {
  type NdArray,
  ndarrayOf,
  type RandomStream,
  type Shared,
  type Tensor,
  type Value,
  type Variable,
} from '@arignote/graph'
import { allocate, isFloat } from '@arignote/loops'
import * as arignote from 'arignote'
import { randomOf } from '../rule-property.js'
import {
  type Arg,
  type Call,
  type Id,
  isRef,
  type Line,
  type Program,
  type Ref,
  type Scan,
  type Slot,
  type Source,
} from './program.js'

export interface Built {
  readonly inputs: readonly Variable[]
  readonly outputs: readonly Variable[]
  readonly updates: Pairs<Shared, Variable | Value>
  /** Of each call. */
  readonly args: readonly (readonly Value[])[]
}

type AnyFunction = (...args: readonly unknown[]) => unknown

/** Where values of a program are looked up while it becomes a graph. */
export class Environment {
  readonly values = new Map<Id, Variable>()
  #random: RandomStream | null = null

  get(id: Id): Variable {
    const v = this.values.get(id)
    if (v === undefined) throw new Unbound(id)
    return v
  }

  /** What a call returns, one element of it where it asks for one. */
  call({ fn, args, element }: Omit<Call, 'kind' | 'id'>): Variable {
    const result = this.#function(fn)(...args.map(arg => this.#resolve(arg)))
    return element === undefined
      ? (result as Variable)
      : (result as Readonly<Record<number | string, Variable>>)[element]!
  }

  #function(name: string): AnyFunction {
    const method = /^random\.(\w+)$/.exec(name)?.[1]
    if (method === undefined) return functionOf(name)
    this.#random ??= arignote.randomStream(7)
    const stream = this.#random as unknown as Record<string, AnyFunction>
    return (...args) => stream[method]!(...args)
  }

  #resolve(arg: Arg | undefined): unknown {
    if (isRef(arg)) return 'ref' in arg ? this.get(arg.ref) : this.get(arg.size).shape[arg.axis]
    if (Array.isArray(arg)) return arg.map(a => this.#resolve(a as Arg))
    if (typeof arg !== 'object' || arg === null) return arg
    return Object.fromEntries(Object.entries(arg).map(([key, a]) => [key, this.#resolve(a as Arg)]))
  }

  /** Runs a scan whose step is made by `body`, and binds what is asked of it. */
  scan(scan: Omit<Scan, 'lines'>, body: () => void): void {
    const { sequences, states, outputs } = scan
    const step = (own: Readonly<Record<string, Variable>>) => {
      for (const slot of [...sequences, ...states]) {
        const given = own[slotName(slot)]!
        slot.params.forEach((param, i) => {
          this.values.set(param, Array.isArray(given) ? given[i] : given)
        })
      }
      body()
      const results = Object.fromEntries([
        ...scan.states.map(s => [slotName(s), this.get(s.next)]),
        ...scan.outputs.map(o => [`y${o.value}`, this.get(o.value)]),
      ])
      return scan.until === null ? results : arignote.until(this.get(scan.until), results)
    }
    const visited = (from: Id, { taps }: Slot) =>
      taps === null ? this.get(from) : arignote.taps(this.get(from) as Tensor, taps)
    const histories = arignote.scan(
      step as never,
      {
        sequences: Object.fromEntries(sequences.map(s => [slotName(s), visited(s.from, s)])),
        state: Object.fromEntries(states.map(s => [slotName(s), visited(s.initial, s)])),
        ...this.options(scan.options),
      } as never,
    ) as Readonly<Record<string, { readonly all: Variable; readonly last: Variable }>>
    const bind = (name: string, { all, last }: { readonly all: Id | null; readonly last: Id | null }) => {
      if (all !== null) this.values.set(all, histories[name]!.all)
      if (last !== null) this.values.set(last, histories[name]!.last)
    }
    for (const s of states) bind(slotName(s), s)
    for (const o of outputs) bind(`y${o.value}`, o)
  }

  options({ steps, remat, ...others }: Scan['options']): object {
    const every = typeof remat === 'object' ? { every: this.number(remat.every) } : remat
    return {
      ...others,
      ...(steps === undefined ? {} : { steps: this.number(steps) }),
      ...(every === undefined ? {} : { remat: every }),
    }
  }

  number(n: number | Ref): number | Variable {
    if (typeof n === 'number') return n
    return 'ref' in n ? this.get(n.ref) : arignote.dim(this.get(n.size), n.axis)
  }

  run(lines: readonly Line[]): void {
    for (const line of lines) {
      if (line.kind === 'call') this.values.set(line.id, this.call(line))
      else this.scan(line, () => this.run(line.lines))
    }
  }
}

/** A value that nothing makes: what a careless shrinking may leave behind. */
export class Unbound extends Error {
  constructor(id: Id) {
    super(`nothing makes value ${id}`)
  }
}

export const nameOf = (id: Id) => `v${id}`

/** Under which a sequence or a state is handed to a step. */
export const slotName = ({ params }: Slot) => nameOf(params[0]!)

/** The public function of this name, else the one that other packages see. */
export function functionOf(name: string): AnyFunction {
  const found = isPublic(name) ? publicNames[name] : otherNames[name]
  if (typeof found !== 'function') throw new Error(`there is no function ${name}`)
  return found as AnyFunction
}

const publicNames: Readonly<Record<string, unknown>> = { ...arignote }
const otherNames: Readonly<Record<string, unknown>> = { ...graph }

export const isPublic = (name: string): boolean => name in publicNames

/** The leaf of a source. */
export function leafOf(source: Source, sizes: Program['sizes']): Variable {
  const { id, kind, dtype, shape } = source
  return kind === 'input'
    ? arignote.tensor(nameOf(id), { dtype, shape })
    : arignote.shared(valueOfSource(source, sizes, 0), nameOf(id), { dtype })
}

/** @throws whatever the library has against it */
export function build(program: Program): Built {
  const environment = new Environment()
  for (const source of program.sources) environment.values.set(source.id, leafOf(source, program.sizes))
  environment.run(program.lines)
  const inputs = program.sources.filter(source => source.kind === 'input')
  const argsOf = (call: number) => inputs.map(source => valueOfSource(source, program.sizes, call % 2))
  return {
    inputs: inputs.map(source => environment.get(source.id)),
    outputs: program.outputs.map(id => environment.get(id)),
    updates: program.updates.map(u => [environment.get(u.shared) as Shared, environment.get(u.value)]),
    args: Array.from({ length: program.calls }, (_, call) => argsOf(call)),
  }
}

/**
 * The value of a source in the first (0) or second (1) call. Reals are hundredths, so that they print shortly.
 */
export function valueOfSource(source: Source, sizes: Program['sizes'], call: number): NdArray {
  const { dtype, seed, low, high, whole } = source
  const shape = source.shape.map(n => (typeof n === 'number' ? n : sizes[n]![call]!))
  const random = randomOf(seed * 2 + call)
  const data = allocate(
    dtype,
    shape.reduce((n, m) => n * m, 1),
  )
  const integer = whole || !isFloat(dtype)
  for (let i = 0; i < data.length; i++) {
    data[i] = integer
      ? low + Math.floor(random() * (high - low + 1))
      : Math.round((low + random() * (high - low)) * 100) / 100
  }
  return ndarrayOf(data, shape)
}
