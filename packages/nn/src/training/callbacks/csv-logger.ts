/** Writes the numbers of each epoch into a file, a line each, as they come. */
import { flag, optional, text, type ValuesOf } from '../../layers/option.js'
import type { Callback, Logs } from '../callback.js'
import { pythonFloat } from './format.js'
import { valuesFrom } from './given.js'

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
    this.#options = valuesFrom('csvLogger', options, given)
  }

  /** The file is made, or emptied, before anything is trained. */
  async onTrainBegin(): Promise<void> {
    this.#columns = null
    const { appendFile, writeFile } = await import('node:fs/promises')
    const { append, filename } = this.#options
    await (append ? appendFile : writeFile)(filename, '')
  }

  /** Columns are those of the first epoch; what a later one lacks is `NA`. */
  async onEpochEnd(epoch: number, logs: Logs): Promise<void> {
    const { appendFile, stat } = await import('node:fs/promises')
    const { filename } = this.#options
    const lines: string[] = []
    if (this.#columns === null) {
      this.#columns = Object.keys(logs).sort()
      if ((await stat(filename)).size === 0) lines.push(this.#line(['epoch', ...this.#columns]))
    }
    const values = this.#columns.map(name => (logs[name] === undefined ? 'NA' : pythonFloat(logs[name])))
    lines.push(this.#line([String(epoch), ...values]))
    await appendFile(filename, lines.join(''))
  }

  #line(fields: readonly string[]): string {
    const { separator } = this.#options
    const quoted = (field: string) =>
      field.includes(separator) || /["\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field
    return `${fields.map(quoted).join(separator)}\n`
  }
}
