/**
 * Rules by their own definition: a pattern is data, so it can be made into random graphs that it matches; both sides of
 * the rule are then evaluated by the reference and compared.
 *
 * Graphs are made from the result downwards: everything is asked for a shape and a dtype, and gives null where it cannot.
 * Where a pattern says "anything" there may also be a literal, a broadcast or another view, so that rules with
 * conditions find something to apply to.
 */
import { compile } from '@arignote/compiler'
import type { NdArray, PatternNode, Rule, Variable } from '@arignote/graph'
import * as g from '@arignote/graph'
import { allocate, type DType, isFloat, s, scalarType } from '@arignote/loops'
import { mismatch } from './matchers.js'

/** Numbers in [0, 1), the same for the same seed. */
export type Random = () => number

export function randomOf(seed: number): Random {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let x = Math.imul(state ^ (state >>> 15), state | 1)
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61)
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32
  }
}

const below = (random: Random, n: number) => Math.floor(random() * n)
const pick = <T>(random: Random, list: readonly T[]): T => list[below(random, list.length)]!

interface Type {
  readonly shape: readonly number[]
  readonly dtype: DType
}

/** A random graph that looks like the pattern (its conditions may still fail); null if this seed leads nowhere. */
export function instantiate(pattern: PatternNode, seed: number): Variable | null {
  const random = randomOf(seed)
  const dtype = pick<DType>(random, ['float32', 'float32', 'float32', 'int32', 'bool'])
  const shape = Array.from({ length: below(random, 4) }, () => pick(random, [1, 2, 3, 4]))
  const captures = new Map<string, Variable>()
  return make(pattern, { shape, dtype }, { random, captures })
}

interface Context {
  readonly random: Random
  readonly captures: Map<string, Variable>
}

function make(pattern: PatternNode, type: Type, context: Context): Variable | null {
  switch (pattern.kind) {
    case 'anything':
      return remember(pattern.name, type, context, () => leaf(type, context.random))
    case 'literal':
      return isFloat(type.dtype) || Number.isInteger(pattern.value) ? fill(pattern.value, type) : null
    case 'of':
      return produce(
        pattern.op,
        type,
        context.random,
        (i, t) => make(pattern.inputs[i]!, t, context),
        pattern.inputs.length,
      )
    case 'made': {
      const op =
        typeof pattern.by === 'string' ? pick(context.random, families[pattern.by] ?? []) : { op: pattern.by }
      return op === undefined ? null : produce(op.op, type, context.random, (_, t) => leaf(t, context.random))
    }
    case 'oneOf':
      return make(pick(context.random, pattern.patterns), type, { ...context, captures: new Map() })
    case 'viewOf':
      return viewDownTo(pattern.pattern, type, context)
    case 'as':
      return remember(pattern.name, type, context, () => make(pattern.pattern, type, context))
    case 'suchThat': {
      const made = make(pattern.pattern, type, context)
      return made !== null && pattern.holds(made) ? made : null
    }
  }
}

/** As often as not a repetition along one axis, as of a sum under what was summed; else any view. */
function viewDownTo(pattern: PatternNode, type: Type, context: Context): Variable | null {
  const { random } = context
  const { shape, dtype } = type
  if (shape.length === 0 || random() < 0.5)
    return produce(pick(random, oneInput).op, type, random, (_, t) => make(pattern, t, context))
  const axis = below(random, shape.length)
  const inner = make(pattern, { shape: shape.toSpliced(axis, 1), dtype }, context)
  return inner === null ? null : g.expand(g.expandDims(inner, axis), shape)
}

/** What a name captured before, if it has this type. */
function remember(
  name: string,
  type: Type,
  { captures }: Context,
  build: () => Variable | null,
): Variable | null {
  const known = captures.get(name)
  if (known !== undefined) return g.equalType(known.type, type) ? known : null
  const made = build()
  if (made !== null) captures.set(name, made)
  return made
}

type AnyOp = g.AnyOp
const elementwise = [g.add, g.mul, g.neg, g.maximum] as const
const oneInput = [
  g.expand,
  g.expand,
  g.transpose,
  g.expandDims,
  g.squeeze,
  g.reshape,
  g.slice,
  g.pad,
] as const
const families: Partial<Record<string, readonly { readonly op: AnyOp }[]>> = {
  map: elementwise,
  view: [...oneInput, g.concatenate],
}

function fill(value: number, { shape, dtype }: Type): Variable {
  const data = g.convert(value, dtype === 'bool' ? 'int32' : dtype, 'literal')
  const scalar = g.cast(g.apply1(g.constant.op, [], data), dtype === 'bool' ? 'int32' : dtype)
  const source =
    dtype === 'bool' ? g.apply1(g.constant.op, [], { dtype, shape: [], data: Uint8Array.of(value) }) : scalar
  return shape.length === 0
    ? source
    : g.expand(
        g.expandDims(
          source,
          shape.map((_, axis) => axis),
        ),
        shape,
      )
}

