/**
 * Sentiment: is a text for or against? Words become vectors, an LSTM reads them one after the other, and what it has in mind at
 * the end decides.
 *
 *     npm start -- sentiment --pos FILE --neg FILE    a text in each line
 *     npm start -- sentiment --data FOLDER            the reviews of Maas et al. (2011): the folder aclImdb
 *     npm start -- sentiment --data imdb.npz          the same as Keras has them; --words imdb_word_index.json tells the words
 *     npm start -- sentiment                          opinions made up, in which the order of the words decides
 *
 * --help says what the other options are.
 */
import type { NdArray } from 'arignote'
import { datasets, layers, preprocessing, sequential } from 'arignote/nn'
import { bagOfWords } from './lib/bag-of-words.js'
import {
  interruption,
  oneOf,
  path,
  reading,
  runIfMain,
  UsageError,
  type Values,
  whole,
} from './lib/command-line.js'

const WORDS = 20_000
const LENGTH = 100

export type Cell = 'lstm' | 'gru' | 'simple'

const program = {
  name: 'sentiment',
  says: 'A recurrent network learns whether a text is for or against.',
  options: {
    cell: oneOf(['lstm', 'gru', 'simple'], 'what reads the words'),
    pos: path('texts that are for, one in each line; wants --neg'),
    neg: path('texts that are against, one in each line; wants --pos'),
    data: path('reviews of films: the folder aclImdb, or imdb.npz'),
    words: path('the words of imdb.npz: imdb_word_index.json'),
    epochs: whole(5, 'how often it reads all texts'),
    seed: whole(1, 'the same seed, the same numbers', 0),
  },
}

export interface Labelled {
  /** Numbers of words, (texts, length). */
  readonly x: NdArray<'int32', 2>
  /** 1 for, 0 against: (texts). */
  readonly y: NdArray<'int32', 1>
}

export interface Corpus {
  readonly train: Labelled
  readonly validation: Labelled
  /** Any text as the network reads it, (1, length); null where the words are not known. */
  readonly encode: ((text: string) => NdArray<'int32', 2>) | null
}

export interface Sizes {
  readonly length: number
  /** Numbers of words go up to below this; default 20 000. */
  readonly words?: number
  /** Default 128. */
  readonly units?: number
}

/** The network, ready to be trained. */
export function sentimentModel(cell: Cell, { length, words = WORDS, units = 128 }: Sizes, seed: number) {
  const cells = {
    lstm: () => layers.lstm({ units, dropout: 0.2, recurrentDropout: 0.2, seed }),
    gru: () => layers.gru({ units, seed }),
    simple: () => layers.simpleRNN({ units, seed }),
  }
  const model = sequential([
    layers.embedding({ inputDim: words, outputDim: units, inputLength: length, seed }),
    cells[cell](),
    layers.dense({ units: 1, activation: 'sigmoid', seed }),
  ])
  model.compile({ loss: 'binaryCrossentropy', optimizer: 'adam', metrics: ['accuracy'] })
  return model
}

export interface Options extends Omit<Sizes, 'length'> {
  readonly cell?: Cell
  readonly epochs?: number
  readonly seed?: number
  readonly verbose?: 0 | 1 | 2
  readonly signal?: AbortSignal
}

/** Trains on a corpus; the same seed gives the same numbers. */
export async function sentiment(
  { train, validation }: Corpus,
  { cell = 'lstm', epochs = 5, seed = 1, verbose = 0, signal, ...sizes }: Options = {},
) {
  const model = sentimentModel(cell, { length: train.x.shape[1]!, ...sizes }, seed)
  const { history } = await model.fit(train.x, train.y, {
    batchSize: 32,
    epochs,
    validationData: [validation.x, validation.y],
    seed,
    verbose,
    ...(signal && { signal }),
  })
  return { model, history }
}

export interface Sources {
  readonly pos: string
  readonly neg: string
  readonly data: string
  readonly words: string
  readonly seed: number
}

/** The texts that were asked for; a tenth, or what aclImdb has for tests, is held out. */
export function corpusOf({ pos, neg, data, words, seed }: Sources): Corpus {
  if (data !== '' && pos + neg !== '')
    throw new UsageError('One or the other: --data, or --pos FILE --neg FILE')
  if (data !== '') return reviews(data, words, seed)
  if (pos === '' && neg === '') return madeUp({ samples: 5000, seed })
  if (pos === '' || neg === '') throw new UsageError('Both are needed: --pos FILE --neg FILE')
  const texts = datasets.textLines(pos, neg, { numWords: WORDS, maxlen: LENGTH, seed })
  if (texts.validation.y.size === 0)
    throw new UsageError(`Of ${texts.train.y.size} texts a tenth is none to be held out: more are needed`)
  return ofTexts(texts)
}

/** Opinions as "the plot was bad but the acting was great": what is said last counts. */
export function madeUp({ samples, seed }: { samples: number; seed: number }): Corpus {
  const { positive, negative } = datasets.opinions({ samples, seed })
  return ofTexts(datasets.texts(positive, negative, { numWords: WORDS, seed }))
}

export function ofTexts({ train, validation, tokenizer }: ReturnType<typeof datasets.texts>): Corpus {
  const maxlen = train.x.shape[1]!
  const encode = (text: string) => preprocessing.padSequences(tokenizer.textsToSequences([text]), { maxlen })
  return { train, validation, encode }
}

function reviews(data: string, words: string, seed: number): Corpus {
  const options = { numWords: WORDS }
  const named = words === '' ? {} : { wordIndex: words }
  const { train, test, wordIndex } = datasets.imdb.load(data, { ...options, ...named, seed })
  const padded = (sequences: readonly (readonly number[])[]) =>
    preprocessing.padSequences(sequences, { maxlen: LENGTH })
  const labelled = ({ x, y }: typeof train): Labelled => ({ x: padded(x), y })
  const corpus = { train: labelled(train), validation: labelled(test) }
  if (wordIndex === null) return { ...corpus, encode: null }
  const encode = (text: string) => {
    const ranks = preprocessing.textToWordSequence(text).map(word => wordIndex.get(word) ?? WORDS)
    return padded(datasets.imdb.encode([ranks], options))
  }
  return { ...corpus, encode }
}

const EXAMPLES = [
  'the plot was bad but the acting was great',
  'the acting was great but the plot was bad',
  'a moving and clever film, i must say',
  'dull, silly and slow',
]

async function main({ cell, epochs, ...sources }: Values<typeof program.options>): Promise<void> {
  const corpus = reading(() => corpusOf(sources))
  const count = ({ x }: Labelled) => `${x.shape[0]} texts`
  console.log(`${count(corpus.train)} to learn from, ${count(corpus.validation)} held out.\n`)
  const signal = interruption()
  const { model, history } = await sentiment(corpus, { cell, epochs, seed: sources.seed, verbose: 1, signal })

  const accuracies = history['val_accuracy'] ?? []
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`
  if (accuracies.length > 0)
    console.log(
      `\nOf the texts it never saw it judged ${percent(Math.max(...accuracies))} right, in its best epoch; ` +
        `a bag of words, blind to order, ${percent(bagOfWords(corpus.train, corpus.validation))}.`,
    )
  const { encode } = corpus
  if (encode === null) return
  console.log('\nHow much it holds these for praise:\n')
  for (const text of EXAMPLES) {
    const praise = (model.predict(encode(text)) as NdArray).data[0]!
    console.log(`${percent(praise).padStart(8)}  ${text}`)
  }
}

runIfMain(import.meta.url, program, main)
