/**
 * Binary: a collected module  →  the bytes of its sections.
 *
 * Function types are shared, and a "name" section tells profilers what runs. Nothing is
 * checked here: bodies were checked while they were emitted.
 */
import { ByteWriter } from './encode.js'
import { writeImmediate } from './immediate.js'
import type { Callable, Global, Instruction, WasmFunction } from './instruction.js'
import type { Exportable, Limits, ModuleContent } from './module.js'
import type { ValueType } from './opcode.js'

const valueTypes = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c, v128: 0x7b } as const
const exportKinds = { function: 0, import: 0, memory: 2, global: 3 } as const
const plainBytes = {
  else: 0x05,
  end: 0x0b,
  return: 0x0f,
  drop: 0x1a,
  select: 0x1b,
  unreachable: 0x00,
  br: 0x0c,
  br_if: 0x0d,
  call: 0x10,
  block: 0x02,
  loop: 0x03,
  if: 0x04,
  'local.get': 0x20,
  'local.set': 0x21,
  'local.tee': 0x22,
  'global.get': 0x23,
  'global.set': 0x24,
} as const satisfies Record<Exclude<Instruction['kind'], 'op'>, number>

const section = {
  name: 0,
  type: 1,
  import: 2,
  function: 3,
  memory: 5,
  global: 6,
  export: 7,
  code: 10,
} as const

/** Encodes a module. Indices are positions in its lists; imports come first. */
export function encodeModule({
  imports,
  functions,
  globals,
  memory,
  exports,
}: ModuleContent): Uint8Array<ArrayBuffer> {
  const out = new ByteWriter(4096)
  const types = new TypeTable()
  const callables: readonly Callable[] = [...imports, ...functions]
  const indices = new Map<Exportable, number>([
    ...callables.map((item, index) => [item, index] as const),
    ...globals.map((item, index) => [item, index] as const),
  ])
  const indexOf = (item: Exportable) => indices.get(item) ?? 0
  const typeOf = ({ params, results }: Callable) => types.indexOf(params, results)
  const write = (id: number, content: () => void) => {
    out.byte(id)
    out.sized(content)
  }

  // Bodies may add types (blocks with several results), so all types are known only after them.
  const code = new ByteWriter(4096)
  code.vector(functions, item => code.sized(() => writeBody(code, item, indexOf, types)))
  const typeIndices = callables.map(typeOf)

  out.bytes([0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00])
  write(section.type, () => types.write(out))
  write(section.import, () => {
    out.u32(imports.length + (memory?.from ? 1 : 0))
    imports.forEach((item, index) => {
      out.string(item.module)
      out.string(item.name)
      out.byte(0x00)
      out.u32(typeIndices[index] as number)
    })
    if (memory?.from) {
      out.string(memory.from.module)
      out.string(memory.from.name)
      out.byte(0x02)
      writeLimits(out, memory)
    }
  })
  write(section.function, () => out.vector(typeIndices.slice(imports.length), index => out.u32(index)))
  if (memory && !memory.from)
    write(section.memory, () => out.vector([memory], item => writeLimits(out, item)))
  if (globals.length > 0) write(section.global, () => out.vector(globals, item => writeGlobal(out, item)))
  write(section.export, () =>
    out.vector(Object.entries(exports), ([name, item]) => {
      out.string(name)
      out.byte(exportKinds[item.kind])
      out.u32(indexOf(item))
    }),
  )
  write(section.code, () => out.bytes(code.toBytes()))
  write(section.name, () => {
    out.string('name')
    out.byte(1)
    out.sized(() =>
      out.vector(callables, (item, index) => {
        out.u32(index)
        out.string(item.name)
      }),
    )
  })
  return out.toBytes()
}

function writeBody(
  out: ByteWriter,
  { params, locals, body }: WasmFunction,
  indexOf: (item: Exportable) => number,
  types: TypeTable,
): void {
  const runs: { type: ValueType; count: number }[] = []
  for (let i = params.length; i < locals.length; i++) {
    const { type } = locals[i]!
    const last = runs.at(-1)
    if (last?.type === type) last.count++
    else runs.push({ type, count: 1 })
  }
  out.vector(runs, ({ type, count }) => {
    out.u32(count)
    out.byte(valueTypes[type])
  })

  for (let i = 0; i < body.length; i++) {
    const item = body[i]!
    if (item.kind === 'op') {
      out.bytes(item.row.bytes)
      if (item.immediate.kind !== 'none') writeImmediate(out, item.immediate)
      continue
    }
    const opcode = plainBytes[item.kind]
    if ('local' in item) out.indexed(opcode, item.local.index)
    else if ('global' in item) out.indexed(opcode, indexOf(item.global))
    else if ('target' in item) out.indexed(opcode, indexOf(item.target))
    else if ('depth' in item) out.indexed(opcode, item.depth)
    else {
      out.byte(opcode)
      if ('results' in item) writeBlockType(out, item.results, types)
    }
  }
  out.byte(plainBytes.end)
}

function writeBlockType(out: ByteWriter, results: readonly ValueType[], types: TypeTable): void {
  if (results.length === 0) out.byte(0x40)
  else if (results.length === 1) out.byte(valueTypes[results[0]!])
  else out.s32(types.indexOf([], results))
}

function writeLimits(out: ByteWriter, { initial, maximum, shared }: Limits): void {
  out.byte((maximum === undefined ? 0 : 1) | (shared ? 2 : 0))
  out.u32(initial)
  if (maximum !== undefined) out.u32(maximum)
}

function writeGlobal(out: ByteWriter, { type, mutable, initial }: Global): void {
  out.byte(valueTypes[type])
  out.byte(mutable ? 1 : 0)
  if (type === 'i32') {
    out.byte(0x41)
    out.s32(initial)
  } else {
    out.byte(type === 'f32' ? 0x43 : 0x44)
    out[type](initial)
  }
  out.byte(plainBytes.end)
}

/** Function types, each once. */
class TypeTable {
  readonly #indices = new Map<string, number>()
  readonly #types: [params: readonly ValueType[], results: readonly ValueType[]][] = []

  indexOf(params: readonly ValueType[], results: readonly ValueType[]): number {
    const key = `${params}→${results}`
    const known = this.#indices.get(key)
    if (known !== undefined) return known
    this.#indices.set(key, this.#types.length)
    return this.#types.push([params, results]) - 1
  }

  write(out: ByteWriter): void {
    const list = (types: readonly ValueType[]) => out.vector(types, type => out.byte(valueTypes[type]))
    out.vector(this.#types, ([params, results]) => {
      out.byte(0x60)
      list(params)
      list(results)
    })
  }
}
