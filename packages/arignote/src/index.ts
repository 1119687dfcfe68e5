/** What users import: the tensor language, the compiler for it, and data sets to try it on. */
export * from '@arignote/compiler'
export * from '@arignote/graph'
export { type SineWaveOptions, sineWave } from './datasets.js'
