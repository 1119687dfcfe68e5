/** What users (and the packages above) see of the compiler. */

export { optimize, rows, ruleNames } from './1-optimize/optimize.js'
export {
  type Arguments,
  type BackendName,
  backends,
  type CompiledFunction,
  type CompileOptions,
  compile,
  type Inputs,
  type Outputs,
  type Results,
} from './compile.js'
export { type PrintEvent, printedText, type Visit } from './effects.js'
export { evaluate } from './evaluate.js'
export type { MemoryReport } from './executable.js'
export { type Forms, formsOf } from './forms.js'
export * from './portable.js'
export type { KernelProfile, ProfileReport } from './profile.js'
export {
  type Buffer,
  type BufferRef,
  type Call,
  type Program,
  type Repeat,
  type Run,
  type Step,
  stepsIn,
} from './program.js'
export type { Pairs } from './signature.js'
export { type VerifyGradOptions, verifyGrad } from './verify-grad.js'
