/** The errors of models: one constructor per message; codes from E320 on. */
import { ArgumentError, type ArignoteError, GraphError, report } from '@arignote/graph'

export function disconnectedInput(layer: string): ArignoteError {
  return report(GraphError, 'E320', {
    operation: 'model',
    problem: `the outputs need the input ${layer}, which is not among the inputs`,
    lines: ['list every input that the outputs depend on: model({ inputs: […], outputs })'],
  })
}

export function notBuiltModel(model: string): ArignoteError {
  return report(GraphError, 'E321', {
    operation: model,
    problem: 'the model does not know the shape of its input yet',
    lines: ['give the first layer an inputShape, or call model.build([null, time, features])'],
  })
}

export function wrongModelWeights(model: string, names: readonly string[], count: number): ArignoteError {
  return report(ArgumentError, 'E322', {
    operation: model,
    problem: `${count} arrays for ${names.length} weights`,
    lines: [names.length === 0 ? 'it has none' : `its weights are ${names.join(', ')}`],
  })
}

export function severalOutputs(model: string, layer: string, count: number): ArignoteError {
  return report(GraphError, 'E323', {
    operation: model,
    problem: `${layer} has ${count} outputs: in a list of layers each has one`,
    lines: ['leave returnState out, or say what goes where: model({ inputs, outputs }) with layer.apply(x)'],
  })
}
