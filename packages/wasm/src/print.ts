/**
 * Print: functions and modules  →  WAT-like text, for people and snapshots.
 *
 * One statement per line: a line ends where the block's operand stack is empty again.
 * Names are made distinct per print, never global, so that text changes only with code.
 */
import { printImmediate } from './immediate.js'
import type { Callable, Instruction, WasmFunction } from './instruction.js'
import type { Memory, WasmModule } from './module.js'
import type { ValueType } from './opcode.js'

/** The text of one function. */
export function printFunction(item: WasmFunction): string {
  return functionText(item, callable => callable.name)
}

/** The text of a module: imports, memory, globals, functions, exports. */
export function printModule(module: WasmModule): string {
  const callables: readonly Callable[] = [...module.imports, ...module.functions]
  const names = distinct(callables.map(item => item.name))
  const nameOf = (item: Callable) => names[callables.indexOf(item)] as string

  const parts = [
    ...module.imports.map(
      item => `(import "${item.module}" "${item.name}" (func $${nameOf(item)}${signature(item)}))`,
    ),
    ...(module.memory ? [memoryText(module.memory)] : []),
    ...module.globals.map(({ name, type, mutable, initial }) => {
      return `(global $${name} ${mutable ? `(mut ${type})` : type} (${type}.const ${initial}))`
    }),
    ...module.functions.map(item => functionText(item, nameOf)),
    ...Object.entries(module.exports).map(([name, item]) => {
      if (item.kind === 'memory') return `(export "${name}" (memory 0))`
      if (item.kind === 'global') return `(export "${name}" (global $${item.name}))`
      return `(export "${name}" (func $${nameOf(item)}))`
    }),
  ]
  return `(module\n${indent(parts.join('\n'))})`
}

const lineWidth = 100

function functionText(item: WasmFunction, nameOf: (item: Callable) => string): string {
  const { params, results, locals, body } = item
  const heights = heightsOf(body)
  const names = distinct(locals.map(local => local.name))
  const declare = (word: string, from: number, to: number) =>
    locals.slice(from, to).map((local, i) => `(${word} $${names[from + i]} ${local.type})`)

  const lines = [
    ['(func', `$${nameOf(item)}`, ...declare('param', 0, params.length), ...resultText(results)].join(' '),
    ...wrap(declare('local', params.length, locals.length), '  '),
  ]

  let pad = '  '
  let statement: string[] = []
  const flush = () => {
    lines.push(...wrap(statement, pad))
    statement = []
  }
  for (const [index, instruction] of body.entries()) {
    const { kind } = instruction
    const closes = kind === 'end' || kind === 'else'
    if (closes) {
      flush()
      pad = pad.slice(2)
    }
    statement.push(instructionText(instruction, names, nameOf))
    const opens = kind === 'block' || kind === 'loop' || kind === 'if' || kind === 'else'
    if (opens || closes || heights[index] === 0) flush()
    if (opens) pad += '  '
  }
  flush()
  return `${lines.join('\n')})`
}

/** For each instruction, how many values its block has on the stack afterwards; none where code cannot be reached. */
function heightsOf(body: readonly Instruction[]): readonly number[] {
  const outer: { readonly height: number; readonly results: number }[] = []
  let height = 0
  const change = (taken: number, put: number) => {
    height = Math.max(0, height - taken) + put
  }
  return body.map(item => {
    switch (item.kind) {
      case 'op':
        change(item.row.operands.length, item.row.results.length)
        break
      case 'local.get':
      case 'global.get':
        height++
        break
      case 'local.set':
      case 'global.set':
      case 'drop':
      case 'br_if':
        change(1, 0)
        break
      case 'select':
        change(3, 1)
        break
      case 'call':
        change(item.target.params.length, item.target.results.length)
        break
      case 'if':
        change(1, 0)
        outer.push({ height, results: item.results.length })
        height = 0
        break
      case 'block':
      case 'loop':
        outer.push({ height, results: item.results.length })
        height = 0
        break
      case 'end': {
        const block = outer.pop()!
        height = block.height + block.results
        break
      }
      case 'else':
      case 'br':
      case 'return':
      case 'unreachable':
        height = 0
        break
      case 'local.tee':
        break
      default:
        item satisfies never
    }
    return height
  })
}

function instructionText(
  item: Instruction,
  locals: readonly string[],
  nameOf: (item: Callable) => string,
): string {
  switch (item.kind) {
    case 'op':
      return item.name + printImmediate(item.immediate, item.row)
    case 'local.get':
    case 'local.set':
    case 'local.tee':
      return `${item.kind} $${locals[item.local.index]}`
    case 'global.get':
    case 'global.set':
      return `${item.kind} $${item.global.name}`
    case 'call':
      return `call $${nameOf(item.target)}`
    case 'br':
    case 'br_if':
      return `${item.kind} $L${item.label.id}`
    case 'block':
    case 'loop':
    case 'if':
      return [item.kind, `$L${item.label.id}`, ...resultText(item.results)].join(' ')
    case 'else':
    case 'end':
    case 'return':
    case 'drop':
    case 'select':
    case 'unreachable':
      return item.kind
    default:
      return item satisfies never
  }
}

function memoryText({ from, initial, maximum, shared }: Memory): string {
  const limits = [initial, maximum, shared ? 'shared' : undefined].filter(part => part !== undefined)
  const text = `(memory ${limits.join(' ')})`
  return from ? `(import "${from.module}" "${from.name}" ${text})` : text
}

function signature({ params, results }: Callable): string {
  const list = params.length === 0 ? [] : [`(param ${params.join(' ')})`]
  return [...list, ...resultText(results)].map(part => ` ${part}`).join('')
}

function resultText(results: readonly ValueType[]): string[] {
  return results.length === 0 ? [] : [`(result ${results.join(' ')})`]
}

/** Words on as few lines as fit; continuation lines are indented further. */
function wrap(words: readonly string[], pad: string): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of words) {
    if (line !== '' && line.length + 1 + word.length > lineWidth) {
      lines.push(line)
      line = ''
    }
    line = line === '' ? `${lines.length === 0 ? pad : `${pad}    `}${word}` : `${line} ${word}`
  }
  if (line !== '') lines.push(line)
  return lines
}

/** The names themselves; later ones with the same text get a number. */
function distinct(names: readonly string[]): string[] {
  const taken = new Set<string>()
  return names.map(name => {
    let free = name
    for (let i = 1; taken.has(free); i++) free = `${name}_${i}`
    taken.add(free)
    return free
  })
}

function indent(text: string): string {
  return text.replace(/^/gm, '  ')
}
