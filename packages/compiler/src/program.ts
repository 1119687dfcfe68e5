/**
 * A program: what is computed in which order, and where its values lie – the form between a Lambda and machine code.
 *
 * Sizes stay symbolic: one program serves every binding of its symbols. Scheduling makes a `Program<Group>` (what each
 * kernel has to compute), lowering a `Program<Call>` (the kernels and their arguments), planning gives buffers addresses.
 */
import type { Apply, Dim, DimSymbol, Numbering, Shared, Variable } from '@arignote/graph'
import type { DType, Kernel, TypedArray } from '@arignote/loops'
import type { Expression } from './expression.js'

/** What lowering and scheduling may know of the machine: the shape of the register tile, and the width of a vector. */
export interface Target {
  /** Accumulator rows of a contraction's tile. */
  readonly tileRows: number
  /** Vectors side by side in a tile (the jam of its lanes loop). */
  readonly tileVectors: number
  /** Elements of one vector register for a kernel whose widest dtype this is; 1 without SIMD. */
  lanes(widest: DType): number
}

/** What a buffer is for; `states` and `histories` belong to scans. */
export type BufferRole = 'input' | 'shared' | 'constant' | 'state' | 'history' | 'scratch' | 'errors'

/** A run of elements in memory, by identity. */
export interface Buffer {
  readonly name: string
  readonly role: BufferRole
  readonly dtype: DType
  /** Elements; of a ring those of one slot. */
  readonly size: Dim
  readonly ring?: Ring
  /** How many repeats it lies inside: its content lasts one trip of the innermost of them. */
  readonly depth: number
  /** The input's position, of an input. */
  readonly input?: number
  readonly shared?: Shared
  readonly data?: TypedArray
}

/** A loop over time, or over parts of a contraction, by identity; `depth` counts the repeats around it. */
export interface Trip {
  readonly depth: number
}

/**
 * How an address moves with a repeat's trip number t: + stride · t, or in a ring + stride · ((t + phase) mod slots).
 * Outside the repeat (`trip` null) t is 0: so the final value of a ring is found.
 */
export interface PerTrip {
  readonly trip: Trip | null
  readonly stride: Dim
  readonly ring: Ring | null
  readonly phase: Dim
}

/**
 * Rows that take turns. A carry without history has 2, or 1 when a step may overwrite what it reads (one that looks back
 * further has more); a history of which only the end is read has as many as are read, and these are `kept`.
 */
export interface Ring {
  slots: number
  readonly kept?: true
}

/** Elements of a buffer altogether, when sizes have these values. */
export function elementsOf({ size, ring }: Buffer, evaluate: (dim: Dim) => number): number {
  return evaluate(size) * (ring?.slots ?? 1)
}

/** The start of a value: a buffer, an element offset, and what repeats add to it. */
export interface BufferRef {
  readonly buffer: Buffer
  readonly offset: Dim
  readonly perTrip: readonly PerTrip[]
}

/** Where a variable lies: element [i, j, …] is at ref + i·strides[0] + j·strides[1] + … */
export interface Place {
  readonly ref: BufferRef
  readonly shape: readonly Dim[]
  readonly strides: readonly Dim[]
  /** The repeats inside which the value is written, outermost first; empty: at the top. */
  readonly scope: readonly Trip[]
}

/** A value of a graph to be stored at a place. */
export interface StoreTo {
  readonly value: Variable
  readonly place: Place
}

/** One loop of a contraction, with the strides of its operands (`a` gives the rows, `b` the columns) and of its result. */
export interface ContractionAxis {
  readonly extent: Dim
  readonly a: Dim
  readonly b: Dim
  readonly out: Dim
  /** The axes of the result that were merged into this one; empty for a summed axis. */
  readonly merged: readonly number[]
}

/**
 * A contraction as loops: out[loops…, row, column] = Σ over sums of a[loops…, row, sums…] · b[loops…, sums…, column].
 *
 * In mode 'tile' rows × columns are held in registers, columns in lanes; `b` is read as it lies or from panels
 * [loops of b…][panel][sums…][column]. In mode 'dot' the lanes run along the last sum.
 */
export interface ContractionForm {
  readonly mode: 'tile' | 'dot'
  readonly a: Place
  readonly b: Place
  readonly loops: readonly ContractionAxis[]
  readonly row: ContractionAxis
  readonly column: ContractionAxis
  readonly sums: readonly ContractionAxis[]
  /** Rows and vectors of the register tile. */
  readonly tileRows: number
  readonly tileVectors: number
  readonly panels: Panels | null
  /**
   * How much of the first sum is done at a time: partial results go through memory, so that a long sum does not carry
   * its operands out of the cache. Null: all of it.
   */
  readonly sumBlock: number | null
}

/** The operand `b` rearranged: `columns` neighbouring columns of all sums lie together, the last panel padded with zeros. */
export interface Panels {
  readonly columns: number
  /** [loops that b depends on…, panels, sums (flattened), columns], contiguous. */
  readonly place: Place
}

/** What one kernel computes. */
export type Group =
  /** Elementwise over `space`: every store has that shape. */
  | {
      readonly kind: 'map'
      readonly stores: readonly StoreTo[]
      /** What each store computes and reads. */
      readonly expressions: readonly Expression[]
    }
  /** A reduction, with maps before (unplaced inputs) and after it (up to the stored value). */
  | { readonly kind: 'reduce'; readonly node: Apply; readonly store: StoreTo }
  /** A contraction of two places, with maps after it up to the stored value. */
  | {
      readonly kind: 'contract'
      readonly node: Apply
      readonly store: StoreTo
      readonly form: ContractionForm
    }
  /** Copies the operand `b` of a contraction into its panels. */
  | { readonly kind: 'pack'; readonly form: ContractionForm }
  | { readonly kind: 'scatter'; readonly node: Apply; readonly store: StoreTo }
  /** A routine, with memory [batch…, …] for what its runs ask for. */
  | {
      readonly kind: 'routine'
      readonly node: Apply
      readonly store: StoreTo
      readonly scratch: readonly Place[]
      /** Its code in the error record; null: it cannot fail. */
      readonly record: number | null
    }
  /** Index values of a gather or scatter must lie in [0, size). */
  | {
      readonly kind: 'check'
      readonly node: Apply
      readonly ids: Variable
      readonly size: Dim
      readonly record: number
    }

