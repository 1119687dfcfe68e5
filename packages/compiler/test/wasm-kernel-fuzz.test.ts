import {
  type BufferParam,
  type Register,
  type Scalar,
  type ScalarType,
  type Statement,
  s,
  verifyKernel,
} from '@arignote/loops'
import { expect, test } from '@jest/globals'
import { agree, buffer, filled, kernel, loop, size } from './wasm-kernel-harness.js'

/** Random kernels, held to the interpreter: loops in loops, registers, stores, loads of every kind. */
class Fuzzer {
  readonly f = buffer('f', 'float32')
  readonly d = buffer('d', 'float64')
  readonly n = buffer('n', 'int32')
  readonly u = buffer('u', 'uint8')
  /** Read and written, but inside lanes loops. */
  readonly work = buffer('work', 'float32', 'readwrite')
  readonly out = buffer('out', 'float32', 'write')
  readonly long = buffer('long', 'float64', 'write')
  readonly size = size('size')
  #state: number
  #region = 0
  #names = 0
  #axes: { axis: Scalar; extent: number }[] = []
  #registers: Register[] = []
  #lane: Scalar | null = null
  /** Declared inside a lanes loop. */
  readonly #inner = new Set<Register>()
  #wide = false

  constructor(seed: number) {
    this.#state = seed
  }

