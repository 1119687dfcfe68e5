/**
 * A program  →  a test in TypeScript that can be pasted into a suite and shows the same disagreement.
 */
import { convert, type Value } from '@arignote/graph'
import { isPublic, nameOf, slotName, valueOfSource } from './build.js'
import {
  type Arg,
  type Id,
  isRef,
  type Line,
  type Program,
  type Ref,
  type Scan,
  type Slot,
  type Source,
} from './program.js'

/** `head` are lines of comment above it. */
export function printTest(program: Program, title: string, head: readonly string[] = []): string {
  const printer = new Printer(program)
  const body = printer.body()
  const imports = [
    "import { expect, test } from '@jest/globals'",
    "import * as A from 'arignote'",
    ...(printer.usesGraph ? ["import * as G from '@arignote/graph'"] : []),
    "import { agree } from '@arignote/testkit'",
  ]
  const text = [
    ...head.map(line => `// ${line}`),
    ...imports,
    '',
    `test(${JSON.stringify(title)}, () => {`,
    ...body.map(line => `  ${line}`),
    `  expect(() => ${printer.agreement()}).not.toThrow()`,
    '})',
  ]
  return `${text.join('\n')}\n`
}

class Printer {
  usesGraph = false
  #usesRandom = false
  #prints = false

  constructor(private readonly program: Program) {}

