/**
 * Tokenizers as JSON, in Keras's form: counts and indices are texts of JSON inside the JSON.
 *
 * The order of the counts decides between words of the same count, so it is kept, also of words that are numbers: those
 * JavaScript's objects put first.
 */
import { isRecord, type JsonRecord, type Serialized } from '../json.js'
import { notATokenizer } from './errors.js'
import type { Tokenizer, TokenizerOptions } from './tokenizer.js'

export interface StoredTokenizer {
  readonly options: TokenizerOptions
  readonly documentCount: number
  readonly wordCounts: ReadonlyMap<string, number>
  readonly wordDocs: ReadonlyMap<string, number>
  readonly indexDocs: ReadonlyMap<number, number>
  readonly wordIndex: ReadonlyMap<string, number>
  readonly indexWord: ReadonlyMap<number, string>
}

export function storedTokenizer(tokenizer: Tokenizer): Serialized {
  return {
    class_name: 'Tokenizer',
    config: {
      num_words: tokenizer.numWords,
      filters: tokenizer.filters,
      lower: tokenizer.lower,
      split: tokenizer.split,
      char_level: tokenizer.charLevel,
      oov_token: tokenizer.oovToken,
      document_count: tokenizer.documentCount,
      word_counts: textOf(tokenizer.wordCounts),
      word_docs: textOf(tokenizer.wordDocs),
      index_docs: textOf(tokenizer.indexDocs),
      index_word: textOf(tokenizer.indexWord),
      word_index: textOf(tokenizer.wordIndex),
    },
  }
}

/** `{"the": 6, "cat": 2}`, in the order of the map. */
function textOf(map: ReadonlyMap<string | number, string | number>): string {
  const pairs = [...map].map(([key, value]) => `${JSON.stringify(String(key))}: ${JSON.stringify(value)}`)
  return `{${pairs.join(', ')}}`
}

export function readStored(stored: string | object): StoredTokenizer {
  const { class_name: name, config } = recordOf(stored, 'it')
  if (name !== 'Tokenizer' || !isRecord(config))
    throw notATokenizer(`its class_name is ${JSON.stringify(name)}, and must be "Tokenizer", with a config`)
  const count = config['document_count']
  if (typeof count !== 'number') throw notATokenizer(`document_count is ${JSON.stringify(count)}`)
  const numbers = (name: string) => pairsOf(config, name, isCount)
  const byIndex = <T>([key, value]: readonly [string, T]) => [Number(key), value] as const
  return {
    options: optionsOf(config),
    documentCount: count,
    wordCounts: new Map(numbers('word_counts')),
    wordDocs: new Map(numbers('word_docs')),
    indexDocs: new Map(numbers('index_docs').map(byIndex)),
    wordIndex: new Map(numbers('word_index')),
    indexWord: new Map(pairsOf(config, 'index_word', isText).map(byIndex)),
  }
}

const isCount = (x: unknown): x is number => Number.isInteger(x)
const isText = (x: unknown): x is string => typeof x === 'string'

function optionsOf(config: JsonRecord): TokenizerOptions {
  const get = <T>(name: string, fits: (x: unknown) => x is T): T => {
    const value: unknown = config[name]
    if (!fits(value)) throw notATokenizer(`${name} is ${JSON.stringify(value)}`)
    return value
  }
  const isFlag = (x: unknown): x is boolean => typeof x === 'boolean'
  // False, as some versions of Keras wrote it, is null.
  const orNull =
    <T>(fits: (x: unknown) => x is T) =>
    (x: unknown): x is T | null =>
      x === null || fits(x)
  return {
    numWords: get('num_words', orNull(isCount)),
    filters: get('filters', isText),
    lower: get('lower', isFlag),
    split: get('split', isText),
    charLevel: get('char_level', isFlag),
    oovToken: get('oov_token', orNull(isText)),
  }
}

function recordOf(stored: unknown, what: string): JsonRecord {
  let value: unknown = stored
  if (typeof stored === 'string') {
    try {
      value = JSON.parse(stored)
    } catch (error) {
      throw notATokenizer(`${what} is no JSON: ${(error as Error).message}`)
    }
  }
  if (!isRecord(value)) throw notATokenizer(`${what} is no object`)
  return value
}

const pair = /("(?:[^"\\]|\\.)*")\s*:\s*("(?:[^"\\]|\\.)*"|[^,}\s]+)/g

/** The pairs of an object that is a text of JSON, in the order of the text. */
function pairsOf<T>(config: JsonRecord, name: string, fits: (x: unknown) => x is T): [string, T][] {
  const text = config[name]
  if (typeof text !== 'string') throw notATokenizer(`${name} is ${JSON.stringify(text)}, not a text of JSON`)
  recordOf(text, name)
  return [...text.matchAll(pair)].map(([, key, value]): [string, T] => {
    const read: unknown = JSON.parse(value!)
    if (!fits(read)) throw notATokenizer(`in ${name}, ${key} has the value ${value}`)
    return [JSON.parse(key!) as string, read]
  })
}