  below(n: number): number {
    this.#state = (Math.imul(this.#state ^ (this.#state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) | 0
    return ((this.#state ^ (this.#state >>> 13)) >>> 0) % n
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!
  }

  /** An index below `limit`, of whatever form. */
  index(limit: number, depth: number): Scalar {
    const { axis, extent } = this.#axes.length > 0 ? this.pick(this.#axes) : { axis: s.int(0), extent: 1 }
    switch (this.below(6)) {
      case 0:
        return s.add(axis, this.below(4))
      case 1:
        return s.sub(s.int(extent + 3), axis)
      case 2:
        return s.add(s.mul(axis, this.below(3)), s.size(this.size))
      case 3:
        return s.and(s.add(s.load(this.n, s.add(axis, this.below(4))), axis), 31)
      case 4:
        return depth > 0 ? s.and(this.value('int32', depth - 1), limit / 2 - 1) : s.int(this.below(limit))
      default:
        return s.quot(s.mul(axis, 3), this.pick([1, 2, 4]))
    }
  }

  value(type: ScalarType, depth: number): Scalar {
    const named = this.#registers.filter(r => r.type === type)
    if (named.length > 0 && this.below(3) === 0) return s.register(this.pick(named))
    const next = (t: ScalarType) => this.value(t, depth - 1)
    if (depth <= 0) return this.leaf(type)
    switch (type) {
      case 'bool':
        return this.pick([
          () => s.lt(next('float32'), next('float32')),
          () => s.eq(next('int32'), next('int32')),
          () => s.not(next('bool')),
          () => s.and(next('bool'), next('bool')),
        ])()
      case 'int32':
        return this.pick([
          () => s.add(next('int32'), next('int32')),
          () => s.sub(next('int32'), next('int32')),
          () => s.max(next('int32'), next('int32')),
          () => s.rem(next('int32'), this.pick([s.int(5), next('int32')])),
          () => s.shrS(next('int32'), 2),
          () => s.select(next('bool'), next('int32'), next('int32')),
          () => s.and(s.cast(next('float32'), 'int32'), 1023),
        ])()
      default: {
        const convert = type === 'float32' ? (this.#wide ? 'float64' : 'int32') : 'float32'
        return this.pick([
          () => s.add(next(type), next(type)),
          () => s.sub(next(type), next(type)),
          () => s.mul(next(type), 0.5),
          () => s.min(next(type), this.pick([s.const(type, 1.5), next(type)])),
          () => s.select(next('bool'), next(type), next(type)),
          () => s.cast(next(convert), type as 'float32'),
          () => s.cast(next('bool'), type as 'float32'),
        ])()
      }
    }
  }

  leaf(type: ScalarType): Scalar {
    const at = () => this.index(64, 1)
    if (type === 'bool') return s.lt(s.load(this.u, at()), 100)
    if (type === 'int32')
      return this.below(2) === 0 ? s.load(this.pick([this.n, this.u]), at()) : this.index(64, 0)
    if (type === 'float64') return s.load(this.d, at())
    if (this.#lane === null && this.below(4) === 0) return s.load(this.work, at())
    return this.below(5) === 0 ? s.const('float32', this.below(9) - 4) : s.load(this.f, at())
  }

  types(): ScalarType[] {
    return ['float32', 'int32', 'bool', ...(this.#wide ? (['float64'] as const) : [])]
  }

  statements(depth: number): Statement[] {
    const before = this.#registers.length
    const body = Array.from({ length: 1 + this.below(4) }, () => this.statement(depth)).flat()
    this.#registers.length = before
    return body
  }

  statement(depth: number): Statement[] {
    const choice = this.below(depth > 0 ? 8 : 5)
    if (choice < 2) {
      const type = this.pick(this.types())
      const value = this.value(type, 2)
      const register: Register = { name: `r${this.#names++}`, type }
      this.#registers.push(register)
      if (this.#lane !== null) this.#inner.add(register)
      return [{ kind: 'declare', register, value }]
    }
    // Registers from outside a lanes loop keep their value in it.
    const own = this.#registers.filter(r => this.#lane === null || this.#inner.has(r))
    if (choice === 2 && own.length > 0) {
      const register = this.pick(own)
      return [{ kind: 'assign', register, value: this.value(register.type, 2) }]
    }
    if (choice < 5) return [this.store()]
    return this.loop(depth - 1)
  }

  store(): Statement {
    if (this.#lane === null && this.below(2) === 0) {
      return { kind: 'store', buffer: this.work, index: this.index(64, 1), value: this.value('float32', 3) }
    }
    const wide = this.#wide && this.below(2) === 0
    const region = s.int(128 * this.#region++)
    const own =
      this.#lane === null
        ? region
        : s.add(region, this.pick([this.#lane, s.sub(60, this.#lane), s.mul(this.#lane, 3)]))
    const to: BufferParam = wide ? this.long : this.out
    return { kind: 'store', buffer: to, index: own, value: this.value(wide ? 'float64' : 'float32', 3) }
  }

  loop(depth: number): Statement[] {
    const extent = this.pick([0, 1, 2, 3, 4, 7, 8, 13, 19])
    const isLanes = this.#lane === null && this.below(2) === 0
    // `size` is 3.
    const end = this.below(3) === 0 ? s.add(s.size(this.size), extent - 3) : s.int(extent)
    const step = isLanes ? 1 : this.pick([1, 1, 2])
    const outerWide = this.#wide
    if (isLanes) this.#wide = this.below(3) === 0
    const x = loop(
      end,
      { mode: isLanes ? 'lanes' : 'serial', jam: isLanes ? 1 + this.below(3) : 1, step },
      axis => {
        this.#axes.push({ axis, extent })
        const known = [...this.#registers]
        if (isLanes) this.#lane = axis
        const body = this.statements(depth)
        if (isLanes) this.#lane = null
        this.#registers.splice(0, this.#registers.length, ...known)
        this.#axes.pop()
        return body
      },
    )
    this.#wide = outerWide
    return [x]
  }

  check(): void {
    const body = this.statements(3)
    const params = [this.f, this.d, this.n, this.u, this.work, this.out, this.long, this.size]
    const k = kernel(params, body)
    verifyKernel(k)
    const data = (i: number) => Math.round(Math.sin(i * 12.9898) * 8)
    const regions = 128 * Math.max(1, this.#region)
    agree(k, [
      filled('float32', 128, data),
      filled('float64', 128, i => data(i + 7)),
      filled('int32', 128, i => data(i + 3)),
      filled('uint8', 128, i => 13 * i),
      filled('float32', 128, data),
      filled('float32', regions, () => 0),
      filled('float64', regions, () => 0),
      3,
    ])
  }
}

const rounds = Number(process.env.FUZZ ?? 200)

test(`${rounds} random kernels do what the interpreter does`, () => {
  for (let seed = 1; seed <= rounds; seed++) {
    try {
      new Fuzzer(seed * 7919).check()
    } catch (error) {
      throw new Error(`seed ${seed} fails`, { cause: error })
    }
  }
  expect(rounds).toBeGreaterThan(0)
})
