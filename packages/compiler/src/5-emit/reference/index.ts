/** The reference back end: the oracle that every other one is compared with. */

import { type Apply, topologicalOrder, type Variable } from '@arignote/graph'
import { allocate, dtypeInfo, type TypedArray } from '@arignote/loops'
import { notSpecialised } from '../../errors.js'
import type { Argument, Backend, CompiledGraph, Executable, MemoryReport } from '../../executable.js'
import { Telling } from '../../late.js'
import { checkGiven } from '../../non-finite.js'
import { prepareLambda, prepareObserved } from './evaluate.js'
import { Failure } from './failure.js'
import { type Course, countOf, type Evaluator, type Sizes, shapeUnder, type Value } from './value.js'

export const referenceBackend: Backend = {
  name: 'reference',
  prepare(graph, binding) {
    const sizes: Sizes = symbol => {
      const size = binding.get(symbol)
      if (size === undefined) throw new Error(`internal: size ${symbol.name ?? symbol.key} is not bound`)
      return size
    }
    return executable(graph, sizes)
  },
}

function executable(graph: CompiledGraph, sizes: Sizes): Executable {
  const { lambda, shared, updates } = graph
  const inputs = lambda.params.slice(0, graph.inputs)
  const outputs = lambda.results.slice(0, graph.outputs)
  const { run, shapeOf } = prepareGraph(graph, sizes)
  return {
    call(args, result) {
      const given = [...inputs.map((v, i) => valueOfArgument(v, args[i]!)), ...shared.map(stateOf)]
      if (graph.inspection?.check === 'nan')
        for (const [i, value] of given.entries()) checkGiven(lambda.params[i]!, value)
      const shapes = () => outputs.map((v, i) => result(i, shapeOf(v)))
      const { results, targets } = forUser(() => run(given, shapes))
      for (let i = 0; i < outputs.length; i++) targets[i]!.set(results[i]!.data)
      const news = results
        .slice(outputs.length, outputs.length + updates.length)
        .map(x => ({ ...x, data: x.data.slice() }))
      for (const [i, { data, shape }] of news.entries()) updates[i]!.cell.write(data, shape)
    },
    memory: () => report(bytes(inputs, shapeOf), bytes(outputs, shapeOf), bytes(shared, shapeOf)),
    kernels: () => [],
    text: () => `${graph.name}: evaluated node by node by the reference back end`,
  }
}

type Targets = readonly TypedArray[]

/** `targets` is called when all sizes are known, before what needs the last of them is computed. */
function prepareGraph(graph: CompiledGraph, sizes: Sizes) {
  const { lambda, late, outputs, updates } = graph
  const course: Course = { passed: [], inspection: graph.inspection ?? {} }
  if (late.symbols.length === 0) {
    const evaluate = prepareLambda(lambda, sizes, course)
    return {
      run: (given: readonly Value[], targets: () => Targets) => ({
        targets: targets(),
        results: evaluate(given),
      }),
      shapeOf: (v: Variable) => shapeUnder(v.type, sizes),
    }
  }
  const telling = new Telling(late, sizes)
  const sources = lambda.results.slice(outputs + updates.length)
  const shapeOf = (v: Variable) => {
    if (!telling.isComplete) throw notSpecialised(graph.name)
    return shapeUnder(v.type, telling.size)
  }
  const order = topologicalOrder([...sources, ...lambda.results], new Set(lambda.params))
  const ready = new Map<Apply, { readonly told: string; readonly evaluate: Evaluator }>()
  const prepared = (node: Apply): Evaluator => {
    const { told } = telling
    const before = ready.get(node)
    if (before?.told === told) return before.evaluate
    const evaluate = prepareObserved(node, telling.size, course)
    ready.set(node, { told, evaluate })
    return evaluate
  }
  const run = (given: readonly Value[], targets: () => Targets) => {
    telling.begin()
    let found: Targets | null = null
    const values = new Map(lambda.params.map((v, i) => [v, given[i]!]))
    const tell = () => {
      for (const [i, symbol] of late.symbols.entries()) {
        const value = values.get(sources[i]!)
        if (value !== undefined) telling.tell(symbol, value.data[0]!)
      }
      telling.check()
      if (telling.isComplete) found ??= targets()
    }
    tell()
    for (const node of order) {
      const made = prepared(node)(node.inputs.map(v => values.get(v)!))
      for (const [i, v] of node.outputs.entries()) values.set(v, made[i]!)
      if (node.outputs.some(v => sources.includes(v))) tell()
    }
    return { targets: found ?? targets(), results: lambda.results.map(v => values.get(v)!) }
  }
  return { run, shapeOf }
}

function forUser<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw error instanceof Failure ? error.toUser() : error
  }
}

function valueOfArgument({ dtype }: Variable, argument: Argument): Value {
  const data: TypedArray = allocate(dtype, countOf(argument.shape))
  argument.copyTo(data)
  return { dtype, shape: argument.shape, data }
}

const stateOf = ({ dtype, cell }: CompiledGraph['shared'][number]): Value => ({
  dtype,
  shape: cell.shape,
  data: cell.read(),
})

const bytes = (variables: readonly Variable[], shapeOf: (v: Variable) => readonly number[]) =>
  variables.reduce((sum, v) => sum + countOf(shapeOf(v)) * dtypeInfo[v.dtype].bytes, 0)

function report(inputs: number, outputs: number, parameters: number): MemoryReport {
  const none = { states: 0, histories: 0, scratch: 0, constants: 0, kernels: 0 }
  return { parameters, inputs, outputs, ...none, total: parameters + inputs }
}
