/**
 * Layers: a kind with its options, a name, and – once it has met an input – weights. The object is the identity: used
 * twice, it has the same weights in both places.
 */
import { checkOptions, convert, type NdArray, ndarrayOf, shared, type Value } from '@arignote/graph'
import type { DType } from '@arignote/loops'
import type { FloatType } from '../dtype.js'
import type { JsonRecord } from '../json.js'
import { camelCase, snakeCase } from '../names.js'
import type { Regularizer } from '../regularizers.js'
import { randomSeed, seedsFrom } from '../seeds.js'
import { sizeOf } from '../size.js'
import { notBuilt, otherWidth, within, wrongWeightShape, wrongWeights } from './errors.js'
import type { Built, CallContext, Flow, LayerKind, Making, Shape, Weight } from './kind.js'
import {
  choice,
  flag,
  integer,
  nullable,
  type OptionsOf,
  type OptionTable,
  optional,
  readOptions,
  sizes,
  text,
  type ValuesOf,
} from './option.js'
import { checkSymbolic, type LayerNode, SymbolicTensor } from './symbolic.js'

/** What every layer takes. */
export const commonOptions = {
  name: nullable(text),
  trainable: flag(true),
  dtype: optional(choice(['float32', 'float64']), 'float32'),
  /** Of first values and random draws; another one each time by default. */
  seed: nullable(integer(0)),
  /** Without the batch. */
  inputShape: nullable(sizes),
  batchInputShape: nullable(sizes),
} satisfies OptionTable

/** First values, in the order of `getWeights`. */
interface InitialWeights {
  readonly weights?: readonly Value[]
}

export type LayerOptions<T> = OptionsOf<T> & OptionsOf<typeof commonOptions> & InitialWeights

let counts = new Map<string, number>()

/** `lstm_1`, `lstm_2`, …: counted by class, for the whole process. */
export function uniqueName(className: string): string {
  const stem = snakeCase(className).replace(/_layer$/, '')
  const count = (counts.get(stem) ?? 0) + 1
  counts.set(stem, count)
  return `${stem}_${count}`
}

/** Names of layers are counted from 1 again (Keras: `reset_uids`). */
export function resetLayerNames(): void {
  counts = new Map()
}

export class Layer<T extends OptionTable = OptionTable> {
  readonly name: string
  readonly options: ValuesOf<T>
  readonly common: ValuesOf<typeof commonOptions>
  /** Where the layer was used, in turn. */
  readonly nodes: LayerNode[] = []
  /** Takes effect when a model is compiled. */
  trainable: boolean
  #built: Built | null = null
  /** What the weights were made for. */
  #firstShape: Shape | null = null
  #seed: number | null
  #initial: readonly Value[] | null

  constructor(
    readonly kind: LayerKind<T>,
    given: LayerOptions<T>,
  ) {
    const operation = camelCase(snakeCase(kind.className))
    const tables: OptionTable = { ...commonOptions, ...kind.options }
    checkOptions(operation, given, [...Object.keys(tables), 'weights'])
    const all = readOptions(operation, tables, (given ?? {}) as Readonly<Record<string, unknown>>)
    this.options = all as ValuesOf<T>
    this.common = all as unknown as ValuesOf<typeof commonOptions>
    this.name = this.common.name ?? uniqueName(kind.className)
    this.trainable = this.common.trainable
    this.#seed = this.common.seed
    this.#initial = given?.weights ?? null
  }

  get dtype(): FloatType {
    return this.common.dtype
  }

