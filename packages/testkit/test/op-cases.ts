/**
 * A case for every op that is not elementwise (those are in `elementwise.ts`): what it is made of, and the type of its result.
 *
 * `n` is a symbolic size: 3 where values are compared, 0 where there are none.
 */
import {
  all,
  any,
  argmax,
  argmin,
  argsort,
  cast,
  concatenate,
  contract,
  cumprod,
  cumsum,
  diag,
  dim,
  expand,
  expandDims,
  iota,
  lastPosition,
  max,
  min,
  pad,
  prod,
  reshape,
  scatterAdd,
  setSubtensor,
  slice,
  sort,
  specifyShape,
  squeeze,
  sum,
  take,
  transpose,
  type Variable,
} from '@arignote/graph'
import { type DType, isFloat } from '@arignote/loops'

type Shape = readonly (number | string)[]

export interface OpCase {
  /** Ops that it is about. */
  readonly ops: readonly string[]
  /** Of inputs of the dtype in question. */
  readonly shapes: readonly Shape[]
  /** Indices, given after them, for n = 3. */
  readonly ids?: { readonly shape: Shape; readonly values: readonly number[] }
  build(...inputs: Variable[]): Variable
  /** The shape of the result, as printed. */
  readonly shape: string
  /** The dtype of the result; by default that of the operands. */
  dtype?(operand: DType): DType
  /** What the op takes; by default everything. */
  takes?(dtype: DType): boolean
  /** It adds or multiplies, so results differ in rounding; by default every element is exact. */
  readonly rounds?: boolean
  /** There is nothing it could be if n is 0. */
  readonly nonEmpty?: boolean
}

const toSum = (dtype: DType): DType => (isFloat(dtype) ? dtype : 'int32')
const int32 = (): DType => 'int32'
const notBool = (dtype: DType) => dtype !== 'bool'
const rows: Shape = ['n', 4]
const ids = { shape: ['n'], values: [2, 0, 2] } as const