let count = 0
const input = ({ shape, dtype }: Type) => new g.Variable({ shape, dtype }, null, 0, `x${count++}`)

/** An input, or something small that rules like to see. */
function leaf(type: Type, random: Random): Variable {
  const choice = random()
  if (choice < 0.5) return input(type)
  if (choice < 0.65) return fill(pick(random, type.dtype === 'bool' ? [0, 1] : [0, 1, 2, 4]), type)
  if (choice < 0.7) return constantOf(type, random)
  return produce(pick(random, oneInput).op, type, random, (_, t) => input(t)) ?? input(type)
}

function constantOf({ shape, dtype }: Type, random: Random): Variable {
  const size = shape.reduce((n, m) => n * m, 1)
  const repeated = random() < 0.3
  const numbers = Array.from({ length: size }, () =>
    repeated ? 1 : dtype === 'bool' ? below(random, 2) : below(random, 9) - 4,
  )
  const data =
    dtype === 'float32'
      ? Float32Array.from(numbers)
      : dtype === 'int32'
        ? Int32Array.from(numbers)
        : Uint8Array.from(numbers)
  return g.apply1(g.constant.op, [], { shape, dtype, data })
}

/** A node of the op with a result of the type. */
function produce(
  op: AnyOp,
  type: Type,
  random: Random,
  inputOf: (index: number, type: Type) => Variable | null,
  arity?: number,
): Variable | null {
  const apply = (types: readonly Type[], params: unknown): Variable | null => {
    const inputs = types.map((t, i) => inputOf(i, t))
    if (inputs.some(x => x === null)) return null
    const made = g.apply1(op as g.Op<unknown>, inputs as Variable[], params)
    return g.equalType(made.type, type) ? made : null
  }
  const { shape, dtype } = type
  const of = (other: readonly number[]): Type => ({ shape: other, dtype })
  const chance = () => random() < 0.5
  switch (op) {
    case g.constant.op:
      return constantOf(type, random)
    case g.cast.op:
      return apply(
        [{ shape, dtype: pick<DType>(random, ['bool', 'uint8', 'int32', 'float32', 'float64']) }],
        { dtype },
      )
    case g.named.op:
      return apply([type], { name: 'name' })
    case g.where.op:
      return apply([{ shape, dtype: 'bool' }, type, type], null)
    case g.not.op:
      return dtype === 'bool' ? apply([type], null) : null
    case g.eq.op:
    case g.neq.op:
    case g.lt.op:
    case g.le.op:
    case g.gt.op:
    case g.ge.op: {
      const operand = { shape, dtype: pick<DType>(random, ['bool', 'int32', 'float32']) }
      return dtype === 'bool' ? apply([operand, operand], null) : null
    }
    case g.transpose.op: {
      const axes = shape.map((_, axis) => axis).sort(() => random() - 0.5)
      return apply([of(shape.map((_, axis) => shape[axes.indexOf(axis)]!))], { axes })
    }
    case g.expandDims.op: {
      const axes = shape.flatMap((n, axis) => (n === 1 && random() < 0.8 ? [axis] : []))
      return axes.length === 0 ? null : apply([of(shape.filter((_, axis) => !axes.includes(axis)))], { axes })
    }
    case g.squeeze.op: {
      const axis = below(random, shape.length + 1)
      return apply([of([...shape.slice(0, axis), 1, ...shape.slice(axis)])], { axes: [axis] })
    }
    case g.expand.op:
      return apply([of(shape.map(n => (chance() ? 1 : n)))], { shape })
    case g.reshape.op: {
      const ones = chance() ? [1, ...shape] : shape.filter(n => n !== 1)
      return apply([of(chance() ? [shape.reduce((n, m) => n * m, 1)] : ones)], { shape })
    }
    case g.slice.op: {
      const whole = random() < 0.2
      const steps = shape.map(() => (whole ? 1 : pick(random, [1, 1, 2, -1])))
      const starts = shape.map((n, axis) => (whole ? 0 : below(random, 2) + (steps[axis]! < 0 ? n - 1 : 0)))
      const sizes = shape.map(
        (n, axis) => starts[axis]! + (steps[axis]! > 0 ? steps[axis]! * (n - 1) : 0) + 1,
      )
      return apply([of(whole ? shape : sizes.map(n => n + below(random, 2)))], {
        starts,
        steps,
        sizes: shape,
      })
    }
    case g.pad.op: {
      const along = below(random, shape.length)
      const before = shape.map((n, axis) => (axis === along ? below(random, n + 1) : 0))
      const inner = shape.map((n, axis) => (axis === along ? below(random, n - before[axis]! + 1) : n))
      const after = shape.map((n, axis) => n - before[axis]! - inner[axis]!)
      return apply([of(inner)], { before, after, value: dtype === 'bool' ? 0 : pick(random, [0, 0, 0, 1]) })
    }
    case g.concatenate.op: {
      if (shape.length === 0) return null
      const axis = below(random, shape.length)
      const first = below(random, shape[axis]! + 1)
      return apply([of(shape.with(axis, first)), of(shape.with(axis, shape[axis]! - first))], { axis })
    }
    case g.customGrad.op:
      return apply([type], { gradient: () => [] })
    case g.take.op:
      return take(type, random, inputOf)
    case g.contract.op:
      return contraction(type, random, apply)
    default:
      if (op.family.kind === 'reduce') return reduction(op, shape, dtype, random, apply)
      return isDefinedFor(op, type, arity)
        ? apply(
            Array.from({ length: arity ?? arityOf(op) }, () => type),
            null,
          )
        : null
  }
}

