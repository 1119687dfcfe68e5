/**
 * The pipeline behind a compiled function, from a closed graph to something that runs:
 *
 *   schedule   which variables get memory, in which order      CompiledGraph → Program<GroupTask>
 *   lower      what each kernel does, as loops                 → Program<Call>
 *   alias      which buffers share memory                      → Aliases
 *   load       kernels as functions                            5-emit, cached by content
 *   place      addresses, for one binding of the sizes         → Plan
 *
 * All but `place` is done once for a graph: kernels take as arguments whatever a size decides.
 */
import { type Dim, evaluateDim } from '@arignote/graph'
import { type Kernel, kernelKey, printKernel, verifyKernel } from '@arignote/loops'
import { schedule } from './2-schedule/schedule.js'
import { lower } from './3-lower/lower.js'
import { findAliases } from './4-plan/alias.js'
import { type Plan, place } from './4-plan/place.js'
import type { KernelBackend, KernelFunction, Target } from './5-emit/backend.js'
import { NativeExecutable, type NativeHeap } from './5-emit/native.js'
import { Layout, portableProgram } from './5-emit/portable.js'
import { indexOutOfRange, routineFailed } from './errors.js'
import type { Backend, Binding, CompiledGraph, Specialisation } from './executable.js'
import { type LateSizes, noLateSizes, Telling, withBounds } from './late.js'
import type { PortableCode } from './portable.js'
import { printPlan } from './print-plan.js'
import { printProgram } from './print-program.js'
import {
  type Aliases,
  type Call,
  elementsOf,
  type GroupTask,
  mapTasks,
  type Program,
  runsOf,
  type Step,
} from './program.js'
import { timed, trace } from './trace.js'
import { underTest } from './under-test.js'

interface Compiled {
  readonly program: Program<Call>
  readonly tasks: ReadonlyMap<Call, GroupTask> | null
  readonly aliases: Aliases
  readonly kernels: ReadonlyMap<Call, KernelFunction>
}

/** A back end of graphs from a back end of kernels. */
export function nativeBackend(backend: KernelBackend, heap: NativeHeap): Backend {
  const programs = new WeakMap<CompiledGraph, Compiled>()
  const compiled = (graph: CompiledGraph, binding: Binding): Compiled => {
    const known = programs.get(graph) ?? compileGraph(graph, binding, backend, heap)
    programs.set(graph, known)
    return known
  }
  const { module } = backend
  return {
    name: backend.name,
    prepare(graph, binding) {
      const { program, aliases, kernels, tasks } = compiled(graph, binding)
      const keepsAll = graph.inspection?.check === 'debug'
      const layout = planOf(program, aliases, binding, graph.late, keepsAll)
      return new NativeExecutable({
        graph,
        program,
        tasks,
        plan: { ...layout, aliases },
        kernels,
        backend,
        heap,
        binding,
        extend: (before, sizeOf) => ({ ...place(program, aliases, sizeOf, { before, keepsAll }), aliases }),
        fail: (record, steps, evaluate) => {
          const { node, size, shape } = program.failures[record[0]! - 1]!
          const place = { shape: shape.map(evaluate), steps }
          if (size === null) return routineFailed(node, { ...place, at: record[1]! })
          return indexOutOfRange(node, record[1]!, evaluate(size), { ...place, at: record[3]! })
        },
        print: () => distinctKernels(program.steps).map(printKernel),
      })
    },
    ...(module !== undefined && {
      portable(graph, specialisations) {
        const { program, aliases } = compiled(graph, specialisations[0]!.binding)
        return portableCode(graph, program, aliases, specialisations, kernels =>
          module.call(backend, kernels),
        )
      },
    }),
  }
}

