/** Plain JSON, and objects of a class as Keras stores them: `{ class_name, config }`. */
export type Json = string | number | boolean | null | readonly Json[] | JsonRecord

export interface JsonRecord {
  readonly [name: string]: Json
}

/** A thing of a named class with its configuration; names inside `config` are Keras's, in snake_case. */
export interface Serialized {
  readonly class_name: string
  readonly config: JsonRecord
}

export function isRecord(x: unknown): x is JsonRecord {
  return typeof x === 'object' && x !== null && !Array.isArray(x) && !ArrayBuffer.isView(x)
}

export function isSerialized(x: unknown): x is Serialized {
  return isRecord(x) && typeof x.class_name === 'string' && typeof x.config === 'object' && x.config !== null
}
