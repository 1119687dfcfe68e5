/**
 * A slow, obvious evaluator of kernels: the oracle for every emitter. Lanes loops run as serial loops.
 *
 * A scalar is flattened once into a list of closures over an array of slots, and then run for each element.
 */

import type { DType, TypedArray } from './dtype.js'
import { constantValue, meaningOf, type Value } from './evaluate.js'
import type { ScalarType } from './instruction.js'
import type { Axis, BufferParam, Kernel, Loop, Register, SizeParam, Statement } from './kernel.js'
import { type Scalar, s, scalarType } from './scalar.js'
import { postorder } from './values.js'

/** Elements of a typed array, from `offset` (counted in elements) on. */
export interface BufferArgument {
  readonly array: TypedArray
  readonly offset: number
}

export type KernelArgument = TypedArray | BufferArgument | number

/** What the leaves of a scalar stand for. */
export interface Environment {
  readonly axes: ReadonlyMap<Axis, number>
  readonly sizes: ReadonlyMap<SizeParam, number>
  readonly registers: ReadonlyMap<Register, Value>
  readonly buffers: ReadonlyMap<BufferParam, BufferArgument>
}

type Evaluator = (environment: Environment) => Value

const evaluators = new WeakMap<Scalar, Evaluator>()

/** The value of a scalar: a number (bools are 0 or 1), or a bigint where it is an int64. */
export function evaluateScalar(scalar: Scalar, environment: Environment): Value {
  const evaluator = evaluators.get(scalar) ?? compileScalar(scalar)
  evaluators.set(scalar, evaluator)
  return evaluator(environment)
}

function compileScalar(root: Scalar): Evaluator {
  const order = postorder([root])
  const slotOf = new Map(order.map((x, slot) => [x, slot]))
  const slots: Value[] = order.map(x => (x.kind === 'const' ? constantValue(x.type, x.value) : 0))
  const steps: Evaluator[] = []
  const targets: number[] = []
  for (const [slot, x] of order.entries()) {
    if (x.kind === 'const') continue
    steps.push(compileNode(x, slots, y => slotOf.get(y)!))
    targets.push(slot)
  }
  return environment => {
    for (let i = 0; i < steps.length; i++) slots[targets[i]!] = steps[i]!(environment)
    return slots[order.length - 1]!
  }
}

function compileNode(
  x: Exclude<Scalar, { kind: 'const' }>,
  slots: readonly Value[],
  slotOf: (x: Scalar) => number,
): Evaluator {
  switch (x.kind) {
    case 'axis':
      return ({ axes }) => known(axes.get(x.axis), x.axis.name)
    case 'size':
      return ({ sizes }) => known(sizes.get(x.size), x.size.name)
    case 'register':
      return ({ registers }) => known(registers.get(x.register), x.register.name)
    case 'load': {
      const index = slotOf(x.index)
      return ({ buffers }) => read(x.buffer, buffers, slots[index] as number)
    }
    default: {
      const f: (...operands: Value[]) => Value = meaningOf(x)
      const [a, b, c] = x.args.map(slotOf)
      if (b === undefined) return () => f(slots[a!]!)
      if (c === undefined) return () => f(slots[a!]!, slots[b]!)
      return () => f(slots[a!]!, slots[b]!, slots[c]!)
    }
  }
}

function known<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw new Error(`internal: ${name} has no value here`)
  return value
}

function read(buffer: BufferParam, buffers: Environment['buffers'], index: number): number {
  const { array, offset } = known(buffers.get(buffer), buffer.name)
  const value = array[offset + index]
  if (value === undefined) throw new Error(`internal: ${buffer.name}[${index}] is out of range`)
  return buffer.dtype === 'bool' ? Number(value !== 0) : value
}

/** Runs a kernel on arguments in the order of its parameters: typed arrays for buffers, numbers for sizes. */
export function interpretKernel(kernel: Kernel, args: readonly KernelArgument[]): void {
  if (args.length !== kernel.params.length)
    throw new Error(`internal: ${kernel.name} takes ${kernel.params.length} arguments`)
  const run = new Run()
  for (const [i, param] of kernel.params.entries()) run.bind(param, args[i]!)
  run.block(kernel.body)
}

class Run implements Environment {
  readonly axes = new Map<Axis, number>()
  readonly sizes = new Map<SizeParam, number>()
  readonly registers = new Map<Register, Value>()
  readonly buffers = new Map<BufferParam, BufferArgument>()

  bind(param: Kernel['params'][number], argument: KernelArgument): void {
    if (param.kind === 'size' && typeof argument === 'number') this.sizes.set(param, argument)
    else if (param.kind === 'buffer' && typeof argument !== 'number') {
      this.buffers.set(param, 'array' in argument ? argument : { array: argument, offset: 0 })
    } else throw new Error(`internal: an argument for ${param.kind} ${param.name} is expected`)
  }

  block(body: readonly Statement[]): void {
    for (const x of body) this.#statement(x)
  }

  #statement(x: Statement): void {
    switch (x.kind) {
      case 'loop':
        this.#loop(x)
        break
      case 'store':
        this.#write(x.buffer, this.#number(x.index), this.#number(x.value))
        break
      case 'declare':
      case 'assign':
        this.registers.set(x.register, evaluateScalar(x.value, this))
        break
      case 'check':
        if (this.#number(x.ok) !== 0 || read(x.errors, this.buffers, 0) !== 0) break
        this.#write(x.errors, 0, x.code)
        this.#write(x.errors, 1, this.#number(x.value))
    }
  }

  #loop(x: Loop): void {
    const end = this.#number(x.end)
    for (let i = this.#number(x.begin); i < end; i += x.step) {
      this.axes.set(x.axis, i)
      this.block(x.body)
    }
    this.axes.delete(x.axis)
  }

  #number(x: Scalar): number {
    return evaluateScalar(x, this) as number
  }

  #write(buffer: BufferParam, index: number, value: number): void {
    const { array, offset } = known(this.buffers.get(buffer), buffer.name)
    if (offset + index < 0 || offset + index >= array.length)
      throw new Error(`internal: ${buffer.name}[${index}] is out of range`)
    array[offset + index] = value
  }
}

const nothing: Omit<Environment, 'registers'> = { axes: new Map(), sizes: new Map(), buffers: new Map() }

/** A function of scalars as a function of numbers, for evaluating the body of a map element by element. */
export function evaluateBody(
  body: (...args: Scalar[]) => Scalar,
  argTypes: readonly (DType | ScalarType)[],
): (...args: number[]) => number {
  const registers = argTypes.map(
    (type, i): Register => ({ name: `x${i}`, type: type === 'int64' ? type : scalarType(type) }),
  )
  const evaluator = compileScalar(body(...registers.map(register => s.register(register))))
  const environment = { ...nothing, registers: new Map<Register, Value>() }
  return (...args) => {
    for (const [i, register] of registers.entries()) environment.registers.set(register, args[i]!)
    return Number(evaluator(environment))
  }
}
