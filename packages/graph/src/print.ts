/**
 * Graphs as text: one equation per node, inputs before users.
 *
 *   x:f32[batch, 3] = input
 *   a:f32[batch, 3] = mul x x
 *   b:f32[batch] = sum a {axes: [1]}
 *   return b
 *
 * Names are given per print, by position: the same graph prints the same text however it came about. A scan's step
 * stands indented below it; an output that nobody reads is `_`.
 */
import { type Dim, DimExpr, type DimSymbol, printDim } from './dim.js'
import { placesOf } from './errors.js'
import type { Lambda } from './lambda.js'
import type { Contraction } from './op.js'
import type { ConstantParams } from './ops/constant.js'
import type { ScanParams } from './scan/op.js'
import { freeVariables, topologicalOrder } from './traverse.js'
import { printType } from './type.js'
import { type Apply, Shared, Variable } from './variable.js'

/** What can be printed: some variables, or a closed function. */
export type Printable = Variable | readonly Variable[] | Lambda

interface Closed {
  readonly params: readonly Variable[]
  readonly results: readonly Variable[]
}

function closed(what: Printable): Closed {
  if (what instanceof Variable) return { params: freeVariables([what]), results: [what] }
  if ('params' in what) return what
  return { params: freeVariables(what), results: what }
}

/** The equations that make the variables: `a:f32[batch, 10] = add x y`. */
export function printGraph(what: Printable): string {
  return equations(closed(what), new Names(), null).join('\n')
}

/** The same with the place in the user's code that made each node. */
export function debugPrint(what: Printable): string {
  const lines = equations(closed(what), new Names(), node => placesOf(node.origins)[0] ?? '')
  const wide = Math.max(...lines.map(line => line.split('\t')[0]!.length))
  return lines
    .map(line =>
      line.replace(/^(.*)\t(.*)$/, (_, text, place) => `${text.padEnd(wide)}   ${place}`.trimEnd()),
    )
    .join('\n')
}

function equations(
  { params, results }: Closed,
  names: Names,
  placeOf: ((node: Apply) => string) | null,
): readonly string[] {
  const lines = params.map(v => `${names.typed(v)} = ${v instanceof Shared ? 'shared' : 'input'}`)
  const order = topologicalOrder(results, new Set(params))
  const read = new Set<Variable>([...results, ...order.flatMap(node => node.inputs)])
  for (const node of order) {
    const outputs = node.outputs.map(v => (read.has(v) ? names.typed(v) : '_'))
    const text = `${outputs.join(', ')} = ${[node.op.name, ...operands(node, names)].join(' ')}`
    lines.push(placeOf === null ? text : `${text}\t${placeOf(node)}`)
    if (node.op.family.kind === 'scan') {
      const { body } = node.params as ScanParams
      lines.push(...equations(body, names.inner(), placeOf).map(line => `  ${line}`))
    }
  }
  return [...lines, `return ${results.map(v => names.of(v)).join(' ')}`.trimEnd()]
}

const longestConstant = 6

/** What stands after the op's name: inputs, then params. */
function operands(node: Apply, names: Names): readonly string[] {
  const inputs = node.inputs.map(v => names.of(v))
  const { kind } = node.op.family
  if (kind === 'constant') return [printConstant(node.params as ConstantParams)]
  if (kind === 'contract') return [...inputs, printContraction(node.params as Contraction)]
  if (kind === 'scan') {
    const { length, reverse, name } = node.params as ScanParams
    return [
      ...inputs,
      `{${[`length: ${names.dim(length)}`, ...(reverse ? ['reverse'] : []), ...(name === null ? [] : [name])].join(', ')}}`,
    ]
  }
  const params = node.params === null ? '' : printParams(node.params, names)
  return params === '' ? inputs : [...inputs, params]
}

function printConstant({ data, shape }: ConstantParams): string {
  if (data.length > longestConstant) return '…'
  return shape.length === 0 ? String(data[0]) : `[${Array.from(data, String).join(', ')}]`
}