/** Some elements of four along the first axis; now and then the same one. */
function take(
  { shape, dtype }: Type,
  random: Random,
  inputOf: (index: number, type: Type) => Variable | null,
): Variable | null {
  if (shape.length === 0) return null
  const from = inputOf(0, { shape: shape.with(0, 4), dtype })
  const one = random() < 0.5 ? below(random, 4) : null
  const ids = Int32Array.from({ length: shape[0]! }, () => one ?? below(random, 4))
  const indices = one === null ? ids : fill(one, { shape: [shape[0]!], dtype: 'int32' })
  return from === null ? null : g.take(from, indices)
}

/** Whether a map has a meaning for a dtype: builders would have converted their arguments. */
function isDefinedFor({ family, ...op }: AnyOp, type: Type, arity = arityOf({ family, ...op })): boolean {
  if (family.kind !== 'map') return false
  const register = (_: unknown, i: number) => s.register({ name: `x${i}`, type: scalarType(type.dtype) })
  try {
    family.body(Array.from({ length: arity }, register), null, type)
    return true
  } catch {
    return false
  }
}

const arityOf = ({ name }: AnyOp) => (name === g.neg.op.name ? 1 : 2)

function reduction(
  op: AnyOp,
  shape: readonly number[],
  dtype: DType,
  random: Random,
  apply: (types: readonly Type[], params: unknown) => Variable | null,
): Variable | null {
  const ofBools = op === g.any.op || op === g.all.op
  if ((dtype === 'bool') !== ofBools) return null
  const whole = [...shape]
  const axis = below(random, shape.length + 1)
  whole.splice(axis, 0, pick(random, [1, 2, 3]))
  return apply([{ shape: whole, dtype }], { axes: [axis] })
}

/** Labels of the result stand in one operand or in both; there may be a summed one too. */
function contraction(
  { shape, dtype }: Type,
  random: Random,
  apply: (types: readonly Type[], params: unknown) => Variable | null,
): Variable | null {
  if (dtype === 'bool') return null
  const out = shape.map((_, axis) => axis)
  const sizes = [...shape, pick(random, [1, 2, 3])]
  const homes = sizes.map(() => pick(random, ['left', 'right', 'both'] as const))
  const side = (other: 'left' | 'right') =>
    sizes
      .map((_, label) => label)
      .filter(label => homes[label] !== other)
      .sort(() => random() - 0.5)
  const [left, right] = [side('right'), side('left')]
  const type = (labels: readonly number[]) => ({ shape: labels.map(label => sizes[label]!), dtype })
  return apply([type(left), type(right)], { left, right, out })
}

/**
 * Applies the rule to the graph. Null if it does not apply; otherwise what differs between the values of the two sides,
 * or an empty text.
 */
export function differenceMade(rule: Rule, before: Variable, seed: number): string | null {
  let fired = false
  const note = () => {
    fired = true
  }
  const [after] = g.rewrite([before], [rule], { trace: note })
  if (!fired) return null
  const inputs = g.freeVariables([before])
  const random = randomOf(seed)
  const f = compile(inputs, [before, after!], {
    optimize: false,
    backend: 'reference',
    onUnusedInput: 'ignore',
  })
  const [x, y] = f(...inputs.map(v => values(v, random))) as [NdArray, NdArray]
  return (
    mismatch(x, y, { scaled: before.dtype === 'float32' ? 1e-5 : before.dtype === 'float64' ? 1e-10 : 0 }) ??
    ''
  )
}

function values({ dtype, shape }: Variable, random: Random): NdArray {
  const sizes = shape as readonly number[]
  const data = allocate(
    dtype,
    sizes.reduce((n, m) => n * m, 1),
  )
  const number = {
    bool: () => below(random, 2),
    uint8: () => below(random, 256),
    int32: () => below(random, 600) - 300,
  }
  const real = () => random() * 4 - 2
  for (let i = 0; i < data.length; i++) data[i] = isFloat(dtype) ? real() : number[dtype]()
  return g.ndarrayOf(data, [...sizes])
}
