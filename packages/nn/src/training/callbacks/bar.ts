/** The texts of a progress bar, as Keras 2.3 has them. */
import { fixed, scientific } from './format.js'

const width = 30

/** ` 32/100 [========>.....................]`, or `     32/Unknown`. */
export function barText(current: number, target: number | null): string {
  if (target === null) return `${String(current).padStart(7)}/Unknown`
  const done = Math.floor((width * current) / target)
  const cells = done === 0 ? '' : '='.repeat(done - 1) + (current < target ? '>' : '=')
  return `${String(current).padStart(String(target).length)}/${target} [${cells.padEnd(width, '.')}]`
}

const two = (n: number) => String(Math.floor(n)).padStart(2, '0')

/** `12s`, `1:05`, `1:00:05`. */
export function etaText(seconds: number): string {
  if (seconds > 3600)
    return `${Math.floor(seconds / 3600)}:${two((seconds % 3600) / 60)}:${two(seconds % 60)}`
  return seconds > 60 ? `${Math.floor(seconds / 60)}:${two(seconds % 60)}` : `${Math.floor(seconds)}s`
}

/** `2ms/step`. */
export function perStepText(seconds: number): string {
  if (seconds >= 1) return `${fixed(seconds, 0)}s/step`
  return seconds >= 1e-3 ? `${fixed(seconds * 1e3, 0)}ms/step` : `${fixed(seconds * 1e6, 0)}us/step`
}

/** ` - loss: 0.4567 - accuracy: 0.7890`. */
export function valuesText(values: readonly (readonly [name: string, value: number])[]): string {
  const text = (x: number) => (Math.abs(x) > 1e-3 || Number.isNaN(x) ? fixed(x, 4) : scientific(x, 4))
  return values.map(([name, value]) => ` - ${name}: ${text(value)}`).join('')
}
