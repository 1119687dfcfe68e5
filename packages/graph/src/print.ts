/**
 * Graphs as text: one equation per node, inputs before users.
 *
 *   x:f32[batch, 3] = input
 *   a:f32[batch, 3] = mul x x
 *   b:f32[batch] = sum a {axes: [1]}
 *   return b
 *
 * Names are given per print, by position: the same graph prints the same text however it came about. A scan's step, and
 * the sides of a branch, stand indented below it; an output that nobody reads is `_`.
 */
import { bodiesOf } from './bodies.js'
import { DimExpr } from './dim.js'
import { badArgument, placesOf } from './errors.js'
import { checkTensor, describeGiven } from './given.js'
import type { Lambda } from './lambda.js'
import type { Contraction } from './op.js'
import type { ConstantParams } from './ops/constant.js'
import type { EffectParams } from './ops/effect.js'
import type { Origin } from './origin.js'
import { Names } from './print-names.js'
import type { ScanParams } from './scan/op.js'
import { freeVariables, topologicalOrder } from './traverse.js'
import { type Apply, Shared, Variable } from './variable.js'

/** The graph of a compiled function as it runs: results are outputs, then the new values of shared variables. */
export interface FunctionGraph {
  readonly lambda: Lambda
  readonly outputs: number
  /** The shared variables that get the new values, in order of those results. */
  readonly updates: readonly Shared[]
  /** Sizes that are computed: the values of the last results. */
  readonly late: { readonly symbols: readonly unknown[] }
}

/** What can be printed: some variables, a closed function of tensors, or a compiled function. */
export type Printable = Variable | readonly Variable[] | Lambda | { readonly graph: FunctionGraph }

export interface Closed {
  readonly params: readonly Variable[]
  readonly results: readonly Variable[]
  /** What the last results are the new values of. */
  readonly updates: readonly Shared[]
  /** What else is computed: the values of sizes. */
  readonly sizes?: readonly Variable[]
}

export function closed(what: Printable): Closed {
  if (what instanceof Variable) return { params: freeVariables([what]), results: [what], updates: [] }
  if (what === null || (typeof what !== 'object' && typeof what !== 'function')) throw badPrintable(what)
  if (Array.isArray(what)) {
    for (const v of what) checkTensor('debugPrint', v, 'what is printed')
    return { params: freeVariables(what), results: what, updates: [] }
  }
  if ('graph' in what) {
    const { lambda, updates, late } = what.graph
    const count = lambda.results.length - late.symbols.length
    const sizes = lambda.results.slice(count)
    return { params: lambda.params, results: lambda.results.slice(0, count), updates, sizes }
  }
  if (!('params' in what)) throw badPrintable(what)
  const { params, results } = what
  return { params, results, updates: [] }
}

const badPrintable = (what: unknown) =>
  badArgument(
    'debugPrint',
    `${describeGiven(what).what} has no graph`,
    'give a variable, a list of variables, or a compiled function',
  )

/** The equations that make the variables: `a:f32[batch, 10] = add x y`. */
export function printGraph(what: Printable): string {
  return equations(closed(what), new Names(), null).join('\n')
}

/**
 * The same with the places in the user's code that each was made at: all that are remembered, the first one first.
 * Of a compiled function, its graph as it runs: after optimisation, with what updates are set to.
 */
export function debugPrint(what: Printable): string {
  const lines = equations(closed(what), new Names(), origins => placesOf(origins).join(', '))
  const wide = Math.max(...lines.map(line => line.split('\t')[0]!.length))
  return lines
    .map(line =>
      line.replace(/^(.*)\t(.*)$/, (_, text, place) => `${text.padEnd(wide)}   ${place}`.trimEnd()),
    )
    .join('\n')
}

