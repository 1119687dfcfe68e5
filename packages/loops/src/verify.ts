/**
 * Verifying: a kernel says nothing that a back end cannot do. What it finds is our fault, never the user's.
 *
 * Axes are used inside their loops, registers after their declaration and with their type; operands have the types of
 * their instruction; buffers and sizes are parameters, and what is stored to may be written. A lanes loop assigns no outer
 * register but those of its folds, holds no lanes loop, and checks nothing.
 */
import { instructions, type ScalarType } from './instruction.js'
import type { Axis, BufferParam, Fold, Kernel, KernelParam, Loop, Register, Statement } from './kernel.js'
import { printScalar } from './print.js'
import { type Scalar, scalarType } from './scalar.js'
import { foldScalars, postorder } from './values.js'

/** Throws where a kernel is malformed. */
export function verifyKernel(kernel: Kernel): void {
  const verifier = new Verifier(kernel)
  verifier.range()
  verifier.block(kernel.body, { axes: new Set(), registers: new Set(), lanes: null })
}

/** What may be named at a statement. */
interface Scope {
  readonly axes: ReadonlySet<Axis>
  readonly registers: Set<Register>
  /** Of the lanes loop around: registers that are private to an iteration, or folded. */
  readonly lanes: Set<Register> | null
}

class Verifier {
  readonly #kernel: Kernel
  readonly #params: ReadonlySet<KernelParam>
  #where = 'its range'

  constructor(kernel: Kernel) {
    this.#kernel = kernel
    this.#params = new Set(kernel.params)
  }

