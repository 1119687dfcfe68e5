export { ByteWriter } from './encode.js'
export { WasmError } from './errors.js'
export { hasRelaxedSimd, hasSimd, hasThreads } from './features.js'
export { type Body, FunctionBuilder, type FunctionOptions, func, type Params } from './function.js'
export type { Immediate, ImmediateArguments, MemoryAt } from './immediate.js'
export type {
  Callable,
  Global,
  ImportedFunction,
  Instruction,
  Label,
  Local,
  WasmFunction,
} from './instruction.js'
export {
  assemble,
  type Exportable,
  global,
  importFunction,
  importMemory,
  type Limits,
  type Memory,
  type ModuleContent,
  type ModuleParts,
  memory,
  type WasmModule,
} from './module.js'
export type { ImmediateKind, Opcode, ValueType } from './opcode.js'
export { type KindOf, type OpName, opcodes } from './opcodes.js'
export { printFunction, printModule } from './print.js'