function equations(
  { params, results, updates, sizes = [] }: Closed,
  names: Names,
  placeOf: ((origins: readonly Origin[]) => string) | null,
): readonly string[] {
  const withPlace = (text: string, origins: readonly Origin[]) =>
    placeOf === null ? text : `${text}\t${placeOf(origins)}`
  const lines = params.map(v =>
    withPlace(
      `${names.typed(v)} = ${v instanceof Shared ? 'shared' : 'input'}`,
      v.origin === null ? [] : [v.origin],
    ),
  )
  const order = topologicalOrder([...results, ...sizes], new Set(params))
  const read = new Set<Variable>([...results, ...sizes, ...order.flatMap(node => node.inputs)])
  for (const node of order) {
    const outputs = node.outputs.map(v => (read.has(v) ? names.typed(v) : '_'))
    const text = `${outputs.join(', ')} = ${[node.op.name, ...operands(node, names)].join(' ')}`
    // Equal constants are one for the whole process: their places say nothing about this graph.
    lines.push(withPlace(text, node.op.family.kind === 'constant' ? [] : node.origins))
    lines.push(...insides(node, names, placeOf).map(line => `  ${line}`))
  }
  const outputs = results.slice(0, results.length - updates.length)
  const news = results.slice(outputs.length)
  return [
    ...lines,
    `return ${outputs.map(v => names.of(v)).join(' ')}`.trimEnd(),
    ...updates.map((v, i) => `${names.of(v)} := ${names.of(news[i]!)}`),
  ]
}

/** The step of a scan; the two sides of a branch, over the names of its surroundings. */
function insides(
  node: Apply,
  names: Names,
  placeOf: ((origins: readonly Origin[]) => string) | null,
): readonly string[] {
  const [body, other] = bodiesOf(node)
  if (body === undefined) return []
  if (other === undefined) return equations({ ...body, updates: [] }, names.inner(), placeOf)
  const side = ({ params, results }: Lambda) => {
    const own = names.shared(params, node.inputs.slice(1))
    return equations({ params: [], results, updates: [] }, own, placeOf).map(line => `  ${line}`)
  }
  return ['then', ...side(body), 'otherwise', ...side(other)]
}

const longestConstant = 6

/** What stands after the op's name: inputs, then params. */
function operands(node: Apply, names: Names): readonly string[] {
  const params = printParams(node, names)
  const inputs = node.inputs.map(v => names.of(v))
  return params === '' ? inputs : [...inputs, params]
}

/** The params of a node as text; empty where there are none. */
export function printParams(node: Apply, names: Names): string {
  const { kind } = node.op.family
  if (kind === 'constant') return printConstant(node.params as ConstantParams)
  if (kind === 'contract') return printContraction(node.params as Contraction)
  if (kind === 'scan') {
    const { length, reverse, until, name, last, remat, numbering } = node.params as ScanParams
    const course = [
      ...(reverse ? ['reverse'] : []),
      ...(until ? ['until'] : []),
      ...(last === null ? [] : [`last: ${last}`]),
      ...(remat === 'auto' ? [] : [`remat: ${remat}`]),
      ...(numbering === null || numbering.before === 0 ? [] : [`before: ${names.dim(numbering.before)}`]),
      ...(numbering === null || numbering.each === 1 ? [] : [`each: ${names.dim(numbering.each)}`]),
    ]
    return `{${[`length: ${names.dim(length)}`, ...course, ...(name === null ? [] : [name])].join(', ')}}`
  }
  if (kind === 'branch') return ''
  if (kind === 'effect') {
    const { text } = node.params as EffectParams
    return text === null ? '' : JSON.stringify(text)
  }
  return node.params === null ? '' : printValue(node.params, names)
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

function printValue(value: unknown, names: Names): string {
  if (value instanceof DimExpr) return names.dim(value)
  if (Array.isArray(value)) return `[${value.map(x => printValue(x, names)).join(', ')}]`
  if (typeof value === 'object' && value !== null) {
    const fields = Object.entries(value).map(([key, x]) => `${key}: ${printValue(x, names)}`)
    return `{${fields.join(', ')}}`
  }
  return String(value)
}
