/** Embedding: indices → rows of a table. Its gradient adds up where an index occurs more than once. */
import { cast, neq, take } from '@arignote/graph'
import { wrongInput } from './errors.js'
import { oneInput } from './inputs.js'
import { layerKind } from './kind.js'
import { constraintOption, flag, initializerOption, integer, nullable, regularizerOption } from './option.js'

export const embedding = layerKind({
  className: 'Embedding',
  options: {
    inputDim: integer(1),
    outputDim: integer(1),
    embeddingsInitializer: initializerOption('uniform'),
    embeddingsRegularizer: regularizerOption,
    activityRegularizer: regularizerOption,
    embeddingsConstraint: constraintOption,
    maskZero: flag(false),
    inputLength: nullable(integer(1)),
  },
  firstInput: ({ inputLength }) => ({ shape: [inputLength], dtype: 'int32' }),
  outputShapes: ({ outputDim, inputLength }, inputs) => {
    const input = oneInput('embedding', inputs)
    const [batch = null, time, ...rest] = input
    if (inputLength !== null && typeof time === 'number' && time !== inputLength)
      throw wrongInput('embedding', `inputLength is ${inputLength}, the input has ${time} steps`, inputs)
    return [[batch, ...(time === undefined ? [] : [time ?? inputLength]), ...rest, outputDim]]
  },
  build: (options, _, { weight }) => {
    const table = weight('embeddings', [options.inputDim, options.outputDim], {
      initializer: options.embeddingsInitializer,
      regularizer: options.embeddingsRegularizer,
      constraint: options.embeddingsConstraint,
    })
    return {
      weights: [table],
      call: ([x]) => {
        const ids = x!.tensor.dtype === 'int32' ? x!.tensor : cast(x!.tensor, 'int32')
        return [{ tensor: take(table.variable, ids), mask: options.maskZero ? neq(ids, 0) : null }]
      },
    }
  },
})
