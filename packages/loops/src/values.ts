/**
 * Walking scalars. They are trees on paper and large, deep DAGs in memory, so nothing here recurses.
 *
 * `Values` numbers them by structure: equal numbers mean equal text, not equal results — a load or a register may
 * have changed between two statements, and whoever shares values across statements has to know.
 */
import type { Axis, BufferParam, Fold, Kernel, Register, SizeParam, Statement } from './kernel.js'
import type { Scalar } from './scalar.js'

const none: readonly Scalar[] = []

/** The scalars that a scalar is computed from. */
export function operandsOf(x: Scalar): readonly Scalar[] {
  switch (x.kind) {
    case 'load':
      return [x.index]
    case 'instruction':
    case 'intrinsic':
      return x.args
    default:
      return none
  }
}

/** A scalar without operands. */
export type Leaf = Extract<Scalar, { readonly kind: 'const' | 'axis' | 'size' | 'register' }>

export function isLeaf(x: Scalar): x is Leaf {
  return x.kind !== 'instruction' && x.kind !== 'load' && x.kind !== 'intrinsic'
}

/** Every object reachable from the roots, once, operands first. */
export function postorder(roots: Iterable<Scalar>, done: Set<Scalar> = new Set()): Scalar[] {
  const order: Scalar[] = []
  for (const root of roots) {
    const stack: { scalar: Scalar; operands: readonly Scalar[]; next: number }[] = []
    const visit = (scalar: Scalar) => {
      if (done.has(scalar)) return
      done.add(scalar)
      stack.push({ scalar, operands: operandsOf(scalar), next: 0 })
    }
    visit(root)
    while (stack.length > 0) {
      const top = stack[stack.length - 1]!
      const operand = top.operands[top.next++]
      if (operand !== undefined) visit(operand)
      else order.push(stack.pop()!.scalar)
    }
  }
  return order
}

/** The same scalar over other operands. */
export function withOperands(x: Scalar, operands: readonly Scalar[]): Scalar {
  if (operandsOf(x).every((old, i) => old === operands[i])) return x
  switch (x.kind) {
    case 'load':
      return { ...x, index: operands[0]! }
    case 'instruction':
    case 'intrinsic':
      return { ...x, args: operands }
    default:
      return x
  }
}

/** Rebuilds a scalar from the leaves up: `change` sees every node once, with its operands already changed. */
export function rewriteScalar(root: Scalar, change: (x: Scalar) => Scalar): Scalar {
  const changed = new Map<Scalar, Scalar>()
  for (const x of postorder([root])) {
    const operands = operandsOf(x).map(operand => changed.get(operand)!)
    changed.set(x, change(withOperands(x, operands)))
  }
  return changed.get(root)!
}

/** The scalars that a statement itself evaluates, not those of statements inside it. */
export function scalarsOf(statement: Statement): readonly Scalar[] {
  switch (statement.kind) {
    case 'loop':
      return [statement.begin, statement.end]
    case 'store':
      return [statement.index, statement.value]
    case 'declare':
    case 'assign':
      return [statement.value]
    case 'check':
      return [statement.ok, statement.value]
  }
}

export function foldScalars(fold: Fold): readonly Scalar[] {
  return [...fold.identity, ...fold.combine]
}

/** Every statement of a kernel, outer ones first. */
export function statementsOf(body: Kernel['body']): readonly Statement[] {
  const found: Statement[] = []
  collect(body, found)
  return found
}

function collect(body: Kernel['body'], found: Statement[]): void {
  for (let i = 0; i < body.length; i++) {
    const statement = body[i]!
    found.push(statement)
    if (statement.kind === 'loop') collect(statement.body, found)
  }
}

/** What a leaf refers to by identity. */
export type Nominal = Axis | Register | BufferParam | SizeParam

/** Numbers scalars such that two have the same number just when they have the same structure. */
export class Values {
  /** One scalar for each number. Its operands may be other objects than the representatives of their numbers. */
  readonly nodes: Scalar[] = []
  readonly #numbers = new Map<Scalar, number>()
  readonly #byKey = new Map<string, number>()
  readonly #nominals = new Map<Nominal, number>()
  readonly #seen = new Set<Scalar>()

  numberOf(root: Scalar): number {
    const known = this.#numbers.get(root)
    if (known !== undefined) return known
    for (const x of postorder([root], this.#seen)) this.#numbers.set(x, this.#intern(x))
    return this.#numbers.get(root)!
  }

  /** The numbers of the operands of a numbered value. */
  operands(value: number): number[] {
    return operandsOf(this.nodes[value]!).map(x => this.numberOf(x))
  }

  #intern(x: Scalar): number {
    const key = this.#key(x)
    const known = this.#byKey.get(key)
    if (known !== undefined) return known
    this.#byKey.set(key, this.nodes.length)
    return this.nodes.push(x) - 1
  }

  #key(x: Scalar): string {
    switch (x.kind) {
      case 'const':
        return `${x.type} ${Object.is(x.value, -0) ? '-0' : x.value}`
      case 'axis':
        return `axis ${this.#nominal(x.axis)}`
      case 'size':
        return `size ${this.#nominal(x.size)}`
      case 'register':
        return `register ${this.#nominal(x.register)}`
      case 'load':
        return `load ${this.#nominal(x.buffer)} ${this.#numbers.get(x.index)!}`
      case 'instruction':
      case 'intrinsic':
        return `${x.type} ${x.name} ${x.args.map(arg => this.#numbers.get(arg)!).join(' ')}`
    }
  }

  #nominal(x: Nominal): number {
    const known = this.#nominals.get(x)
    if (known !== undefined) return known
    this.#nominals.set(x, this.#nominals.size)
    return this.#nominals.size - 1
  }
}
