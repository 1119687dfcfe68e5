/** The errors of preprocessing: one constructor per message; codes from E400 on. */
import { ArgumentError, type ArignoteError, report } from '@arignote/graph'

const called = 'called' as const

/** @param place where in what was given: `sequence 3, step 2`. */
export function notAnElement(operation: string, place: string, found: string, wanted: string): ArignoteError {
  return report(ArgumentError, 'E400', {
    operation,
    problem: `${place} is ${found}`,
    lines: [`expected: ${wanted}`],
    did: called,
  })
}

/** @param size how many there are, 0 to size − 1. */
export function beyondVocabulary(
  operation: string,
  place: string,
  index: number,
  size: number,
  hint: string,
): ArignoteError {
  return report(ArgumentError, 'E401', {
    operation,
    problem: `${place} is ${index}, but ${size} is the size`,
    lines: [`it must be from 0 to ${size - 1}`, hint],
    did: called,
  })
}

export function notFitted(operation: string, needs: string): ArignoteError {
  return report(ArgumentError, 'E402', {
    operation,
    problem: `the tokenizer does not know ${needs} yet`,
    lines: ['call fitOnTexts, or fitOnSequences, first'],
    did: called,
  })
}

export function notATokenizer(problem: string): ArignoteError {
  return report(ArgumentError, 'E403', {
    operation: 'Tokenizer.fromJSON',
    problem: `this is no stored tokenizer: ${problem}`,
    lines: ['expected: what Keras’s tokenizer.to_json(), or JSON.stringify(tokenizer), wrote'],
    did: called,
  })
}

export function noWindow(operation: string, first: number, last: number): ArignoteError {
  return report(ArgumentError, 'E404', {
    operation,
    problem: 'no window has a step after it',
    lines: [`the first window ends before step ${first}, the last step is ${last}`],
    did: called,
  })
}

export function stepsDiffer(operation: string, steps: number, targets: number): ArignoteError {
  return report(ArgumentError, 'E405', {
    operation,
    problem: `data of ${steps} steps and targets of ${targets}`,
    lines: ['there must be a target for each step'],
    did: called,
  })
}
