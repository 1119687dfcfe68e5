/** What may be asked of `fit`, and whether it makes sense. */
import { badArgument, checkOptions, describeGiven, unknownName } from '@arignote/graph'
import { integer } from '../layers/option.js'
import { type BatchSource, type ClassWeights, isBatchSource } from './batches.js'
import { type Callback, checkHooks } from './callback.js'
import type { Data } from './data.js'

export interface FitOptions {
  /** Samples in a step; default 32, or the batch that the model was made for. The last one of an epoch may be smaller. */
  readonly batchSize?: number
  /** Default 1. */
  readonly epochs?: number
  /** 1: a progress bar; 2: a line per epoch; 0: nothing. Default 1. */
  readonly verbose?: 0 | 1 | 2
  readonly callbacks?: readonly Callback[]
  /** The share of samples, from the end, that are not trained but validated. */
  readonly validationSplit?: number
  /** What is validated after an epoch: [x, y], [x, y, sampleWeight], or an iterable of such batches. */
  readonly validationData?: readonly [x: Data, y: Data, sampleWeight?: Data] | BatchSource
  /** Samples in a new order in each epoch; 'batch': whole batches. Default true; stateful models want false. */
  readonly shuffle?: boolean | 'batch'
  /** What a sample of each class counts; for several outputs also by their names. */
  readonly classWeight?: ClassWeights
  /** What each sample counts, or each step of each sample. */
  readonly sampleWeight?: Data
  /** Where a run that was broken off goes on; default 0. */
  readonly initialEpoch?: number
  /** Batches that make an epoch, of an iterable or of less than all samples. */
  readonly stepsPerEpoch?: number
  readonly validationSteps?: number
  /** Validate after every so many epochs; default 1. */
  readonly validationFreq?: number
  /** Stops between two batches. */
  readonly signal?: AbortSignal
  /** Of the order of samples. The same seed, the same orders. */
  readonly seed?: number
  /** 'epoch': stateful layers begin each epoch with zeros. Default 'never', as in Keras. */
  readonly resetStates?: 'never' | 'epoch'
  /**
   * 'own': a validation begins with states of zeros and leaves those of the training alone. Default 'shared', as in
   * Keras: it goes on with the states of the training, which goes on with its.
   */
  readonly validationStates?: 'shared' | 'own'
}

const optionNames = [
  'batchSize',
  'epochs',
  'verbose',
  'callbacks',
  'validationSplit',
  'validationData',
  'shuffle',
  'classWeight',
  'sampleWeight',
  'initialEpoch',
  'stepsPerEpoch',
  'validationSteps',
  'validationFreq',
  'signal',
  'seed',
  'resetStates',
  'validationStates',
]

const whole = {
  batchSize: integer(1),
  epochs: integer(1),
  initialEpoch: integer(0),
  stepsPerEpoch: integer(1),
  validationSteps: integer(1),
  validationFreq: integer(1),
  seed: integer(0),
}

const choices = {
  verbose: [0, 1, 2],
  shuffle: [true, false, 'batch'],
  resetStates: ['never', 'epoch'],
  validationStates: ['shared', 'own'],
}

/** @throws ArgumentError for options that do not exist, have no such value, or do not go together */
export function checkFit(x: unknown, y: unknown, options: FitOptions): void {
  checkOptions('fit', options, optionNames)
  for (const [name, option] of Object.entries(whole)) {
    const given = options[name as keyof FitOptions]
    if (given !== undefined) option.read(given, `fit: ${name}`)
  }
  for (const [name, values] of Object.entries(choices)) {
    const given = options[name as keyof FitOptions]
    if (given !== undefined && !(values as readonly unknown[]).includes(given))
      throw unknownName('fit', name, given, values.map(String))
  }
  const { callbacks = [], validationData, validationSplit = 0, sampleWeight } = options
  const odd = [callbacks].flat().find(callback => typeof callback !== 'object' || callback === null)
  if (!Array.isArray(callbacks) || odd !== undefined)
    throw badArgument(
      'fit',
      `callbacks: ${describeGiven(odd ?? callbacks).what} will not do`,
      'a list of callbacks: [callbacks.earlyStopping({ patience: 2 })]',
    )
  for (const callback of callbacks) checkHooks('fit', callback)
  if (!(typeof validationSplit === 'number' && validationSplit >= 0 && validationSplit < 1))
    throw badArgument('fit', `validationSplit: ${String(validationSplit)} is no share`, 'from 0 to below 1')
  if (validationData !== undefined && !isBatchSource(validationData) && !isTuple(validationData))
    throw badArgument(
      'fit',
      `validationData: ${describeGiven(validationData).what} will not do`,
      '[x, y], [x, y, sampleWeight], or an iterable of such batches',
    )
  const { signal } = options
  if (signal !== undefined && typeof signal?.addEventListener !== 'function')
    throw badArgument(
      'fit',
      `signal: ${describeGiven(signal).what} is no signal`,
      'the signal of an AbortController, or AbortSignal.timeout(60_000)',
    )
  if (!isBatchSource(x)) return
  if (y !== undefined || sampleWeight !== undefined)
    throw badArgument(
      'fit',
      'targets or weights beside an iterable of batches',
      'the iterable gives them: [x, y] or [x, y, sampleWeight]',
    )
  if (validationSplit > 0)
    throw badArgument('fit', 'an iterable of batches cannot be split', 'give validationData instead')
}

const isTuple = (x: unknown) => Array.isArray(x) && (x.length === 2 || x.length === 3)
