/** `theano.printing`: texts and drawings of graphs, and values as they are computed. */
import { checkOptions, debugPrint, type Printable, print, toDot, type Variable } from '@arignote/graph'

/** `theano.printing.Print(message)(x)`: x, whose value is printed whenever it is computed. */
export const Print =
  (message = '') =>
  <X extends Variable>(x: X): X =>
    print(x, message) as unknown as X

/** `theano.printing.debugprint(what)` prints the graph; with `{ file: 'str' }` the text is returned and not printed. */
export function debugprint(what: Printable, options: { readonly file?: 'str' } = {}): string {
  checkOptions('debugprint', options, ['file'])
  const text = debugPrint(what)
  if (options.file !== 'str') console.log(text)
  return text
}

/** The graph as text: equations, not Theano's formulas. */
export const pp = (what: Printable): string => debugPrint(what)

/** The drawing as text in the DOT language. */
export const pydotprint = (what: Printable): string => toDot(what)
