/**
 * Errors: every message of this package. A message names the instruction and the function,
 * and the JavaScript stack points at the line that emitted the instruction.
 */

/** Raised when code is emitted that no engine would accept. */
export class WasmError extends TypeError {
  override readonly name = 'WasmError'
}

const words = (types: readonly string[]) => `[${types.join(' ')}]`
const inside = (name: string) => ` (function "${name}")`

/** The operand stack does not hold what an instruction takes. */
export const operandMismatch = (
  what: string,
  expected: readonly string[],
  found: readonly string[],
  inFunction: string,
) =>
  new WasmError(
    `${what}: expected ${words(expected)} on the stack, found ${words(found)}${inside(inFunction)}`,
  )

/** An immediate is out of range or of the wrong kind. */
export const badImmediate = (what: string, rule: string, found: unknown) =>
  new WasmError(`${what}: ${rule}, got ${String(found)}`)

/** No row of the table has this name. */
export const unknownInstruction = (what: string, inFunction: string) =>
  new WasmError(`${what}: no such instruction${inside(inFunction)}`)

/** A local of one function is used in another. */
export const foreignLocal = (what: string, local: string, inFunction: string) =>
  new WasmError(`${what}: local "${local}" belongs to another function${inside(inFunction)}`)

/** A global that cannot change is assigned. */
export const constantGlobal = (name: string, inFunction: string) =>
  new WasmError(`global.set: global "${name}" is not mutable${inside(inFunction)}`)

/** A branch leaves for a block that does not surround it. */
export const closedLabel = (what: string, inFunction: string) =>
  new WasmError(`${what}: the label's block is not open here${inside(inFunction)}`)

/** An `if` that gives results needs both arms. */
export const missingElse = (results: readonly string[], inFunction: string) =>
  new WasmError(`if: results ${words(results)} need an else arm${inside(inFunction)}`)

/** An instruction is emitted after the end of its function. */
export const finished = (inFunction: string) =>
  new WasmError(`the function is finished; nothing can be emitted${inside(inFunction)}`)

/** A function reached the module before its end was emitted. */
export const unfinished = (name: string) =>
  new WasmError(`function "${name}" is exported or called, but was never finished`)

/** Object keys that look like integers lose their order, and parameters are ordered. */
export const numericName = (name: string, inFunction: string) =>
  new WasmError(`parameter "${name}": a name must not be a number${inside(inFunction)}`)

/** Code touches memory, but the module has none. */
export const noMemory = (name: string) => new WasmError(`function "${name}" uses memory; give the module one`)

/** The module format has room for one memory. */
export const twoMemories = () => new WasmError('a module has one memory, and exports that one')

/** Threads can only share a memory that never moves. */
export const sharedNeedsMaximum = () => new WasmError('a shared memory needs a maximum')
