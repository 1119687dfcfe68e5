/**
 * Graphs as pictures: the graph in Graphviz's language.
 *
 * Ellipses are inputs and shared variables, boxes are operations, plain text what comes out. A scan is a cluster around
 * its step: dashed edges hand its inputs to the step's parameters, dotted ones lead from next values back to states. A
 * branch is a cluster around one for each side.
 */
import { bodiesOf } from './bodies.js'
import { closed, type Printable, printParams } from './print.js'
import { Names } from './print-names.js'
import { type ScanParams, splitInputs, splitOutputs, splitResults } from './scan/op.js'
import { topologicalOrder } from './traverse.js'
import { type Apply, Shared, type Variable } from './variable.js'

/** The graph as text for Graphviz: `dot -Tsvg`. */
export function toDot(what: Printable): string {
  const { params, results, updates } = closed(what)
  const drawing = new Drawing(new Names(), '')
  for (const v of params) drawing.leaf(v, v instanceof Shared ? 'box, style=rounded' : 'ellipse')
  drawing.nodes(results, params)
  const outputs = results.length - updates.length
  results.forEach((v, i) => {
    const label = i < outputs ? `result ${i}` : `new ${updates[i - outputs]!.name ?? 'value'}`
    drawing.result(`r${i}`, label, v)
  })
  return ['digraph {', ...drawing.lines.map(line => `  ${line}`), '}'].join('\n')
}

/** The nodes of one function; those of the steps of scans have drawings of their own, with other ids. */
class Drawing {
  readonly lines: string[] = []
  readonly #ids = new Map<Variable, string>()

  constructor(
    private readonly names: Names,
    /** Begins all ids: equal steps are one graph, and are drawn in each scan. */
    private readonly prefix: string,
  ) {}

  leaf(v: Variable, shape: string): void {
    const id = `${this.prefix}p${this.#ids.size}`
    this.#ids.set(v, id)
    this.lines.push(`${id} [shape=${shape}, label=${quote(this.names.typed(v))}]`)
  }

  result(id: string, label: string, v: Variable): void {
    this.lines.push(`${id} [shape=plain, label=${quote(label)}]`, `${this.idOf(v)} -> ${id}`)
  }

  nodes(results: readonly Variable[], params: readonly Variable[]): void {
    const order = topologicalOrder(results, new Set(params))
    const read = new Set<Variable>([...results, ...order.flatMap(node => node.inputs)])
    for (const [i, node] of order.entries()) {
      const id = `${this.prefix}n${i}`
      if (node.op.family.kind === 'scan') this.#scan(node, id, read)
      else if (node.op.family.kind === 'branch') this.#branch(node, id, read)
      else this.#node(node, id)
    }
  }

  idOf(v: Variable): string {
    return this.#ids.get(v)!
  }

  #node(node: Apply, id: string): void {
    for (const v of node.outputs) this.#ids.set(v, id)
    const details = printParams(node, this.names)
    const lines = [
      node.op.name,
      ...(details === '' ? [] : [details]),
      ...node.outputs.map(v => this.#typed(v)),
    ]
    this.lines.push(`${id} [shape=box, label=${quote(lines.join('\n'))}]`)
    for (const v of node.inputs) this.lines.push(`${this.idOf(v)} -> ${id}`)
  }

  #scan(node: Apply, id: string, read: ReadonlySet<Variable>): void {
    const { body, counts } = node.params as ScanParams
    const step = new Drawing(this.names.inner(), `${id}_`)
    for (const v of body.params) step.leaf(v, 'ellipse')
    step.nodes(body.results, body.params)
    const { finals, trajectories, ys } = splitOutputs(node.outputs, counts)
    const { carries } = splitInputs(body.params, counts)
    const tell = (outputs: readonly Variable[], what: string, valueAt: (i: number) => Variable) => {
      outputs.forEach((v, i) => {
        if (!read.has(v)) return
        const at = `${id}_o${v.index}`
        this.#ids.set(v, at)
        step.result(at, `${what} ${i}\n${this.#typed(v)}`, valueAt(i))
      })
    }
    tell(finals, 'last', i => body.results[i]!)
    tell(trajectories, 'history', i => body.results[i]!)
    tell(ys, 'stack', i => body.results[counts.carries + i]!)
    const { condition } = splitResults(body.results, node.params as ScanParams)
    if (condition !== null) step.result(`${id}_until`, `until\n${this.#typed(condition)}`, condition)
    for (const [i, v] of carries.entries())
      step.lines.push(
        `${step.idOf(body.results[i]!)} -> ${step.idOf(v)} [style=dotted, constraint=false, label="next"]`,
      )
    this.lines.push(
      ...cluster(id, `scan ${printParams(node, this.names)}`, step.lines),
      ...node.inputs.map((v, i) => `${this.idOf(v)} -> ${step.idOf(body.params[i]!)} [style=dashed]`),
    )
  }

  #branch(node: Apply, id: string, read: ReadonlySet<Variable>): void {
    const [condition, ...values] = node.inputs
    const lines = [`${id}_c [shape=diamond, label="condition"]`]
    const sides = bodiesOf(node).map((body, i) => {
      const side = new Drawing(this.names.inner(), `${id}_${i}_`)
      for (const v of body.params) side.leaf(v, 'ellipse')
      side.nodes(body.results, body.params)
      lines.push(...cluster(`${id}_${i}`, ['then', 'otherwise'][i]!, side.lines))
      return { side, body }
    })
    for (const [k, v] of node.outputs.entries()) {
      if (!read.has(v)) continue
      const at = `${id}_o${k}`
      this.#ids.set(v, at)
      lines.push(`${at} [shape=plain, label=${quote(`value ${k}\n${this.#typed(v)}`)}]`)
      for (const { side, body } of sides) lines.push(`${side.idOf(body.results[k]!)} -> ${at}`)
      lines.push(`${id}_c -> ${at} [style=dotted]`)
    }
    this.lines.push(...cluster(id, node.op.name, lines), `${this.idOf(condition!)} -> ${id}_c`)
    for (const { side, body } of sides)
      this.lines.push(
        ...values.map((v, i) => `${this.idOf(v)} -> ${side.idOf(body.params[i]!)} [style=dashed]`),
      )
  }

  #typed(v: Variable): string {
    return this.names.type(v)
  }
}

const cluster = (id: string, label: string, lines: readonly string[]): readonly string[] => [
  `subgraph cluster_${id} {`,
  `  label=${quote(label)}`,
  ...lines.map(line => `  ${line}`),
  '}',
]

/** A string of the language: a line break is \n, and what would end or change the string is escaped. */
const quote = (text: string) =>
  `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll(/\r?\n/g, '\\n')}"`