/** A group, and where what its kernel reads lies. */
export interface GroupTask {
  readonly group: Group
  readonly placeOf: (v: Variable) => Place | null
}

/** A kernel and what it is called with; `range` is the extent of its outermost loop, `chunk` how much of it one call takes. */
export interface Call {
  readonly kernel: Kernel
  /** In the order of the kernel's params, the range's two left out. */
  readonly args: readonly (BufferRef | Dim)[]
  readonly range: { readonly extent: Dim; readonly chunk: number } | null
  /** Pairs of argument positions (read, write) that may share memory: each element is read before it is written. */
  readonly inPlace: readonly (readonly [number, number])[]
}

export interface Run<Task> {
  readonly kind: 'run'
  readonly task: Task
  readonly reads: readonly BufferRef[]
  readonly writes: readonly BufferRef[]
  /** It may leave an error in the error record. */
  readonly canFail: boolean
}

export interface Repeat<Task> {
  readonly kind: 'repeat'
  readonly trip: Trip
  readonly count: Dim
  readonly name: string
  /** For messages: which steps its trips make; null: the step is the trip. */
  readonly numbering: Numbering | null
  readonly body: readonly Step<Task>[]
  /** How it may end before trip `count`; null: it does not. */
  readonly exit: Exit | null
}

/** A loop ends after the trip that leaves a byte other than 0 at `condition`. */
export interface Exit {
  readonly condition: BufferRef
  /**
   * What is copied when the loop has ended: `size` elements from where `from` lies in the trip after the last one, which
   * is where that trip would have read the value.
   */
  readonly finals: readonly { readonly from: BufferRef; readonly to: BufferRef; readonly size: Dim }[]
}

/** One of two lists of steps: `thenSteps` where the byte at `condition` is not 0. */
export interface Branch<Task> {
  readonly kind: 'branch'
  readonly condition: BufferRef
  readonly thenSteps: readonly Step<Task>[]
  readonly elseSteps: readonly Step<Task>[]
}

/** What the host does, and may throw: the effect of a node of that family, on the value that lies there. */
export interface Host {
  readonly kind: 'host'
  readonly node: Apply
  readonly value: Place
}

export type Step<Task> = Run<Task> | Repeat<Task> | Branch<Task> | Host

/** The steps inside a step, in the order of the text. */
export function stepsIn<Task>(step: Step<Task>): readonly Step<Task>[] {
  switch (step.kind) {
    case 'repeat':
      return step.body
    case 'branch':
      return [...step.thenSteps, ...step.elseSteps]
    default:
      return []
  }
}

/** Every run, those inside of other steps included, in the order of the text. */
export function runsOf<Task>(steps: readonly Step<Task>[]): readonly Run<Task>[] {
  return steps.flatMap(step => (step.kind === 'run' ? [step] : runsOf(stepsIn(step))))
}

/** What the error record's code stands for: a node whose index was out of range, or a routine of which a run failed. */
export interface FailureRecord {
  readonly node: Apply
  /** What indices must be less than; null: of a routine. */
  readonly size: Dim | null
  /** The shape of the indices, or of the batch. */
  readonly shape: readonly Dim[]
}

export interface LatePlace {
  readonly symbol: DimSymbol
  readonly place: Place
}

export interface Commit {
  readonly shared: Shared
  readonly from: Place
}

export interface Program<Task> {
  readonly steps: readonly Step<Task>[]
  /** Where each output lies after the steps, contiguous. */
  readonly outputs: readonly Place[]
  readonly commits: readonly Commit[]
  /** Where the values of late sizes lie, each once the step has run that stores it; what needs one comes after that step. */
  readonly late: readonly LatePlace[]
  readonly failures: readonly FailureRecord[]
  /** The buffer of the error record. */
  readonly errors: Buffer
}

/** For a buffer that lies in another's memory: that other buffer. */
export type Aliases = ReadonlyMap<Buffer, Buffer>

/** The buffer in whose memory it lies in the end. */
export function homeOf(aliases: Aliases, buffer: Buffer): Buffer {
  let home = buffer
  for (let next = aliases.get(home); next !== undefined; next = aliases.get(home)) home = next
  return home
}

/** Whether the new value is at the shared variable's address already. */
export function isInPlace(aliases: Aliases, { shared, from }: Commit): boolean {
  return homeOf(aliases, from.ref.buffer).shared === shared
}

/** The same program with each task replaced. */
export function mapTasks<A, B>(
  program: Program<A>,
  change: (task: A, run: Run<A>) => Pick<Run<B>, 'task' | 'reads' | 'writes'> & Partial<Run<B>>,
): Program<B> {
  const steps = (list: readonly Step<A>[]): readonly Step<B>[] =>
    list.map(step => {
      switch (step.kind) {
        case 'repeat':
          return { ...step, body: steps(step.body) }
        case 'branch':
          return { ...step, thenSteps: steps(step.thenSteps), elseSteps: steps(step.elseSteps) }
        case 'host':
          return step
        default:
          return { ...step, ...change(step.task, step) }
      }
    })
  return { ...program, steps: steps(program.steps) }
}
