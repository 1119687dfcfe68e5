/**
 * Forms: what a function passes through on its way from a graph to code, for tests and tools. Nothing is run.
 *
 * The machine is a fixed one (plain SIMD), so that the forms do not depend on the engine.
 */
import { type Lambda, printGraph, type Value, type Variable } from '@arignote/graph'
import { printKernel } from '@arignote/loops'
import { type CompileOptions, compileFor, type Outputs } from './compile.js'
import type { Backend, Binding, CompiledGraph, Executable } from './executable.js'
import { withBounds } from './late.js'
import { distinctKernels, evaluator, planOf, programOf } from './pipeline.js'
import { printPlan } from './print-plan.js'
import { printProgram } from './print-program.js'
import { type Call, elementsOf, type Program, type Target } from './program.js'

export interface Forms {
  /** As the user wrote it, and after optimisation. */
  readonly graph: Lambda
  readonly optimized: Lambda
  readonly program: Program<Call>
  /** Bytes of the arena for the sizes of the arguments. */
  readonly bytes: number
  readonly texts: {
    readonly graph: string
    readonly optimized: string
    readonly program: string
    readonly kernels: string
    readonly plan: string
  }
}

const machine: Target = { tileRows: 4, tileVectors: 2, lanes: widest => (widest === 'float64' ? 2 : 4) }

/** The forms of `compile(inputs, outputs, options)` when it is called with arguments of such sizes. */
export function formsOf(
  inputs: readonly Variable[],
  outputs: Outputs,
  args: readonly Value[],
  options: CompileOptions = {},
): Forms {
  const { graph: written } = prepared(inputs, outputs, args, { ...options, optimize: false })
  const { graph, binding } = prepared(inputs, outputs, args, options)
  const { program, aliases } = programOf(graph, binding, machine)
  const plan = planOf(program, aliases, binding)
  const sizeIn = evaluator(binding)
  return {
    graph: written.lambda,
    optimized: graph.lambda,
    program,
    bytes: plan.bytes,
    texts: {
      graph: printGraph(written.lambda),
      optimized: printGraph(graph.lambda),
      program: printProgram(program, aliases),
      kernels: distinctKernels(program.steps).map(printKernel).join('\n\n'),
      plan: printPlan(program, { ...plan, aliases }, buffer => elementsOf(buffer, sizeIn)),
    },
  }
}

interface Prepared {
  readonly graph: CompiledGraph
  readonly binding: Binding
}

/** What a back end is given by the first call. */
function prepared(
  inputs: readonly Variable[],
  outputs: Outputs,
  args: readonly Value[],
  options: CompileOptions,
): Prepared {
  let given: Prepared | null = null
  const listener: Backend = {
    name: 'reference',
    prepare(graph, binding) {
      given = { graph, binding }
      return nothing
    },
  }
  compileFor(listener, inputs, outputs, options)(...args)
  const { graph, binding } = given! as Prepared
  return { graph, binding: withBounds(binding, graph.late) }
}

const nothing: Executable = {
  call() {},
  memory: () => {
    throw new Error('internal: nothing is run')
  },
  kernels: () => [],
  text: () => '',
}
