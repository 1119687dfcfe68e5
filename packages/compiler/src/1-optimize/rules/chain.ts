/**
 * The product of the chain rule, which is 0 where the cotangent is, as an ordinary product where that is the same.
 */
import { anything, chain, literal, literalOf, mul, neg, of, type Rule, rule } from '@arignote/graph'
import { filled } from '../build.js'

const [g, d] = [anything('g'), anything('d')]

export const chains: readonly Rule[] = [
  rule('chain(0, d) → 0', of(chain, literal(0), d), (_, v) => filled(0, v.dtype, v.shape)),
  rule('chain(1, d) → d', of(chain, literal(1), d), ({ d }) => d),
  rule('chain(g, 1) → g', of(chain, g, literal(1)), ({ g }) => g),
  rule('chain(−g, d) → −chain(g, d)', of(chain, of(neg, g), d), ({ g, d }) => neg(chain(g, d))),
  rule('chain(g, −d) → −chain(g, d)', of(chain, g, of(neg, d)), ({ g, d }) => neg(chain(g, d))),
  rule('chain(c, d) → c · d', of(chain, g, d), ({ g, d }) => (literalOf(g) === null ? null : mul(g, d))),
  rule('chain(g, c) → g · c, c finite', of(chain, g, d), ({ g, d }) =>
    Number.isFinite(literalOf(d) ?? Number.NaN) ? mul(g, d) : null,
  ),
]
