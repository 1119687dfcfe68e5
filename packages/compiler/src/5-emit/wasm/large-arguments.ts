/**
 * sin, cos and tan of large arguments. The expansions reduce an argument by π/2 with some 130 bits of it, which is enough up to
 * about 10⁶. Beyond, whatever the expansion gave is replaced by the host's own function, lane by lane: a call of a small
 * function that returns at once where no lane is large.
 */
import { type IntrinsicName, native, type ScalarType } from '@arignote/loops'
import { FunctionBuilder, importFunction, type Local, type OpName, type WasmFunction } from '@arignote/wasm'
import type { Lanes } from './vectors.js'

/** Below it the expansions hold. */
const limit = 2 ** 20

const names = ['sin', 'cos', 'tan'] as const
type Circular = (typeof names)[number]
const isCircular = (name: IntrinsicName): name is Circular => (names as readonly string[]).includes(name)

const imports = Object.fromEntries(
  names.map(name => [name, importFunction('math', name, ['f64'], ['f64'])]),
) as Record<Circular, ReturnType<typeof importFunction>>

/** What modules import under 'math'. */
export const hostFunctions: Readonly<Record<string, (x: number) => number>> = Object.fromEntries(
  names.map(name => [name, native[name]]),
)

const made = new Map<string, WasmFunction>()

/** (value, argument) → value, right for arguments of any size; null for functions that have no need of it. */
export function correction(name: IntrinsicName, type: ScalarType, lanes: Lanes | 1): WasmFunction | null {
  if (!isCircular(name)) return null
  const key = `${name}_${type === 'float32' ? 'f32' : 'f64'}${lanes === 1 ? '' : `x${lanes}`}`
  let f = made.get(key)
  if (f === undefined) {
    f = lanes === 1 ? ofScalar(key, name, type) : ofVector(key, name, type, lanes)
    made.set(key, f)
  }
  return f
}

function ofScalar(key: string, name: Circular, type: ScalarType): WasmFunction {
  const t = type === 'float32' ? 'f32' : 'f64'
  const f = new FunctionBuilder(key, { value: t, x: t }, [t])
  const { value, x } = f.params as Record<'value' | 'x', Local>
  f.get(x)
  emit(f, [`${t}.abs`], [`${t}.const`, limit], [`${t}.gt`])
  f.if(
    [t],
    () => {
      f.get(x)
      byHost(f, name, type)
    },
    () => f.get(value),
  )
  return f.finish()
}

function ofVector(key: string, name: Circular, type: ScalarType, lanes: Lanes): WasmFunction {
  const [t, shape] = type === 'float32' ? (['f32', 'f32x4'] as const) : (['f64', 'f64x2'] as const)
  const f = new FunctionBuilder(key, { value: 'v128', x: 'v128' }, ['v128'])
  const { value, x } = f.params as Record<'value' | 'x', Local>
  const element = (lane: number) => {
    f.get(x)
    emit(f, [`${shape}.extract_lane`, lane])
  }
  f.get(x)
  emit(f, [`${shape}.abs`], [`${t}.const`, limit], [`${shape}.splat`], [`${shape}.gt`], ['v128.any_true'])
  f.if(() => {
    for (let lane = 0; lane < lanes; lane++) {
      element(lane)
      emit(f, [`${t}.abs`], [`${t}.const`, limit], [`${t}.gt`])
      f.if(() => {
        f.get(value)
        element(lane)
        byHost(f, name, type)
        emit(f, [`${shape}.replace_lane`, lane])
        f.set(value)
      })
    }
  })
  return f.get(value).finish()
}

/** The host's function of what is on the stack. */
function byHost(f: FunctionBuilder, name: Circular, type: ScalarType): void {
  if (type === 'float32') f.op('f64.promote_f32')
  f.call(imports[name])
  if (type === 'float32') f.op('f32.demote_f64')
}

function emit(f: FunctionBuilder, ...rows: readonly (readonly [OpName, ...(readonly number[])])[]): void {
  const op = f.op as (name: OpName, ...immediates: readonly unknown[]) => FunctionBuilder
  for (const [name, ...immediates] of rows) op.call(f, name, ...immediates)
}
