/** Texts as words, and words as numbers by hashing. */
import { badArgument, checkOptions, describeGiven } from '@arignote/graph'
import { md5 } from 'js-md5'
import { notAnElement } from './errors.js'

export interface TextOptions {
  /** Each of these characters stands for `split`. Default: ASCII's punctuation but the apostrophe, tab and newline. */
  readonly filters?: string
  /** Default true. */
  readonly lower?: boolean
  /** What separates words; default a blank. */
  readonly split?: string
}

export const textOptions = ['filters', 'lower', 'split'] as const

export const defaultFilters = '!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n'

/** A function from texts to words; what it has to find out of the options is found out once. */
export function splitter(operation: string, options: TextOptions): (text: string) => string[] {
  const { filters = defaultFilters, lower = true, split = ' ' } = options
  if (typeof filters !== 'string')
    throw badArgument(
      `${operation}: filters`,
      `${describeGiven(filters).what} will not do`,
      "characters: '.,;'",
    )
  if (typeof split !== 'string' || split === '')
    throw badArgument(
      `${operation}: split`,
      `${describeGiven(split).what} will not do`,
      'a text, not an empty one',
    )
  const characters = [...filters].map(c => `\\u{${c.codePointAt(0)!.toString(16)}}`).join('')
  const filtered = characters === '' ? null : new RegExp(`[${characters}]`, 'gu')
  return text => {
    const small = lower ? text.toLowerCase() : text
    const plain = filtered === null ? small : small.replace(filtered, () => split)
    return plain.split(split).filter(word => word !== '')
  }
}

export function checkText(operation: string, place: string, text: unknown): void {
  if (typeof text !== 'string') throw notAnElement(operation, place, describeGiven(text).what, 'a text')
}

/** The words of a text, in small letters and without punctuation (Keras: `text_to_word_sequence`). */
export function textToWordSequence(text: string, options: TextOptions = {}): string[] {
  const operation = 'textToWordSequence'
  checkOptions(operation, options, textOptions)
  checkText(operation, 'the text', text)
  return splitter(operation, options)(text)
}

export interface HashingOptions extends TextOptions {
  /** From a word to an integer; default 'md5', the same everywhere and always. */
  readonly hashFunction?: 'md5' | ((word: string) => number | bigint)
}

/**
 * The words of a text as numbers from 1 to n − 1, by hashing: no vocabulary is needed, and two words may have the same number
 * (Keras: `hashing_trick` with `hash_function='md5'`).
 */
export function hashingTrick(text: string, n: number, options: HashingOptions = {}): number[] {
  return hashed('hashingTrick', text, n, options)
}

/**
 * The same under another name, as Keras has it (`one_hot`). Keras takes Python's own `hash` here, which gives other numbers in
 * each process; this is md5.
 */
export function oneHot(text: string, n: number, options: HashingOptions = {}): number[] {
  return hashed('oneHot', text, n, options)
}

function hashed(operation: string, text: string, n: number, options: HashingOptions): number[] {
  checkOptions(operation, options, [...textOptions, 'hashFunction'])
  checkText(operation, 'the text', text)
  if (!Number.isInteger(n) || n < 2)
    throw badArgument(`${operation}: n`, `${describeGiven(n).what} will not do`, 'an integer, at least 2')
  const { hashFunction = 'md5', ...words } = options
  if (hashFunction !== 'md5' && typeof hashFunction !== 'function')
    throw badArgument(
      `${operation}: hashFunction`,
      `${describeGiven(hashFunction).what} will not do`,
      "'md5', or a function from a word to an integer",
    )
  const remainder = (word: string) => {
    if (hashFunction === 'md5') return remainderOfHex(md5(word), n - 1)
    const hash = hashFunction(word)
    if (typeof hash === 'bigint') return Number(((hash % BigInt(n - 1)) + BigInt(n - 1)) % BigInt(n - 1))
    if (!Number.isSafeInteger(hash))
      throw notAnElement(
        operation,
        `the hash of ${JSON.stringify(word)}`,
        describeGiven(hash).what,
        'an integer',
      )
    return ((hash % (n - 1)) + (n - 1)) % (n - 1)
  }
  return splitter(operation, words)(text).map(word => remainder(word) + 1)
}

function remainderOfHex(digits: string, modulus: number): number {
  let remainder = 0
  for (const digit of digits) remainder = (remainder * 16 + Number.parseInt(digit, 16)) % modulus
  return remainder
}
