/** Writes the numbers of each epoch into a file, a line each, as they come. */
import { badArgument } from '@arignote/graph'
import { appendFile, emptyFile, readFile } from '@arignote/save/files'
import { rowsOf } from '../../datasets/csv.js'
import { flag, optional, text, type ValuesOf } from '../../layers/option.js'
import type { Callback, Logs, Run } from '../callback.js'
import { pythonFloat } from './format.js'
import { valuesFrom } from './given.js'

const operation = 'csvLogger'
const options = { filename: text, separator: optional(text, ','), append: flag(false) }

export interface CSVLoggerOptions {
  readonly filename: string
  /** Default ','. */
  readonly separator?: string
  /** Goes on where a file ends, if there is one; default false: begins anew. */
  readonly append?: boolean
}

export class CSVLogger implements Callback {
  readonly #options: ValuesOf<typeof options>
  #columns: readonly string[] | null = null

  constructor(given: CSVLoggerOptions) {
    this.#options = valuesFrom(operation, options, given)
  }

  /**
   * The file is made, or emptied, before anything is trained; where one goes on, its columns do.
   * @throws ArgumentError for a file that lacks the column of a loss or a metric
   */
  onTrainBegin({ metrics }: Run): void {
    this.#columns = null
    const { append, filename, separator } = this.#options
    const task = { operation, file: filename }
    if (!append) {
      emptyFile(task)
      return
    }
    appendFile(task, '')
    const [header] = rowsOf(operation, filename, new TextDecoder().decode(readFile(task)), separator)
    if (header === undefined) return
    const [epoch, ...columns] = header.fields
    const missing = ['epoch', ...metrics].find(name => ![epoch, ...columns].includes(name))
    if (missing !== undefined || epoch !== 'epoch')
      throw badArgument(
        operation,
        `${filename} has no column for ${missing ?? 'epoch'}`,
        `its columns are ${header.fields.join(', ')}: begin another file`,
      )
    this.#columns = columns
  }

  /** Columns of a new file: what the first epoch tells, and what a later one will. What an epoch lacks is `NA`. */
  onEpochEnd(epoch: number, logs: Logs, { metrics }: Run): void {
    const lines: string[] = []
    if (this.#columns === null) {
      this.#columns = [...new Set([...Object.keys(logs), ...metrics])].sort()
      lines.push(this.#line(['epoch', ...this.#columns]))
    }
    const values = this.#columns.map(name => (logs[name] === undefined ? 'NA' : pythonFloat(logs[name])))
    lines.push(this.#line([String(epoch), ...values]))
    appendFile({ operation, file: this.#options.filename }, lines.join(''))
  }

  #line(fields: readonly string[]): string {
    const { separator } = this.#options
    const quoted = (field: string) =>
      field.includes(separator) || /["\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field
    return `${fields.map(quoted).join(separator)}\n`
  }
}