  body(): readonly string[] {
    const leaves = this.program.sources.map(source => this.#source(source))
    const lines = this.#lines(this.program.lines)
    return [...(this.#usesRandom ? ['const random = A.randomStream(7)'] : []), ...leaves, ...lines]
  }

  agreement(): string {
    const { sources, outputs, updates, sizes, calls } = this.program
    const inputs = sources.filter(source => source.kind === 'input')
    const args = Array.from(
      { length: calls },
      (_, call) => `[${inputs.map(source => printValue(source, sizes, call % 2)).join(', ')}]`,
    )
    const options = [
      ...(updates.length === 0
        ? []
        : [`updates: [${updates.map(u => `[${nameOf(u.shared)}, ${nameOf(u.value)}]`).join(', ')}]`]),
      ...(calls === 1 ? [] : [`further: [${args.slice(1).join(', ')}]`]),
      "onUnusedInput: 'ignore'",
      ...(this.#prints ? ['onPrint: () => {}'] : []),
    ]
    const names = `[${inputs.map(source => nameOf(source.id)).join(', ')}]`
    const results = `[${outputs.map(nameOf).join(', ')}]`
    return `agree(${names}, ${results}, ${args[0]}, { ${options.join(', ')} })`
  }

  #source(source: Source): string {
    const { id, kind, dtype, shape } = source
    if (kind === 'input') {
      const axes = shape.map(n => (typeof n === 'number' ? n : `'${n}'`)).join(', ')
      return `const ${nameOf(id)} = A.tensor('${nameOf(id)}', { dtype: '${dtype}', shape: [${axes}] })`
    }
    return `const ${nameOf(id)} = A.shared(${printValue(source, this.program.sizes, 0)}, '${nameOf(id)}', { dtype: '${dtype}' })`
  }

  #lines(lines: readonly Line[]): readonly string[] {
    return lines.flatMap(line => (line.kind === 'scan' ? this.#scan(line) : [this.#call(line)]))
  }

  #call({ id, fn, args, element }: Extract<Line, { kind: 'call' }>): string {
    const isDraw = fn.startsWith('random.')
    if (isDraw) this.#usesRandom = true
    if (fn === 'print') this.#prints = true
    const open = !isDraw && !isPublic(fn)
    if (open) this.usesGraph = true
    const name = isDraw ? fn : `${open ? 'G' : 'A'}.${fn}`
    const one = element === undefined ? '' : typeof element === 'string' ? `.${element}` : `[${element}]!`
    return `const ${nameOf(id)}: A.Tensor = ${name}(${args.map(arg => this.#arg(arg)).join(', ')})${one}`
  }

  #arg(arg: Arg | undefined): string {
    if (arg === undefined) return 'undefined'
    if (isRef(arg)) return 'ref' in arg ? nameOf(arg.ref) : `${nameOf(arg.size)}.shape[${arg.axis}]!`
    if (Array.isArray(arg)) return `[${arg.map(a => this.#arg(a as Arg)).join(', ')}]`
    if (typeof arg === 'string') return `'${arg}'`
    if (typeof arg !== 'object' || arg === null) return Object.is(arg, -0) ? '-0' : String(arg)
    return `{ ${Object.entries(arg)
      .map(([key, a]) => `${key}: ${this.#arg(a as Arg)}`)
      .join(', ')} }`
  }

  #scan({ id, sequences, states, outputs, lines, until, options }: Scan): readonly string[] {
    const record = (entries: readonly string[]) => (entries.length === 0 ? '{}' : `{ ${entries.join(', ')} }`)
    const params = [...sequences, ...states].map(paramOf)
    const returned = record([
      ...states.map(s => `${slotName(s)}: ${nameOf(s.next)}`),
      ...outputs.map(o => `y${o.value}: ${nameOf(o.value)}`),
    ])
    const visited = (from: Id, slot: Slot) =>
      `${slotName(slot)}: ${slot.taps === null ? nameOf(from) : `A.taps(${nameOf(from)}, [${slot.taps.join(', ')}])`}`
    const { steps, truncate, remat } = options
    const settings = [
      ...(sequences.length === 0 ? [] : [`sequences: ${record(sequences.map(s => visited(s.from, s)))}`]),
      ...(states.length === 0 ? [] : [`state: ${record(states.map(s => visited(s.initial, s)))}`]),
      ...(steps === undefined ? [] : [`steps: ${this.#number(steps)}`]),
      ...(options.reverse ? ['reverse: true'] : []),
      ...(truncate === undefined
        ? []
        : [`truncate: ${typeof truncate === 'number' ? truncate : `{ last: ${truncate.last} }`}`]),
      ...(remat === undefined
        ? []
        : [`remat: ${typeof remat === 'string' ? `'${remat}'` : `{ every: ${this.#number(remat.every)} }`}`]),
      ...(options.unroll === undefined ? [] : [`unroll: ${options.unroll}`]),
    ]
    const results = [
      ...states.map(s => [slotName(s), s] as const),
      ...outputs.map(o => [`y${o.value}`, o] as const),
    ].flatMap(([name, { all, last }]) => [
      ...(all === null ? [] : [`const ${nameOf(all)}: A.Tensor = scan${id}.${name}.all`]),
      ...(last === null ? [] : [`const ${nameOf(last)}: A.Tensor = scan${id}.${name}.last`]),
    ])
    return [
      `const scan${id} = A.scan((${params.length === 0 ? '' : `{ ${params.join(', ')} }`}) => {`,
      ...this.#lines(lines).map(line => `  ${line}`),
      `  return ${until === null ? returned : `A.until(${nameOf(until)}, ${returned})`}`,
      `}, ${record(settings)})`,
      ...results,
    ]
  }

  #number(n: number | Ref): string {
    if (typeof n === 'number') return String(n)
    return 'ref' in n ? nameOf(n.ref) : `A.dim(${nameOf(n.size)}, ${n.axis})`
  }
}

/** How a step names what it is given. */
const paramOf = (slot: Slot): string =>
  slot.taps === null ? slotName(slot) : `${slotName(slot)}: [${slot.params.map(nameOf).join(', ')}]`

/** Nested arrays; with a zero among the sizes the shape cannot be read off them, so an array of the shape. */
function printValue(source: Source, sizes: Program['sizes'], call: number): string {
  const value: Value = valueOfSource(source, sizes, call)
  const { data, shape } = convert(value, source.dtype, 'print')
  if (shape.includes(0)) return `A.zerosArray([${shape.join(', ')}], '${source.dtype}')`
  let items = Array.from(data, x => printNumber(x, source))
  for (const n of shape.toReversed()) {
    const rows: string[] = []
    for (let i = 0; i < items.length; i += n) rows.push(`[${items.slice(i, i + n).join(', ')}]`)
    items = rows
  }
  return items[0]!
}

function printNumber(x: number, { dtype, whole }: Source): string {
  if (dtype === 'bool') return x === 0 ? 'false' : 'true'
  return whole || !dtype.startsWith('float') ? String(x) : String(Math.round(x * 100) / 100)
}
