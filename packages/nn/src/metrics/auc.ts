/**
 * The area under a curve of counts for many thresholds: receiver operating characteristic, or precision over recall.
 *
 * As in Keras the counts are of `numThresholds` thresholds, evenly from 0 to 1, the first just below and the last just above;
 * scores that fall between the same two count as equal.
 */
import {
  cast,
  checkName,
  checkOptions,
  constant,
  div,
  expandDims,
  gt,
  log,
  maximum,
  mul,
  neq,
  not,
  sub,
  sum,
  type Variable,
  where,
} from '@arignote/graph'
import { isFloat } from '@arignote/loops'
import { alike } from '../losses/given.js'
import { type Metric, safeRatio, weighted } from './metric.js'

export interface AucOptions {
  /** Default 200. */
  readonly numThresholds?: number
  /** 'ROC', the default: true positives over false positives. 'PR': precision over recall. */
  readonly curve?: 'ROC' | 'PR'
  readonly name?: string
}

const epsilon = 1e-7

function thresholds(count: number): number[] {
  const inner = Array.from({ length: count - 2 }, (_, i) => (i + 1) / (count - 1))
  return [-epsilon, ...inner, 1 + epsilon]
}

export function auc(options: AucOptions = {}): Metric {
  checkOptions('auc', options, ['numThresholds', 'curve', 'name'])
  const { numThresholds = 200, curve = 'ROC', name = 'auc' } = options
  checkName('auc', 'curve', curve, ['ROC', 'PR'])
  const levels = thresholds(numThresholds)
  return {
    name,
    json: { class_name: 'AUC', config: { name, num_thresholds: numThresholds, curve } },
    contributions: (target, prediction, weights) => {
      const [t, y] = alike(
        'auc',
        target,
        isFloat(prediction.dtype) ? prediction : cast(prediction, 'float32'),
      )
      const positive: Variable = neq(t, 0)
      const weightIf = (condition: Variable) => weighted(cast(condition, y.dtype), weights)
      const above: Variable = gt(expandDims(y, -1), constant(levels, y.dtype))
      const entries = Array.from({ length: y.ndim }, (_, axis) => axis)
      /** For each threshold, the weight of those above it. */
      const reaching = (share: Variable): Variable => sum(where(above, expandDims(share, -1), 0), entries)
      const [positives, negatives] = [weightIf(positive), weightIf(not(positive))]
      return [reaching(positives), reaching(negatives), sum(positives), sum(negatives)]
    },
    result: ([tp, fp, positives, negatives]) =>
      curve === 'ROC' ? underRoc(tp!, fp!, positives!, negatives!) : underPr(tp!, fp!, positives!),
  }
}

/** All but the last, and all but the first. */
const neighbours = (x: Variable): readonly [Variable, Variable] => {
  const count = x.shape[0] as number
  return [x.slice({ stop: count - 1 }), x.slice({ start: 1 })]
}

/** By trapezoids. */
function underRoc(tp: Variable, fp: Variable, positives: Variable, negatives: Variable): Variable {
  const [y0, y1] = neighbours(safeRatio(tp, positives))
  const [x0, x1] = neighbours(safeRatio(fp, negatives))
  return sum(mul(sub(x0, x1), div(y0.add(y1), 2)))
}

/** Counts, not precisions, go evenly from one threshold to the next (Davis and Goadrich 2006). */
function underPr(tp: Variable, fp: Variable, positives: Variable): Variable {
  const [hits0, hits1] = neighbours(tp)
  const [said0, said1] = neighbours(tp.add(fp))
  const gained: Variable = sub(hits0, hits1)
  const slope = safeRatio(gained, maximum(sub(said0, said1), 0))
  const intercept: Variable = sub(hits1, mul(slope, said1))
  const both = gt(said0, 0).and(gt(said1, 0))
  const ratio: Variable = where(both, div(said0, where(both, said1, 1)), 1)
  return sum(safeRatio(mul(slope, gained.add(mul(intercept, log(ratio)))), positives))
}
