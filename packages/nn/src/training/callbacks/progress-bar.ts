/** The progress bar, as Keras draws it. */
import type { Callback } from '../callback.js'

export class ProgressBar implements Callback {}