  range(): void {
    const { range, body } = this.#kernel
    this.#require(this.#params.size === this.#kernel.params.length, 'a parameter occurs twice')
    if (range === null) return
    this.#require(this.#params.has(range.begin) && this.#params.has(range.end), 'its sizes are no parameters')
    this.#require(
      range.align >= 1 && Number.isInteger(range.align),
      `align ${range.align} is no positive integer`,
    )
    const [outermost] = body.filter(x => x.kind === 'loop')
    const isSize = (x: Scalar, size: KernelParam) => x.kind === 'size' && x.size === size
    const runs = outermost && isSize(outermost.begin, range.begin) && isSize(outermost.end, range.end)
    this.#require(runs === true, 'the outermost loop does not run over it')
  }

  block(body: readonly Statement[], scope: Scope): void {
    for (const x of body) {
      this.#where = titleOf(x)
      this.#statement(x, scope)
    }
  }

  #statement(x: Statement, scope: Scope): void {
    switch (x.kind) {
      case 'loop':
        this.#loop(x, scope)
        break
      case 'store':
        this.#scalar(x.index, scope, 'int32')
        this.#scalar(x.value, scope, scalarType(x.buffer.dtype))
        this.#writable(x.buffer)
        break
      case 'declare':
        this.#scalar(x.value, scope, x.register.type)
        this.#require(!scope.registers.has(x.register), `register ${x.register.name} is declared twice`)
        scope.registers.add(x.register)
        scope.lanes?.add(x.register)
        break
      case 'assign':
        this.#scalar(x.value, scope, x.register.type)
        this.#assignable(x.register, scope)
        break
      case 'check':
        this.#require(scope.lanes === null, 'a lanes loop cannot check')
        this.#require(x.code !== 0, 'code 0 means that nothing failed')
        this.#require(x.errors.dtype === 'int32', `errors are int32, not ${x.errors.dtype}`)
        this.#scalar(x.ok, scope, 'bool')
        this.#scalar(x.value, scope, 'int32')
        this.#writable(x.errors)
        break
    }
  }

  #loop(x: Loop, scope: Scope): void {
    this.#scalar(x.begin, scope, 'int32')
    this.#scalar(x.end, scope, 'int32')
    this.#require(!scope.axes.has(x.axis), `axis ${x.axis.name} is bound twice`)
    this.#require(x.step >= 1 && Number.isInteger(x.step), `step ${x.step} is no positive integer`)
    this.#require(x.jam >= 1 && Number.isInteger(x.jam), `jam ${x.jam} is no positive integer`)
    const isLanes = x.mode === 'lanes'
    this.#require(isLanes || (x.jam === 1 && x.folds.length === 0), 'only lanes loops jam and fold')
    this.#require(!isLanes || scope.lanes === null, 'a lanes loop is inside another')
    this.#require(!isLanes || x.step === 1, `a lanes loop goes by steps of 1, not ${x.step}`)
    for (const fold of x.folds) this.#fold(fold, scope)
    const folded = x.folds.flatMap(fold => fold.registers)
    const lanes = isLanes ? new Set(folded) : scope.lanes && new Set(scope.lanes)
    const inner = { axes: new Set(scope.axes).add(x.axis), registers: new Set(scope.registers), lanes }
    this.block(x.body, inner)
  }

  #fold(fold: Fold, scope: Scope): void {
    const { registers, identity, others, combine } = fold
    const isEven = [identity, others, combine].every(list => list.length === registers.length)
    this.#require(isEven, 'a fold has as many identities, others and combinations as registers')
    const inner = { ...scope, registers: new Set([...scope.registers, ...others]) }
    for (const [i, register] of registers.entries()) {
      this.#require(scope.registers.has(register), `folded register ${register.name} is not declared outside`)
      this.#require(others[i]!.type === register.type, `${others[i]!.name} is not a ${register.type}`)
      this.#scalar(identity[i]!, scope, register.type)
      this.#scalar(combine[i]!, inner, register.type)
    }
    const loads = postorder(foldScalars(fold)).some(x => x.kind === 'load')
    this.#require(!loads, 'a fold combines registers, and loads nothing')
  }

  #assignable(register: Register, { registers, lanes }: Scope): void {
    this.#require(registers.has(register), `register ${register.name} is not declared`)
    const isPrivate = lanes === null || lanes.has(register)
    this.#require(isPrivate, `register ${register.name} is shared by the iterations and not folded`)
  }

  #writable(buffer: BufferParam): void {
    this.#require(this.#params.has(buffer), `${buffer.name} is no parameter`)
    this.#require(buffer.access !== 'read', `${buffer.name} is only for reading`)
  }

  #scalar(root: Scalar, scope: Scope, type: ScalarType): void {
    for (const x of postorder([root])) this.#node(x, scope)
    this.#require(root.type === type, `${printScalar(root)} is ${root.type}, not ${type}`)
  }

  #node(x: Scalar, { axes, registers }: Scope): void {
    switch (x.kind) {
      case 'const':
        this.#constant(x)
        break
      case 'axis':
        this.#require(axes.has(x.axis), `axis ${x.axis.name} is used outside its loop`)
        break
      case 'size':
        this.#require(this.#params.has(x.size), `size ${x.size.name} is no parameter`)
        break
      case 'register':
        this.#require(registers.has(x.register), `register ${x.register.name} is not declared`)
        this.#require(x.type === x.register.type, `register ${x.register.name} is no ${x.type}`)
        break
      case 'load':
        this.#require(this.#params.has(x.buffer), `${x.buffer.name} is no parameter`)
        this.#require(x.buffer.access !== 'write', `${x.buffer.name} is only for writing`)
        this.#require(x.index.type === 'int32', `an index is ${x.index.type}`)
        this.#require(x.type === scalarType(x.buffer.dtype), `${x.buffer.name} holds no ${x.type}`)
        break
      case 'intrinsic':
        this.#require(
          x.args.every(arg => arg.type === x.type),
          `${x.name} of unlike types`,
        )
        break
      case 'instruction':
        this.#instruction(x)
        break
    }
  }

  #constant(x: Scalar & { kind: 'const' }): void {
    const { type, value } = x
    const isExact =
      type === 'float32'
        ? Object.is(Math.fround(value), value)
        : type === 'float64' || Number.isInteger(value)
    this.#require(isExact && (type !== 'int32' || (value | 0) === value), `${value} is no ${type}`)
    this.#require(type !== 'bool' || value === 0 || value === 1, `${value} is no bool`)
  }

  #instruction(x: Scalar & { kind: 'instruction' }): void {
    const { arity, accepts, result } = instructions[x.name]
    this.#require(x.args.length === arity, `${x.name} has ${x.args.length} operands`)
    const isShift = x.name === 'shl' || x.name === 'shrS' || x.name === 'shrU'
    const alike = x.name === 'select' ? x.args.slice(1) : isShift ? x.args.slice(0, 1) : x.args
    const { type } = alike[0]!
    const isDefined =
      (accepts as readonly ScalarType[]).includes(type) && alike.every(arg => arg.type === type)
    this.#require(isDefined, `${x.name} of ${x.args.map(arg => arg.type).join(', ')}`)
    this.#require(x.type === (result === 'same' ? type : result), `${x.name} of ${type} gives no ${x.type}`)
    if (x.name === 'select') this.#require(x.args[0]!.type === 'bool', 'select needs a bool condition')
    if (isShift) this.#require(x.args[1]!.type === 'int32', `${x.name} needs an int32 count`)
  }

  #require(condition: boolean, message: string): void {
    if (!condition) throw new Error(`internal: kernel ${this.#kernel.name}, ${this.#where}: ${message}`)
  }
}

function titleOf(x: Statement): string {
  switch (x.kind) {
    case 'loop':
      return `loop over ${x.axis.name}`
    case 'store':
      return `store to ${x.buffer.name}`
    case 'check':
      return `check ${x.code}`
    default:
      return `${x.kind} ${x.register.name}`
  }
}
