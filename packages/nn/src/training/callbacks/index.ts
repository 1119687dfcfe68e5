/** Callbacks that there are; any object with some of the hooks is one too. */
import { checkOptions } from '@arignote/graph'
import { type Callback, hookNames } from '../callback.js'
import { CSVLogger, type CSVLoggerOptions } from './csv-logger.js'
import { EarlyStopping, type EarlyStoppingOptions } from './early-stopping.js'
import type { Messages } from './given.js'
import {
  type LearningRateSchedule,
  LearningRateScheduler,
  ReduceLROnPlateau,
  type ReduceLROnPlateauOptions,
} from './learning-rate.js'
import { ModelCheckpoint, type ModelCheckpointOptions } from './model-checkpoint.js'
import { ProgressBar, type ProgressBarOptions } from './progress-bar.js'
import { TerminateOnNaN } from './terminate-on-nan.js'

/** For the `callbacks` of `fit`: `callbacks.earlyStopping({ patience: 2, restoreBestWeights: true })`. */
export const callbacks = {
  /** Stops when a number has not improved for some epochs. */
  earlyStopping: (options?: EarlyStoppingOptions) => new EarlyStopping(options),
  /** Saves the model after every epoch, or after those that are better than ever. */
  modelCheckpoint: (options: ModelCheckpointOptions) => new ModelCheckpoint(options),
  /** Reduces the learning rate when a number has not improved for some epochs. */
  reduceLROnPlateau: (options?: ReduceLROnPlateauOptions) => new ReduceLROnPlateau(options),
  /** Sets the learning rate before each epoch: `(epoch, learningRate) => learningRate * 0.9`. */
  learningRateScheduler: (schedule: LearningRateSchedule, messages?: Messages) =>
    new LearningRateScheduler(schedule, messages),
  /** Stops as soon as the loss of a batch is NaN or infinite. */
  terminateOnNaN: (options?: Pick<Messages, 'print'>) => new TerminateOnNaN(options),
  /** Writes the numbers of each epoch into a file. */
  csvLogger: (options: CSVLoggerOptions) => new CSVLogger(options),
  /** Hooks by name: as they are, once the names have been checked. */
  lambda: (given: Callback): Callback => checkOptions('lambda', given, hookNames),
  /** What `verbose` draws, to somewhere else or by another clock. */
  progressBar: (options?: ProgressBarOptions) => new ProgressBar(options),
}
