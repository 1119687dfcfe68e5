/** CSV (RFC 4180): lines of fields, quoted where they contain what separates; with the line on which each row begins. */
import { badLine } from './errors.js'

export interface Row {
  /** Counted from 1. */
  readonly line: number
  readonly fields: readonly string[]
}

/** One field, and what ends it: quoted, with "" for a quote, or plain. */
const fieldWith = (separator: string) => {
  const end = `(${separator.replace(/[^\w\s]/g, '\\$&')}|\\r\\n|\\n|$)`
  return new RegExp(`(?:"((?:[^"]|"")*)"|([^"]*?))${end}`, 'y')
}

/** The rows of a text that are not empty. @throws ArgumentError for a quote that is not closed, or text after one */
export function rowsOf(operation: string, file: string, text: string, separator: string): Row[] {
  const field = fieldWith(separator)
  const rows: Row[] = []
  let fields: string[] = []
  let [line, begin] = [1, 1]
  for (let at = 0; at < text.length; at = field.lastIndex) {
    field.lastIndex = at
    const match = field.exec(text)
    if (match === null)
      throw badLine(
        operation,
        file,
        line,
        'a quote that is not closed, or something around quotes',
        '"…" as a whole field',
      )
    const [whole, quoted, plain, end] = match
    fields.push(quoted?.replaceAll('""', '"') ?? plain!)
    line += whole.split('\n').length - 1
    if (end === separator && field.lastIndex < text.length) continue
    if (end === separator) fields.push('')
    if (fields.length > 1 || fields[0] !== '') rows.push({ line: begin, fields })
    fields = []
    begin = line
  }
  return rows
}
