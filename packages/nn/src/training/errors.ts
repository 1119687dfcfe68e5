/** The errors of training: one constructor per message; codes from E380 on. */
import {
  ArgumentError,
  ArignoteError,
  DTypeError,
  GraphError,
  NumericError,
  nearestName,
  report,
  ShapeError,
} from '@arignote/graph'
import { printShape } from '../layers/errors.js'
import type { Shape } from '../layers/kind.js'

export function samplesDiffer(operation: string, wanted: number, what: string, have: number): ArignoteError {
  return report(ShapeError, 'E380', {
    operation,
    problem: `${wanted} samples, but ${have} in ${what}`,
    lines: ['inputs, targets and weights have as many samples each'],
  })
}

export function wrongData(place: string, have: readonly number[], want: Shape): ArignoteError {
  return report(ShapeError, 'E381', {
    operation: place,
    problem: `the array has the shape ${printShape(have)}, the model takes ${printShape(want)}`,
    lines: ['None is any size; the first axis counts samples'],
  })
}

export function notWhole(place: string, value: number): ArignoteError {
  return report(DTypeError, 'E382', {
    operation: place,
    problem: `${value} is no index`,
    lines: ['indices are whole numbers'],
  })
}

export function alreadyTraining(model: string): ArignoteError {
  return report(GraphError, 'E394', {
    operation: `${model}.fit`,
    problem: 'the model is being trained already',
    lines: ['one run at a time: await the one before, or stop it by a signal'],
  })
}

export function noSamples(operation: string): ArignoteError {
  return report(ArgumentError, 'E395', {
    operation,
    problem: 'there are no samples',
    lines: ['at least one is wanted'],
  })
}

/** The error of a batch says which it was. */
export function placed(error: unknown, place: string): unknown {
  if (error instanceof ArignoteError) error.message += `\n  ${place}`
  return error
}

export function nanInData(place: string, sample: number, value: number): ArignoteError {
  return report(NumericError, 'E383', {
    operation: place,
    problem: `sample ${sample} has ${Number.isNaN(value) ? 'a NaN' : `an infinite number, ${value}`}`,
    lines: [
      'one such number makes every weight NaN in the next step, and predicts NaN: clean the data first',
    ],
  })
}

export function notCompiled(model: string, what: string): ArignoteError {
  return report(GraphError, 'E384', {
    operation: `${model}.${what}`,
    problem: 'the model has no loss and no optimiser yet',
    lines: ["compile it first: model.compile({ loss: 'mse', optimizer: 'adam' })"],
  })
}

export function notDivisible(model: string, samples: number, batch: number): ArignoteError {
  return report(ArgumentError, 'E385', {
    operation: model,
    problem: `${samples} samples are no multiple of the batch of ${batch}`,
    lines: ['a stateful model has batches of one size: leave the last samples out'],
  })
}

export function noTargets(operation: string): ArignoteError {
  return report(ArgumentError, 'E386', {
    operation,
    problem: 'no targets',
    lines: ['fit(x, y), or an iterable of [x, y] or [x, y, sampleWeight]'],
  })
}

export function unknownClass(operation: string, label: number, known: readonly string[]): ArignoteError {
  return report(ArgumentError, 'E387', {
    operation,
    problem: `classWeight has no weight for class ${label}`,
    lines: [`it has ${known.join(', ')}; every class that occurs needs one`],
  })
}

export function notMonitored(callback: string, name: string, known: readonly string[]): ArignoteError {
  const nearest = nearestName(name, known)
  return report(ArgumentError, 'E388', {
    operation: callback,
    problem: `there is no ${JSON.stringify(name)} to monitor`,
    lines: [
      ...(nearest === null ? [] : [`did you mean "${nearest}"?`]),
      `there are ${known.join(', ')}`,
      ...(name.startsWith('val_') ? ['without validationData or validationSplit there is no val_loss'] : []),
    ],
  })
}

export function noLearningRate(callback: string, optimizer: string): ArignoteError {
  return report(ArgumentError, 'E389', {
    operation: callback,
    problem: `the learning rate of ${optimizer} is a schedule, which cannot be set`,
    lines: ['give the optimiser a number: optimizers.adam({ learningRate: 0.001 })'],
  })
}

export function noBatches(operation: string): ArignoteError {
  return report(ArgumentError, 'E390', {
    operation,
    problem: 'the iterable gave no batch',
    lines: [
      'a generator can be gone through once: hand in the generator function, which begins anew each epoch',
    ],
  })
}

export function otherBatchSize(model: string, given: number, fixed: number): ArignoteError {
  return report(ArgumentError, 'E391', {
    operation: model,
    problem: `the model was made for batches of ${fixed}, not of ${given}`,
    lines: [
      'stateful layers keep a state for each sample of a batch',
      `for batches of ${given}: a model of the same layers with batchInputShape [${given}, …], and setWeights`,
    ],
  })
}

export function nothingToTrain(why: string): ArignoteError {
  return report(ArgumentError, 'E392', {
    operation: 'fit',
    problem: `there is nothing to train: ${why}`,
    lines: ['at least one sample is wanted'],
  })
}

export function noSuchClass(label: string, sample: number, given: number, classes: number): ArignoteError {
  return report(ArgumentError, 'E393', {
    operation: label,
    problem: `sample ${sample} has the class ${given}, of ${classes} classes`,
    lines: [`classes count from 0 to ${classes - 1}, the last size of the output`],
  })
}
