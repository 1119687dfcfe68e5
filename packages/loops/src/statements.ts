/**
 * Statements by hand: what an algorithm is written with that is more than one expression for each element.
 *
 * Names are for people who read the objects; kernels print by position.
 */
import type { Assign, Axis, Declare, Loop, Register, Statement } from './kernel.js'
import { type Operand, type Scalar, s } from './scalar.js'

/** A mutable local variable: declared once, then read and set. */
export interface Local {
  readonly value: Scalar
  readonly declare: Declare
  set(value: Scalar): Assign
}

export function local(name: string, initial: Scalar): Local {
  const register: Register = { name, type: initial.type }
  return {
    value: s.register(register),
    declare: { kind: 'declare', register, value: initial },
    set: value => ({ kind: 'assign', register, value }),
  }
}

type Body = (i: Scalar) => readonly Statement[]

const bound = (x: Operand): Scalar => (typeof x === 'number' ? s.int(x) : x)

/** For i from begin to below end, one after the other. */
export function forEach(name: string, begin: Operand, end: Operand, body: Body): Loop {
  return loop(name, begin, end, 'serial', body)
}

/** The same, where no iteration needs another: several may run at once. */
export function forAll(name: string, begin: Operand, end: Operand, body: Body): Loop {
  return loop(name, begin, end, 'lanes', body)
}

/** The statements where the condition, a bool, holds: a loop of at most one iteration. */
export function when(condition: Scalar, body: readonly Statement[]): Loop {
  return forEach('once', 0, s.cast(condition, 'int32'), () => body)
}

function loop(name: string, begin: Operand, end: Operand, mode: Loop['mode'], body: Body): Loop {
  const axis: Axis = { name }
  const [from, to] = [bound(begin), bound(end)]
  return {
    kind: 'loop',
    axis,
    begin: from,
    end: to,
    step: 1,
    mode,
    jam: 1,
    body: body(s.axis(axis)),
    folds: [],
  }
}
