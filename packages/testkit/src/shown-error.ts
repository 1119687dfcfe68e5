/**
 * An error as a snapshot shows it: the class and the whole text, but without what changes with every edit – places in
 * tests, temporary folders, and lists of all the options that a function has.
 */
import type { ArignoteError } from '@arignote/graph'

export function shownError({ name, message }: ArignoteError): string {
  const text = message
    .replaceAll(/\S+\.test\.ts:\d+:\d+/g, 'HERE')
    .replaceAll(/\S*errors-\w{6}\b/g, 'FOLDER')
    .replace(/ +(\[E\d{3}\])$/, ' $1')
    .replace(/^ {2}there are (updates|sequences), .*$/m, '  there are $1, …')
  return `${name} ${text}`
}
