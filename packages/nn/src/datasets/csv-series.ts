/** One column of a CSV file as a series, such as temperatures by day or sunspots by month. */
import {
  badArgument,
  checkOptions,
  describeGiven,
  type NdArray,
  ndarrayOf,
  unknownName,
} from '@arignote/graph'
import { rowsOf } from './csv.js'
import { badLine, nothingIn } from './errors.js'
import { pathOf, type Reader, readText } from './files.js'

export interface CsvSeriesOptions {
  /** The name of the column, or its number, counted from 0; by default the last one. */
  readonly column?: string | number
  /** Whether the first line has the names of the columns; default true. */
  readonly header?: boolean
  /** Default a comma. */
  readonly separator?: string
  /** Of the file, as the Encoding Standard calls it; default utf-8. */
  readonly encoding?: string
}

export interface CsvSeries {
  /** (rows). */
  readonly values: NdArray<'float32', 1>
  /** What the first column has for each row, dates as a rule. */
  readonly labels: readonly string[]
  /** The names of all columns; none without a header. */
  readonly columns: readonly string[]
}

const reader: Reader = { operation: 'csvSeries', instead: 'read the file with fetch, and hand in arrays' }
const { operation } = reader

/**
 * The numbers of a column, in the order of the file.
 * @throws ArgumentError for a file that cannot be read, a column that it has not, and what is no number, with the line
 */
export function csvSeries(path: string | URL, options: CsvSeriesOptions = {}): CsvSeries {
  checkOptions(operation, options, ['column', 'header', 'separator', 'encoding'])
  const { header = true, separator = ',', encoding = 'utf-8' } = options
  if (typeof separator !== 'string' || separator.length !== 1 || separator === '"')
    throw badArgument(
      `${operation}: separator`,
      `${describeGiven(separator).what} will not do`,
      'one character',
    )
  const file = pathOf(reader, path)
  const wanted = header ? 'the names of the columns, and a line for each value' : 'a line for each value'
  const rows = rowsOf(operation, file, readText(reader, file, wanted, encoding), separator)
  const columns = header ? (rows.shift()?.fields.map(name => name.trim()) ?? []) : []
  const [first] = rows
  if (first === undefined) throw nothingIn(operation, file, wanted)
  const width = header ? columns.length : first.fields.length
  const column = columnOf(options.column ?? width - 1, columns, width, file)

  const values = new Float32Array(rows.length)
  rows.forEach(({ line, fields }, i) => {
    if (fields.length !== width)
      throw badLine(
        operation,
        file,
        line,
        `${fields.length === 1 ? 'one field' : `${fields.length} fields`}`,
        `${width}, as in the first line`,
      )
    const text = fields[column]!.trim()
    const value = text === '' ? Number.NaN : Number(text)
    if (!Number.isFinite(value))
      throw badLine(
        operation,
        file,
        line,
        `${JSON.stringify(text)} is no number`,
        `a number in column ${columns[column] ?? column}`,
      )
    values[i] = value
  })
  return { values: ndarrayOf(values, [rows.length]), labels: rows.map(({ fields }) => fields[0]!), columns }
}

function columnOf(given: string | number, columns: readonly string[], width: number, file: string): number {
  if (typeof given === 'string') {
    const found = columns.indexOf(given)
    if (found === -1) throw unknownName(`${operation}: ${file}`, 'column', given, columns)
    return found
  }
  if (!Number.isInteger(given) || given < 0 || given >= width)
    throw badArgument(
      `${operation}: column`,
      `${file} has no column ${String(given)}`,
      `it has ${width}, from 0 on`,
    )
  return given
}
