/** Numbers and names as Python writes them: messages and files of callbacks are those of Keras. */
import { unknownName } from '@arignote/graph'

const special = (x: number): string | null =>
  Number.isNaN(x) ? 'nan' : Number.isFinite(x) ? null : x > 0 ? 'inf' : '-inf'

/** An exponent has two digits at least: `1e-05`. */
const pythonExponent = (text: string) => text.replace(/e([+-])(\d)$/, 'e$10$2')

/** `%.4f`: what lies halfway goes to the even digit. */
export function fixed(x: number, digits: number): string {
  const name = special(x)
  if (name !== null) return name
  const up = x.toFixed(digits)
  const all = x.toFixed(100)
  const rest = all.length - (100 - digits)
  if (!/^50*$/.test(all.slice(rest))) return up
  const down = all.slice(0, digits === 0 ? rest - 1 : rest)
  return Number(down.at(-1)) % 2 === 0 ? down : up
}

/** `%.4e`. */
export const scientific = (x: number, digits: number): string =>
  special(x) ?? pythonExponent(x.toExponential(digits))

/** `repr(x)` of a float: `0.5`, `1.0`, `1e-05`. */
export function pythonFloat(x: number): string {
  const name = special(x)
  if (name !== null) return name
  const size = Math.abs(x)
  if (x !== 0 && (size < 1e-4 || size >= 1e16)) return pythonExponent(x.toExponential())
  return Number.isInteger(x) ? `${x}.0` : String(x)
}

const field = /\{\{|\}\}|\{(\w+)(?::(0?)(\d*)(?:\.(\d+))?([dfe]?))?\}/g

/**
 * A template as `str.format` fills it, as far as names of files need it: `{epoch:02d}`, `{val_loss:.2f}`, `{loss}`.
 * @throws ArgumentError for a name that is none of those that may occur
 */
export function formatted(
  operation: string,
  template: string,
  values: Readonly<Record<string, number>>,
  names: readonly string[],
): string {
  return template.replace(
    field,
    (whole, name?: string, zero = '', width = '', digits?: string, kind = '') => {
      if (name === undefined) return whole.charAt(0)
      const value = values[name] ?? Number.NaN
      if (values[name] === undefined && !names.includes(name))
        throw unknownName(operation, 'value', name, [...new Set([...Object.keys(values), ...names])])
      const text =
        kind === 'e'
          ? scientific(value, Number(digits ?? 6))
          : kind === 'f' || digits !== undefined
            ? fixed(value, Number(digits ?? 6))
            : String(special(value) ?? value)
      return text.padStart(Number(width), zero === '0' ? '0' : ' ')
    },
  )
}
