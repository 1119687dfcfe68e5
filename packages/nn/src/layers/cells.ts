/**
 * The cell of an `rnn` layer: one that was given, or a configuration of one, as Keras's JSON has it, which becomes a cell when the layer
 * meets its input.
 *
 * Cells of ours are stored by the table of options of their kind. Those of users are functions, and are not.
 */
import { isRecord, isSerialized, type Serialized } from '../json.js'
import { snakeCase } from '../names.js'
import type { RecurrentCell } from '../recurrent/cell.js'
import { checkIsCell } from '../recurrent/check-cell.js'
import { originOf } from '../recurrent/origin.js'
import { stackCells } from '../recurrent/stack.js'
import { notAConfig, unknownCell } from '../saving/errors.js'
import { type Around, type CellKind, gruKind, lstmCellKind, simpleRnnKind } from './cell-kinds.js'
import { unstorable } from './errors.js'
import type { Making } from './kind.js'
import { type Option, type OptionTable, readOptions } from './option.js'
import { optionsFrom } from './registry.js'

interface Parts {
  readonly units: number
  readonly stateSizes: readonly number[]
  readonly around: Around
  readonly make: (inputSize: number, making: Making) => RecurrentCell
  readonly toJson: () => Serialized
  /** Of a cell that is there already. */
  readonly inputSize?: number
}

/** What a layer knows of its cell before there are weights. */
export class CellPlan {
  readonly units: number
  readonly stateSizes: readonly number[]
  readonly around: Around
  readonly inputSize?: number

  constructor(private readonly parts: Parts) {
    if (parts.inputSize !== undefined) this.inputSize = parts.inputSize
    this.units = parts.units
    this.stateSizes = parts.stateSizes
    this.around = parts.around
  }

  make(inputSize: number, making: Making): RecurrentCell {
    return this.parts.make(inputSize, making)
  }

  toJson(): Serialized {
    return this.parts.toJson()
  }

  /** The same plan, of which this is the cell. */
  of(cell: RecurrentCell): CellPlan {
    return new CellPlan({ ...this.parts, inputSize: cell.inputSize, make: () => cell })
  }
}

const kinds = new Map<string, CellKind>(
  [simpleRnnKind, lstmCellKind, gruKind].map(kind => [`${kind.className}Cell`, kind as unknown as CellKind]),
)
const stackName = 'StackedRNNCells'

/** A cell has no output of its own in Keras, and so no penalty on it. */
const tableOf = ({ options }: CellKind): OptionTable => {
  const { activityRegularizer: _, ...table } = options
  return table
}

interface Common {
  readonly name: string
  readonly trainable: boolean
  readonly dtype: string | null
}

function planOfKind(kind: CellKind, values: Readonly<Record<string, unknown>>, common: Common): CellPlan {
  const { name, trainable, dtype } = common
  return new CellPlan({
    ...kind.sizes(values),
    around: { ...values, trainable },
    make: (inputSize, making) =>
      kind.cell(values, inputSize, { ...making, name, dtype: isFloat(dtype) ? dtype : making.dtype }),
    toJson: () => {
      const rows = Object.entries(tableOf(kind))
        .filter(([key, row]) => !(row.isOurs && values[key] === row.byDefault))
        .map(([key, row]) => [snakeCase(key), row.toJson(values[key])])
      const config = { name, trainable, dtype: dtype ?? 'float32', ...Object.fromEntries(rows) }
      return { class_name: `${kind.className}Cell`, config }
    },
  })
}

const isFloat = (dtype: string | null): dtype is 'float32' | 'float64' =>
  dtype === 'float32' || dtype === 'float64'

function planOfStack(plans: readonly CellPlan[], common: Common): CellPlan {
  const { name, trainable, dtype } = common
  return new CellPlan({
    units: plans.at(-1)!.units,
    stateSizes: plans.flatMap(plan => plan.stateSizes),
    around: { trainable, cells: plans.map(plan => plan.around) },
    make: (inputSize, making) => {
      let size = inputSize
      const cells = plans.map(plan => {
        const cell = plan.make(size, making)
        size = plan.units
        return cell
      })
      return stackCells(cells, { name })
    },
    toJson: () => ({
      class_name: stackName,
      config: {
        name,
        trainable,
        dtype: dtype ?? 'float32',
        cells: plans.map(plan => ({ ...plan.toJson() })),
      },
    }),
  })
}

/** A cell that there is. */
function planOf(cell: RecurrentCell): CellPlan {
  const origin = originOf(cell)
  const { name, dtype } = cell
  const common = { name, trainable: true, dtype }
  if (origin?.className === stackName) return planOfStack(cell.cells!.map(planOf), common).of(cell)
  const kind = origin === null ? undefined : kinds.get(origin.className)
  if (kind !== undefined) {
    const given = origin!.options as Readonly<Record<string, unknown>>
    return planOfKind(kind, readOptions(name, tableOf(kind), given), common).of(cell)
  }
  const { units, stateSizes, inputSize } = cell
  const toJson = () => {
    throw unstorable(`the cell "${name}", which is your own,`)
  }
  return new CellPlan({ units, stateSizes, inputSize, around: {}, make: () => cell, toJson })
}

function planFrom({ class_name, config }: Serialized, place: string): CellPlan {
  if (!isRecord(config))
    throw notAConfig('modelFromJSON', `${place} has no configuration`, '{ class_name, config }')
  const { name, trainable, dtype } = config
  const common = {
    name: typeof name === 'string' ? name : snakeCase(class_name),
    trainable: trainable !== false,
    dtype: typeof dtype === 'string' ? dtype : null,
  }
  if (class_name === stackName) {
    const { cells, reverse_state_order } = config
    if (!Array.isArray(cells) || cells.length === 0 || ![...cells].every(isSerialized))
      throw notAConfig(
        'modelFromJSON',
        `${place} is ${stackName} without a list of cells`,
        '{ cells: [cell, …] }',
      )
    if (reverse_state_order === true)
      throw notAConfig('modelFromJSON', `${place} has its states in reverse`, 'reverse_state_order: false')
    return planOfStack(
      cells.map(cell => planFrom(cell as Serialized, place)),
      common,
    )
  }
  const kind = kinds.get(class_name)
  if (kind === undefined) throw unknownCell(class_name, [...kinds.keys(), stackName])
  return planOfKind(kind, readOptions(place, tableOf(kind), optionsFrom(tableOf(kind), config)), common)
}

/** A recurrent cell, or the configuration of one. */
export const cellOption: Option<RecurrentCell, CellPlan> = {
  read: (given, place) => {
    if (given instanceof CellPlan) return given
    if (isSerialized(given)) return planFrom(given, place)
    checkIsCell(place, 'this', given)
    return planOf(given)
  },
  toJson: plan => ({ ...plan.toJson() }),
}
