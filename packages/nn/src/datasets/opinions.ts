/**
 * Opinions of films, made of a few words, whose sense depends on the order of the words:
 *
 *     the plot was not bad but on the whole the acting was dull, i must say
 *
 * Two clauses, one good and one bad; the one after "but" counts. Both kinds have the same words as often, so what only counts words
 * learns nothing.
 */
import { badArgument, checkOptions, describeGiven } from '@arignote/graph'
import { uniformDraws } from '../draws.js'
import { randomSeed } from '../seeds.js'

export interface OpinionsOptions {
  readonly samples: number
  /** The same seed gives the same opinions. */
  readonly seed?: number
}

export interface Opinions {
  readonly positive: readonly string[]
  readonly negative: readonly string[]
}

const subjects = ['plot', 'acting', 'music', 'ending', 'camera', 'story', 'cast', 'script', 'pace', 'humour']
const good = ['good', 'great', 'fine', 'moving', 'clever', 'funny', 'fresh', 'brilliant']
const bad = ['bad', 'dull', 'poor', 'silly', 'flat', 'slow', 'tired', 'awful']
const asides = [
  'on the whole',
  'i must say',
  'as we all know',
  'for a film of that year',
  'in my opinion',
  'to be fair',
]

/** As many opinions as asked for, about half of them positive; `texts` makes data of them. */
export function opinions(options: OpinionsOptions): Opinions {
  checkOptions('opinions', options, ['samples', 'seed'])
  const { samples, seed = randomSeed() } = options ?? {}
  if (!Number.isInteger(samples) || samples < 1)
    throw badArgument(
      'opinions: samples',
      `${describeGiven(samples).what} will not do`,
      'an integer, at least 1',
    )
  const uniform = uniformDraws(seed)
  const any = <T>(list: readonly T[]): T => list[Math.floor(uniform() * list.length)]!
  const chance = () => uniform() < 0.5
  const aside = () => (chance() ? ` ${any(asides)}` : '')

  /** "the plot was not bad" is good. */
  const clause = (isGood: boolean, isDenied: boolean) =>
    `the ${any(subjects)} was ${isDenied ? 'not ' : ''}${any(isGood === isDenied ? bad : good)}`

  const positive: string[] = []
  const negative: string[] = []
  for (let i = 0; i < samples; i++) {
    const isGood = chance()
    // Both clauses are denied or neither, so that the words are as many of each kind; seldom, so that
    // words alone say something of their clause, and training has where to begin.
    const isDenied = uniform() < 0.2
    const [first, second] = [clause(!isGood, isDenied), clause(isGood, isDenied)]
    const text = `${first}${aside()} but${aside()} ${second}${aside()}`
    ;(isGood ? positive : negative).push(text)
  }
  return { positive, negative }
}