/** The program for each of some bindings, on one layout of the memory. */
function portableCode(
  graph: CompiledGraph,
  program: Program<Call>,
  aliases: Aliases,
  specialisations: readonly Specialisation[],
  module: NonNullable<KernelBackend['module']>,
): PortableCode {
  const plans = specialisations.map(({ binding }) => planOf(program, aliases, binding))
  const layout = new Layout(graph.shared, Math.max(...plans.map(plan => plan.bytes)))
  const kernels = new Map<string, Kernel>()
  for (const kernel of distinctKernels(program.steps)) kernels.set(kernelKey(kernel), kernel)
  const positions = new Map([...kernels.keys()].map((key, i) => [key, i]))
  const kernel = (k: Kernel) => positions.get(kernelKey(k))!
  const programs = specialisations.map(({ binding, shapes }, i) =>
    portableProgram({ graph, program, aliases, offsets: plans[i]!.offsets, binding, shapes, kernel }, layout),
  )
  return { ...layout.parts(), programs, code: module([...kernels.values()]) }
}

/** Sizes that the first call does not tell are taken to be moderate when costs are weighed. */
const typicalSize = 32

export function evaluator(binding: Binding): (dim: Dim) => number {
  return dim => evaluateDim(dim, symbol => binding.get(symbol) ?? typicalSize)
}

function compileGraph(
  graph: CompiledGraph,
  binding: Binding,
  backend: KernelBackend,
  heap: NativeHeap,
): Compiled {
  const { program, aliases, tasks } = programOf(graph, binding, backend.target)
  const calls = callsOf(program.steps)
  trace('kernels', 'lower', () => distinctKernels(program.steps).map(printKernel).join('\n\n'))
  if (underTest()) for (const { kernel } of calls) verifyKernel(kernel)
  const functions = timed('emit', () =>
    backend.load(
      calls.map(call => call.kernel),
      heap,
    ),
  )
  trace('wat', `emit, ${backend.name}`, () => backend.text(distinctKernels(program.steps)))
  return { program, aliases, tasks, kernels: new Map(calls.map((call, i) => [call, functions[i]!])) }
}

/** What is run, and which of its buffers share memory; for every binding, though `binding` decides what pays. */
export function programOf(graph: CompiledGraph, binding: Binding, target: Target): Omit<Compiled, 'kernels'> {
  const { check, profile } = graph.inspection ?? {}
  const tasks = check !== undefined || profile !== undefined ? new Map<Call, GroupTask>() : null
  const typical = evaluator(withBounds(binding, graph.late))
  const groups = timed('schedule', () => schedule(graph, target, typical))
  const program = timed('lower', () =>
    mapTasks(groups, task => {
      const lowered = lower(task, groups.errors)
      tasks?.set(lowered.task, task)
      // A kernel that is compared may turn out wrong: nothing is committed before the last one.
      return check === 'debug' ? { ...lowered, canFail: true } : lowered
    }),
  )
  trace('program', 'lower', () => printProgram(program))
  // To find out where a NaN comes from, what a kernel has read must still be there when it is done; to compare what it
  // stores, also what was packed for it earlier.
  const aliases: Aliases =
    check === 'nan' || check === 'debug' ? new Map() : timed('alias', () => findAliases(program))
  trace(
    'program',
    'alias',
    () => printProgram(program, aliases),
    () => printProgram(program),
  )
  return { program, aliases, tasks }
}

/** The addresses for one binding; only of what has a size when a call begins, where `late` is given. */
export function planOf(
  program: Program<Call>,
  aliases: Aliases,
  binding: Binding,
  late: LateSizes = noLateSizes,
  keepsAll = false,
): Plan {
  const evaluate = evaluator(withBounds(binding, late))
  const telling = new Telling(late, symbol => binding.get(symbol) ?? typicalSize)
  const plan = timed('place', () => place(program, aliases, telling.valueOf, { keepsAll }))
  trace('plan', 'place', () =>
    printPlan(program, { ...plan, aliases }, buffer => elementsOf(buffer, evaluate)),
  )
  return plan
}

export function callsOf(steps: readonly Step<Call>[]): readonly Call[] {
  return runsOf(steps).map(({ task }) => task)
}

export function distinctKernels(steps: readonly Step<Call>[]): readonly Kernel[] {
  return [...new Set(callsOf(steps).map(call => call.kernel))]
}
