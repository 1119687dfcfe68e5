/** The reference back end: the oracle that every other one is compared with. */

import { evaluateDim, type Variable } from '@arignote/graph'
import type { TypedArray } from '@arignote/loops'
import { allocate, dtypeInfo } from '@arignote/loops'
import type { Argument, Backend, CompiledGraph, Executable, MemoryReport } from '../../executable.js'
import { checkGiven } from '../../non-finite.js'
import { prepareLambda } from './evaluate.js'
import { Failure } from './failure.js'
import { countOf, type Sizes, shapeUnder, type Value } from './value.js'

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
  const run = prepareLambda(lambda, sizes, { visits: [], inspection: graph.inspection ?? {} })
  const shapes = outputs.map(v => shapeUnder(v.type, sizes))
  return {
    call(args, result) {
      const given = [...inputs.map((v, i) => valueOfArgument(v, args[i]!)), ...shared.map(stateOf)]
      if (graph.inspection?.check === 'nan')
        for (const [i, value] of given.entries()) checkGiven(lambda.params[i]!, value)
      const results = forUser(() => run(given))
      for (let i = 0; i < outputs.length; i++) result(i).set(results[i]!.data)
      const news = results.slice(outputs.length).map(x => ({ ...x, data: x.data.slice() }))
      for (const [i, { data, shape }] of news.entries()) updates[i]!.cell.write(data, shape)
    },
    outputShape: index => shapes[index]!,
    memory: () => report(bytes(inputs, sizes), bytes(outputs, sizes), bytes(shared, sizes)),
    kernels: () => [],
    text: () => `${graph.name}: evaluated node by node by the reference back end`,
  }
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

const bytes = (variables: readonly Variable[], sizes: Sizes) =>
  variables.reduce((sum, { dtype, type }) => {
    const count = countOf(type.shape.map(dim => evaluateDim(dim, sizes)))
    return sum + count * dtypeInfo[dtype].bytes
  }, 0)

function report(inputs: number, outputs: number, parameters: number): MemoryReport {
  const none = { states: 0, histories: 0, scratch: 0, constants: 0, kernels: 0 }
  return { parameters, inputs, outputs, ...none, total: parameters + inputs }
}
