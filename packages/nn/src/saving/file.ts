/**
 * Our files: safetensors, so that other tools read the arrays, with a JSON text in the remarks that says what they are of.
 *
 * Names of arrays begin with what they are: `weights/lstm_1/kernel`, `optimizer/…`, `memory/…`. The JSON lists them in
 * order, since names depend on what else was made in a process. A checksum over the JSON and all numbers tells damage.
 */
import type { Shared } from '@arignote/graph'
import {
  bytesOfTensor,
  crc32,
  decodeSafetensors,
  encodeSafetensors,
  metadataOf,
  type Tensor,
} from '@arignote/save/files'
import { isRecord, type Json, type JsonRecord } from '../json.js'
import { damagedFile, newerFile, notAModelFile } from './errors.js'
import type { Named } from './parts.js'

const format = 'arignote model'
const version = '1'

/** What a file may hold, in this order. */
export interface Parts<T> {
  readonly weights: T
  readonly optimizer: T
  readonly memory: T
}

const partNames = ['weights', 'optimizer', 'memory'] as const

export interface Contents extends Parts<readonly Stored[]> {
  /** Null in a file of weights alone. */
  readonly model: JsonRecord | null
  readonly compiled: JsonRecord | null
}

export interface Stored extends Tensor {
  readonly name: string
}

export interface Given extends Parts<Named> {
  readonly model: JsonRecord | null
  readonly compiled: JsonRecord | null
}

export function encodeModel(operation: string, given: Given): Uint8Array<ArrayBuffer> {
  const tensors = new Map<string, Tensor>()
  const names: Record<string, Json> = {}
  for (const part of partNames) {
    names[part] = given[part].map(([name]) => name)
    for (const [name, variable] of given[part]) tensors.set(`${part}/${name}`, tensorOf(variable))
  }
  const json = JSON.stringify({ model: given.model, compiled: given.compiled, names })
  const crc = checksum(json, [...tensors.values()])
  return encodeSafetensors(operation, tensors, { format, version, json, crc32: crc })
}

const tensorOf = ({ dtype, cell }: Shared): Tensor => ({ dtype, shape: cell.shape, data: cell.read() })

function checksum(json: string, tensors: readonly Tensor[]): string {
  const sums = [new TextEncoder().encode(json), ...tensors.map(bytesOfTensor)].map(crc32)
  return crc32(new Uint8Array(Uint32Array.from(sums).buffer)).toString(16)
}

/** Whether bytes begin as such a file; only what they are, not whether they are whole. */
export const isModelFile = (bytes: Uint8Array): boolean => metadataOf(bytes).format === format

/** @throws ArgumentError for what is no such file, is damaged, or of a newer release */
export function decodeModel(operation: string, file: string | null, bytes: Uint8Array): Contents {
  const remarks = metadataOf(bytes)
  const tensors = decodeSafetensors(bytes, { operation, file })
  if (remarks.format !== format) throw notAModelFile(operation, file, 'the file has arrays, but no model')
  if (remarks.version !== version) throw newerFile(operation, file, remarks.version)
  const damaged = (found: string) => damagedFile(operation, file, found)
  const json = parsed(remarks.json, damaged)
  const names = json.names
  if (!isRecord(names)) throw damaged('it does not list its arrays')
  const parts = partNames.map(part => {
    const list = (names[part] ?? []) as readonly string[]
    return list.map(name => {
      const tensor = tensors.get(`${part}/${name}`)
      if (tensor === undefined) throw damaged(`it has no array "${part}/${name}"`)
      return { ...tensor, name }
    })
  })
  if (checksum(remarks.json as string, parts.flat()) !== remarks.crc32)
    throw damaged('its checksum is another one')
  const [weights, optimizer, memory] = parts as [Stored[], Stored[], Stored[]]
  const record = (x: unknown) => (isRecord(x) ? x : null)
  return { model: record(json.model), compiled: record(json.compiled), weights, optimizer, memory }
}

function parsed(text: unknown, damaged: (found: string) => Error): JsonRecord {
  try {
    const json: unknown = JSON.parse(String(text))
    if (isRecord(json)) return json
  } catch {}
  throw damaged('its configuration is no JSON')
}
