/** The errors of data sets: one constructor per message; codes from E406 on. Each names the file, and the line if there is one. */
import { ArgumentError, type ArignoteError, report } from '@arignote/graph'

const called = 'called' as const

export function cannotRead(operation: string, file: string, error: unknown): ArignoteError {
  return report(ArgumentError, 'E406', {
    operation,
    problem: `${file} cannot be read`,
    lines: [(error as Partial<Error> | null)?.message ?? String(error)],
    did: called,
  })
}

export function noFilesHere(operation: string, instead: string): ArignoteError {
  return report(ArgumentError, 'E407', {
    operation,
    problem: 'there are no files here',
    lines: [`this is not Node: ${instead}`],
    did: called,
  })
}

export function wrongEncoding(
  operation: string,
  file: string,
  line: number,
  encoding: string,
): ArignoteError {
  return report(ArgumentError, 'E408', {
    operation,
    problem: `${file}:${line}: not a text in ${encoding}`,
    lines: ["texts of the nineties are in latin1 as a rule: { encoding: 'latin1' }"],
    did: called,
  })
}

export function nothingIn(operation: string, file: string, wanted: string): ArignoteError {
  return report(ArgumentError, 'E409', {
    operation,
    problem: `${file}: there is nothing in it`,
    lines: [`expected: ${wanted}`],
    did: called,
  })
}

export function badLine(
  operation: string,
  file: string,
  line: number,
  problem: string,
  wanted: string,
): ArignoteError {
  return report(ArgumentError, 'E410', {
    operation,
    problem: `${file}:${line}: ${problem}`,
    lines: [`expected: ${wanted}`],
    did: called,
  })
}

export function notReviews(operation: string, file: string, problem: string): ArignoteError {
  return report(ArgumentError, 'E411', {
    operation,
    problem: `${file}: ${problem}`,
    lines: [
      'expected: the folder aclImdb, with train/pos, train/neg, test/pos and test/neg and a .txt for each review',
      'or Keras’s imdb.npz, with x_train, y_train, x_test and y_test',
    ],
    did: called,
  })
}

export function nothingLeft(operation: string, maxlen: number): ArignoteError {
  return report(ArgumentError, 'E412', {
    operation,
    problem: `no sequence is shorter than maxlen, which is ${maxlen}`,
    lines: ['longer ones are left out, as in Keras; padSequences cuts them'],
    did: called,
  })
}

export function badWordIndex(operation: string, file: string, problem: string): ArignoteError {
  return report(ArgumentError, 'E413', {
    operation,
    problem: `${file}: ${problem}`,
    lines: ['expected: imdb_word_index.json, an object of words and their ranks'],
    did: called,
  })
}
