/**
 * Opcodes: the one table of instructions, name → row, and the types that follow from it.
 *
 * Control flow, locals, globals and calls are not here: they depend on their
 * surroundings, and `function.ts` emits them.
 */
import type { ImmediateKind, Opcode } from './opcode.js'
import { scalarOpcodes } from './opcodes-scalar.js'
import { simdOpcodes } from './opcodes-simd.js'

/** Every instruction with a fixed signature, by its name in the specification. */
export const opcodes = { ...scalarOpcodes, ...simdOpcodes } as const

/** The name of an instruction. */
export type OpName = keyof typeof opcodes

/** The immediates that instruction `N` takes. */
export type KindOf<N extends OpName> =
  (typeof opcodes)[N] extends Opcode<infer K extends ImmediateKind> ? K : never