export const opCases: Readonly<Record<string, OpCase>> = {
  sum: { ops: ['sum'], shapes: [rows], build: x => sum(x, 1), shape: '[n]', dtype: toSum, rounds: true },
  'sum of rows': {
    ops: ['sum'],
    shapes: [rows],
    build: x => sum(x, 0),
    shape: '[4]',
    dtype: toSum,
    rounds: true,
  },
  prod: { ops: ['prod'], shapes: [rows], build: x => prod(x, 0), shape: '[4]', dtype: toSum, rounds: true },
  max: { ops: ['max', 'any'], shapes: [rows], build: x => max(x, 1), shape: '[n]' },
  min: {
    ops: ['min'],
    shapes: [rows],
    build: x => min(x, 0),
    shape: '[4]',
    nonEmpty: true,
    takes: notBool,
  },
  any: { ops: ['any'], shapes: [rows], build: x => any(x, 1), shape: '[n]', dtype: () => 'bool' },
  all: { ops: ['all'], shapes: [rows], build: x => all(x, 0), shape: '[4]', dtype: () => 'bool' },
  argmax: { ops: ['argmax'], shapes: [rows], build: x => argmax(x, 1), shape: '[n]', dtype: int32 },
  argmin: {
    ops: ['argmin'],
    shapes: [rows],
    build: x => argmin(x),
    shape: '[]',
    dtype: int32,
    nonEmpty: true,
  },

  reshape: { ops: ['reshape'], shapes: [rows], build: x => reshape(x, [2, -1]), shape: '[2, 2·n]' },
  transpose: {
    ops: ['transpose'],
    shapes: [['n', 2, 3]],
    build: x => transpose(x, [2, 0, 1]),
    shape: '[3, n, 2]',
  },
  expand: { ops: ['expand'], shapes: [['n', 1]], build: x => expand(x, [x.shape[0]!, 3]), shape: '[n, 3]' },
  expandDims: {
    ops: ['expandDims'],
    shapes: [rows],
    build: x => expandDims(x, [0, 2]),
    shape: '[1, n, 1, 4]',
  },
  squeeze: { ops: ['squeeze'], shapes: [['n', 1, 2]], build: x => squeeze(x, 1), shape: '[n, 2]' },
  slice: {
    ops: ['slice'],
    shapes: [['n', 5]],
    build: x => slice(x, { start: 1 }, { start: 4, stop: 0, step: -2 }),
    shape: '[max(n - 1, 0), 2]',
  },
  pad: {
    ops: ['pad'],
    shapes: [rows],
    build: x =>
      pad(
        x,
        [
          [1, 0],
          [0, 2],
        ],
        { value: 1 },
      ),
    shape: '[n + 1, 6]',
  },
  concatenate: {
    ops: ['concatenate'],
    shapes: [rows, ['n', 2]],
    build: (x, y) => concatenate([x, y], 1),
    shape: '[n, 6]',
  },
  specifyShape: {
    ops: ['specifyShape'],
    shapes: [['m', 2], rows],
    build: (x, y) => specifyShape(x, [y.shape[0]!, null]),
    shape: '[m, 2]',
  },
  diagonal: { ops: ['diagonal'], shapes: [rows], build: x => diag(x, 1), shape: '[min(n, 3)]' },
  fromDiagonal: { ops: ['fromDiagonal'], shapes: [['n']], build: x => diag(x, -1), shape: '[n + 1, n + 1]' },
  setWindow: {
    ops: ['setWindow'],
    shapes: [rows, ['n', 2]],
    build: (x, y) => setSubtensor(x.slice(null, { start: 3, stop: 0, step: -2 }), y),
    shape: '[n, 4]',
  },

  contract: {
    ops: ['contract'],
    shapes: [rows, [4, 2]],
    build: (x, y) => contract(x, y, { left: [0, 1], right: [1, 2], out: [0, 2] }, 'contract'),
    shape: '[n, 2]',
    dtype: toSum,
    rounds: true,
  },
  'contract over n': {
    ops: ['contract'],
    shapes: [rows, ['n', 2]],
    build: (x, y) => contract(x, y, { left: [0, 1], right: [0, 2], out: [2, 1] }, 'contract'),
    shape: '[2, 4]',
    dtype: toSum,
    rounds: true,
  },

  gather: { ops: ['gather'], shapes: [rows], ids, build: (x, i) => take(x, i!), shape: '[n, 4]' },
  'gather of columns': {
    ops: ['gather'],
    shapes: [rows],
    ids: { shape: [2, 2], values: [3, 0, 1, 3] },
    build: (x, i) => take(x, i!, 1),
    shape: '[n, 2, 2]',
  },
  scatter: {
    ops: ['scatter'],
    shapes: [rows],
    ids,
    build: (x, i) => scatterAdd(i!, x, 0, 5),
    shape: '[5, 4]',
    takes: notBool,
    rounds: true,
  },
  lastPosition: {
    ops: ['lastPosition'],
    shapes: [rows],
    ids,
    build: (x, i) => lastPosition(i!, 5).mul(cast(any(x).or(true), 'int32')),
    shape: '[5]',
    dtype: int32,
  },

  iota: {
    ops: ['iota'],
    shapes: [rows],
    build: x => iota(x.shape, 1).mul(cast(x, 'bool')),
    shape: '[n, 4]',
    dtype: int32,
  },
  dimValue: {
    ops: ['dimValue'],
    shapes: [rows],
    build: x => dim(x, 0).mul(cast(any(x).or(true), 'int32')),
    shape: '[]',
    dtype: int32,
  },
  cumsum: {
    ops: ['cumsum'],
    shapes: [rows],
    build: x => cumsum(x, 0),
    shape: '[n, 4]',
    dtype: toSum,
    rounds: true,
  },
  cumprod: {
    ops: ['cumprod'],
    shapes: [rows],
    build: x => cumprod(x),
    shape: '[n, 4]',
    dtype: toSum,
    rounds: true,
  },
  sort: { ops: ['sort'], shapes: [rows], build: x => sort(x, 1), shape: '[n, 4]' },
  argsort: { ops: ['argsort'], shapes: [rows], build: x => argsort(x, 0), shape: '[n, 4]', dtype: int32 },
}

/** Ops with suites of their own, and where these are. */
export const testedElsewhere: Readonly<Record<string, string>> = {
  constant: 'values.test.ts of the graph package',
  cast: 'ops.test.ts, all pairs of dtypes',
  named: 'elementwise.test.ts of the graph package: it is its operand',
  stopGradient: 'gradient-tools.test.ts',
  gradClip: 'gradient-tools.test.ts',
  gradScale: 'gradient-tools.test.ts',
  customGrad: 'custom-gradient.test.ts',
  chain: 'gradient-tools-where.test.ts',
  position: 'random.test.ts',
  threefry: 'random.test.ts',
  distributed: 'random.test.ts',
  below: 'random.test.ts',
  scan: 'scan-*.test.ts',
  ifElse: 'if-else.test.ts',
  adjugate: 'linear-algebra.test.ts: the gradient of det',
  recurrence: 'cumulative.test.ts: the gradient of cumprod',
  takeLanes: 'sorting.test.ts',
  addLanes: 'sorting.test.ts: the gradient of sort',
  det: 'linear-algebra.test.ts',
  inv: 'linear-algebra.test.ts',
  solve: 'linear-algebra.test.ts',
  solveTriangular: 'linear-algebra.test.ts',
  cholesky: 'linear-algebra.test.ts',
}
