/**
 * Sentiment: is a text for or against? Words become vectors, an LSTM reads them one after the other, and what it has in mind at
 * the end decides.
 *
 *     npm start -- sentiment --pos FILE --neg FILE    a text in each line
 *     npm start -- sentiment --data FOLDER            the reviews of Maas et al. (2011): the folder aclImdb
 *     npm start -- sentiment --data imdb.npz          the same as Keras has them; --words imdb_word_index.json tells the words
 *     npm start -- sentiment                          opinions made up, in which the order of the words decides
 *
 * and [--cell lstm|gru|simple] [--epochs N] [--seed N].
 */
import { ArignoteError, type NdArray } from 'arignote'
import { datasets, layers, preprocessing, sequential } from 'arignote/nn'
import { isMain, parseOptions, run, UsageError } from './lib/terminal.js'

const WORDS = 20_000
const LENGTH = 100

export type Cell = 'lstm' | 'gru' | 'simple'

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
}

/** Trains on a corpus; the same seed gives the same numbers. */
export async function sentiment(
  { train, validation }: Corpus,
  { cell = 'lstm', epochs = 5, seed = 1, verbose = 0, ...sizes }: Options = {},
) {
  const model = sentimentModel(cell, { length: train.x.shape[1]!, ...sizes }, seed)
  const { history } = await model.fit(train.x, train.y, {
    batchSize: 32,
    epochs,
    validationData: [validation.x, validation.y],
    seed,
    verbose,
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
  if (data !== '') return reviews(data, words, seed)
  if (pos === '' && neg === '') return madeUp({ samples: 5000, seed })
  if (pos === '' || neg === '') throw new UsageError('Both are needed: --pos FILE --neg FILE')
  return ofTexts(datasets.textLines(pos, neg, { numWords: WORDS, maxlen: LENGTH, seed }))
}

/** Opinions as "the plot was bad but the acting was great": what is said last counts. */
export function madeUp({ samples, seed }: { samples: number; seed: number }): Corpus {
  const { positive, negative } = datasets.opinions({ samples, seed })
  return ofTexts(datasets.texts(positive, negative, { numWords: WORDS, seed }))
}

function ofTexts({ train, validation, tokenizer }: ReturnType<typeof datasets.texts>): Corpus {
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

async function main(args: readonly string[]): Promise<void> {
  const { cell, epochs, ...sources } = parseOptions(args, {
    cell: 'lstm',
    pos: '',
    neg: '',
    data: '',
    words: '',
    epochs: 5,
    seed: 1,
  })
  if (!(cell === 'lstm' || cell === 'gru' || cell === 'simple'))
    throw new UsageError(`--cell is lstm, gru or simple, not "${cell}"`)
  const corpus = readCorpus(sources)
  const count = ({ x }: Labelled) => `${x.shape[0]} texts`
  console.log(`${count(corpus.train)} to learn from, ${count(corpus.validation)} held out.\n`)
  const { model, history } = await sentiment(corpus, { cell, epochs, seed: sources.seed, verbose: 1 })

  const accuracies = history['val_accuracy'] ?? []
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`
  console.log(
    `\nOf the texts it never saw it judged ${percent(Math.max(...accuracies))} right, in its best epoch.`,
  )
  const { encode } = corpus
  if (encode === null) return
  console.log('\nHow much it holds these for praise:\n')
  for (const text of EXAMPLES) {
    const praise = (model.predict(encode(text)) as NdArray).data[0]!
    console.log(`${percent(praise).padStart(8)}  ${text}`)
  }
}

/** What is wrong with the user's files is theirs to put right. */
function readCorpus(sources: Sources): Corpus {
  try {
    return corpusOf(sources)
  } catch (error) {
    if (error instanceof ArignoteError) throw new UsageError(error.message)
    throw error
  }
}

if (isMain(import.meta.url)) run(main)