  /** A seed for a layer that was given none and has no weights yet. */
  suggestSeed(seed: number): void {
    if (this.#built !== null) return
    this.#seed ??= seed
    this.kind.suggestSeed?.(this.#seed)
  }

  /** The layer with its weights. @throws GraphError if it has met no input yet */
  get built(): Built {
    if (this.#built === null) throw notBuilt(this.name)
    return this.#built
  }

  get isBuilt(): boolean {
    return this.#built !== null
  }

  /** What the options tell of the input, for a layer that stands first. */
  get firstInput(): { readonly shape: Shape | null; readonly dtype: DType } | null {
    return this.kind.firstInput?.(this.options) ?? null
  }

  /** The outputs of the layer for symbolic inputs; the first use makes the weights. */
  apply(input: SymbolicTensor): SymbolicTensor
  apply(inputs: SymbolicTensor | readonly SymbolicTensor[]): SymbolicTensor | readonly SymbolicTensor[]
  apply(given: SymbolicTensor | readonly SymbolicTensor[]): SymbolicTensor | readonly SymbolicTensor[] {
    const inputs: readonly unknown[] = Array.isArray(given) ? given : [given]
    checkSymbolic(this.name, 'it cannot be applied to', inputs)
    const { outputs } = this.use(inputs)
    return outputs.length === 1 ? outputs[0]! : outputs
  }

  /** A node for these inputs. */
  use(inputs: readonly SymbolicTensor[]): LayerNode {
    const shapes = inputs.map(x => x.shape)
    const batch = this.common.batchInputShape
    const dtypes = inputs.map(x => x.dtype)
    const isInput = inputs.length === 0 && batch !== null
    const outputShapes = isInput ? [batch] : this.outputShapesOf(shapes, dtypes)
    this.build(shapes)
    const dtype = this.outputDTypeOf(dtypes, shapes)
    const outputs: SymbolicTensor[] = []
    const node: LayerNode = { layer: this as never, inputs, outputs, index: this.nodes.length }
    outputs.push(...outputShapes.map((shape, i) => new SymbolicTensor(shape, dtype, node, i)))
    this.nodes.push(node)
    return node
  }

  /** @throws ShapeError for inputs that the layer cannot take */
  outputShapesOf(inputs: readonly Shape[], dtypes: readonly DType[]): readonly Shape[] {
    return within(this.name, () => this.kind.outputShapes(this.options, inputs, dtypes))
  }

  outputDTypeOf(dtypes: readonly DType[], inputs: readonly Shape[]): DType {
    return this.kind.outputDType?.(this.options, dtypes, inputs) ?? this.dtype
  }

  /** Makes the weights, once. @throws ShapeError for an input that the weights there are do not fit */
  build(inputs: readonly Shape[]): Built {
    const [first] = inputs
    if (this.#built !== null) {
      if (first !== undefined) this.#checkFits(first)
      return this.#built
    }
    const built = within(this.name, () => this.kind.build(this.options, inputs, this.#making()))
    if (this.#initial !== null) this.#set(built, this.#initial)
    this.#built = built
    this.#firstShape = first ?? null
    return built
  }

  #checkFits(input: Shape): void {
    const first = this.#firstShape
    if (first === null) return
    const axes = this.kind.fixedAxes?.(this.options, first) ?? []
    if (axes.some(axis => input.at(axis) !== first.at(axis))) throw otherWidth(this.name, input, first)
  }

  /** The outputs for inputs, as a graph; an activity regulariser has its say. */
  call(inputs: readonly Flow[], context: CallContext): readonly Flow[] {
    const outputs = within(this.name, () => this.built.call(inputs, context))
    const { activityRegularizer } = this.options as { activityRegularizer?: Regularizer | null }
    if (activityRegularizer) context.penalize(activityRegularizer.penalty(outputs[0]!.tensor))
    return outputs
  }

  #making(): Making {
    const { name, dtype } = this
    const nextSeed = seedsFrom(this.#seed ?? randomSeed())
    return {
      name,
      dtype,
      nextSeed,
      weight: (weight, shape, { initializer, regularizer = null, constraint = null, trainable = true }) => ({
        variable: shared(initializer.make(shape, { dtype, seed: nextSeed() }), `${name}/${weight}`),
        name: weight,
        trainable,
        regularizer,
        constraint,
      }),
    }
  }

  get weights(): readonly Weight[] {
    return this.#built?.weights ?? []
  }

  /** Copies, in Keras's order. */
  getWeights(): NdArray[] {
    return this.built.weights.map(({ variable }) => variable.getValue())
  }

  /** @throws ArgumentError, ShapeError if one does not fit; then none is set */
  setWeights(values: readonly Value[]): void {
    this.#set(this.built, values)
  }

  #set({ weights }: Built, values: readonly Value[]): void {
    const names = weights.map(w => w.name)
    if (values.length !== names.length) throw wrongWeights(this.name, names, values.length)
    setTogether(this.name, weights, values)
  }

  /** Another layer of the same kind and options, but for some; it has weights of its own. */
  clone(changes: Readonly<Record<string, unknown>>): Layer<T> {
    const { inputShape, batchInputShape, dtype, seed, trainable } = this.common
    const common = { inputShape, batchInputShape, dtype, seed, trainable }
    return new Layer(this.kind, { ...common, ...this.options, ...changes } as LayerOptions<T>)
  }

  countParams(): number {
    return this.weights.reduce((total, w) => total + sizeOf(w.variable.cell.shape), 0)
  }

  /** As Keras's JSON has it, names in snake_case. */
  getConfig(): JsonRecord {
    const { name, trainable, dtype } = this
    const { batchInputShape } = this.common
    const shape = this.common.inputShape ?? this.firstInput?.shape ?? null
    const batch = batchInputShape ?? (shape === null ? null : [null, ...shape])
    const own = Object.entries(this.kind.options)
      .map(([key, row]) => [key, row, (this.options as Readonly<Record<string, unknown>>)[key]] as const)
      .filter(([, row, value]) => !(row.isOurs && value === row.byDefault))
      .map(([key, row, value]) => [snakeCase(key), row.toJson(value)])
    const first = batch === null ? {} : { batch_input_shape: batch }
    const config = { name, trainable, ...first, dtype, ...Object.fromEntries(own) }
    return this.kind.toConfig?.(this.options, config) ?? config
  }
}

/** Sets weights, once all values are known to fit. */
export function setTogether(
  owner: string,
  weights: readonly Pick<Weight, 'variable' | 'name'>[],
  values: readonly Value[],
): void {
  const checked = weights.map(({ variable, name }, i) => {
    const value = convert(values[i]!, variable.dtype, `${owner}: ${name}`)
    const want = variable.cell.shape
    if (value.shape.join() !== want.join()) throw wrongWeightShape(owner, name, value.shape, want)
    return ndarrayOf(value.data, value.shape)
  })
  weights.forEach(({ variable }, i) => {
    variable.setValue(checked[i]!)
  })
}