/** `ik,kj->ij`: letters by first use. */
function printContraction({ left, right, out }: Contraction): string {
  const letters = (labels: readonly number[]) => labels.map(l => String.fromCharCode(105 + (l % 18))).join('')
  return `${letters(left)},${letters(right)}->${letters(out)}`
}

function printParams(value: unknown, names: Names): string {
  if (value instanceof DimExpr) return names.dim(value)
  if (Array.isArray(value)) return `[${value.map(x => printParams(x, names)).join(', ')}]`
  if (typeof value === 'object' && value !== null) {
    const fields = Object.entries(value).map(([key, x]) => `${key}: ${printParams(x, names)}`)
    return `{${fields.join(', ')}}`
  }
  return String(value)
}

/** Names of variables and symbols within one print. */
class Names {
  readonly #variables = new Map<Variable, string>()
  readonly #symbols: Map<DimSymbol, string>
  readonly #taken: Set<string>
  readonly #isInner: boolean
  #next = 0

  constructor(outer?: { readonly symbols: Map<DimSymbol, string>; readonly taken: Set<string> }) {
    this.#symbols = outer?.symbols ?? new Map()
    this.#taken = outer?.taken ?? new Set()
    this.#isInner = outer !== undefined
  }

  /**
   * Names for a scan's step: other variables, the same symbols, no name twice. Equal steps are one, whatever their
   * params were called by whoever wrote the first, so those names are not told.
   */
  inner(): Names {
    return new Names({ symbols: this.#symbols, taken: this.#taken })
  }

  of(v: Variable): string {
    const known = this.#variables.get(v)
    if (known !== undefined) return known
    const isTold = v.name !== null && !(this.#isInner && v.owner === null)
    const own = isTold && /^[\p{L}_][\p{L}\p{N}_.]*$/u.test(v.name!) && !this.#taken.has(v.name!)
    const name = own ? v.name! : this.#fresh()
    this.#variables.set(v, name)
    this.#taken.add(name)
    return name
  }

  typed(v: Variable): string {
    return `${this.of(v)}:${printType(v.type, this.#symbol)}`
  }

  dim(dim: Dim): string {
    return printDim(dim, this.#symbol)
  }

  /** a, b, …, z, a1, b1, … */
  #fresh(): string {
    for (;;) {
      const letter = String.fromCharCode(97 + (this.#next % 26))
      const round = Math.floor(this.#next++ / 26)
      const name = round === 0 ? letter : `${letter}${round}`
      if (!this.#taken.has(name)) return name
    }
  }

  readonly #symbol = (symbol: DimSymbol): string => {
    const known = this.#symbols.get(symbol)
    if (known !== undefined) return known
    const bound = symbol.source instanceof Variable ? this.#variables.get(symbol.source) : undefined
    const name = symbol.name ?? (bound === undefined ? `?${this.#symbols.size + 1}` : `⟨${bound}⟩`)
    this.#symbols.set(symbol, name)
    return name
  }
}

/** The graph in Graphviz's language: boxes are operations, ellipses inputs. */
export function toDot(what: Printable): string {
  const { params, results } = closed(what)
  const ids = new Map<Variable, string>()
  const names = new Names()
  const lines = params.map((v, i) => {
    ids.set(v, `p${i}`)
    return `  p${i} [shape=ellipse, label=${quote(names.typed(v))}]`
  })
  topologicalOrder(results, new Set(params)).forEach((node, i) => {
    for (const v of node.outputs) ids.set(v, `n${i}`)
    const types = node.outputs.map(v => printType(v.type)).join(', ')
    const detail = node.op.family.kind === 'constant' ? [printConstant(node.params as ConstantParams)] : []
    lines.push(`  n${i} [shape=box, label=${quote([node.op.name, ...detail, types].join('\\n'))}]`)
    for (const v of node.inputs) lines.push(`  ${ids.get(v)} -> n${i}`)
  })
  results.forEach((v, i) => {
    lines.push(`  r${i} [shape=plain, label="result ${i}"]`, `  ${ids.get(v)} -> r${i}`)
  })
  return ['digraph {', ...lines, '}'].join('\n')
}

const quote = (text: string) => `"${text.replaceAll('"', '\\"')}"`
