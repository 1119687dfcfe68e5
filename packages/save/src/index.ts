/** What users import as `arignote/save`. */
export type { PortableOptions as ExportOptions } from '@arignote/compiler'
export { type LoadedFunction, type LoadedInput, type LoadedResults, loadFunction } from '@arignote/load'
export { exportFunction, saveFunction } from './export.js'
export {
  type AssignOptions,
  assignParameters,
  decodeParameters,
  encodeParameters,
  type Format,
  loadParameters,
  type Parameters,
  type ParameterValues,
  type SaveOptions,
  saveParameters,
} from './parameters.js'
