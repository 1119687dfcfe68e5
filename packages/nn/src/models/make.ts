/** What makes models: a list of layers, or what lies between inputs and outputs. */
import { badArgument, checkList, checkOptions, type NdArray } from '@arignote/graph'
import { checkSymbolic, type SymbolicTensor } from '../layers/symbolic.js'
import { type LayerLike, Model, type ModelOptions, type Prediction } from './model.js'
import { network } from './network.js'

/** A list of layers, each on the output of the one before. */
export function sequential(layers: readonly LayerLike[] = [], options: ModelOptions = {}): Model<NdArray> {
  checkList('sequential', 'layers', layers)
  checkOptions('sequential', options, ['name', 'seed'])
  return new Model('Sequential', layers, options)
}

type Tensors = SymbolicTensor | readonly SymbolicTensor[]

export interface FunctionalOptions<O extends Tensors = Tensors> {
  readonly name?: string
  readonly inputs: Tensors
  readonly outputs: O
}

type PredictionOf<O> = O extends SymbolicTensor | readonly [SymbolicTensor]
  ? NdArray
  : O extends readonly [SymbolicTensor, SymbolicTensor, ...(readonly SymbolicTensor[])]
    ? readonly NdArray[]
    : Prediction

/** What lies between inputs and outputs. */
export function model<const O extends Tensors>(options: FunctionalOptions<O>): Model<PredictionOf<O>> {
  checkOptions('model', options, ['inputs', 'outputs', 'name'])
  const { inputs, outputs, ...rest } = options ?? {}
  const [from, to] = [tensorsOf('inputs', inputs), tensorsOf('outputs', outputs)]
  return new Model('Model', network(from, to), rest)
}

function tensorsOf(name: string, given: Tensors | undefined): readonly SymbolicTensor[] {
  const list: readonly unknown[] = [given ?? []].flat()
  if (list.length === 0) throw badArgument('model', `no ${name}`, 'model({ inputs, outputs }) needs both')
  checkSymbolic('model', `among ${name} is`, list)
  return list
}
