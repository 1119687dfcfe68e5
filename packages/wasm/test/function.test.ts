/** The builder refuses ill-typed code at the line that emits it, and accepts all that engines accept. */
import { expect, test } from '@jest/globals'
import type { Label, OpName, ValueType } from '../src/index.js'
import { assemble, FunctionBuilder, func, global, WasmError } from '../src/index.js'

const message = (build: (f: FunctionBuilder) => void, results: readonly ValueType[] = []) => {
  try {
    func('k0', {}, results, build)
  } catch (error) {
    expect(error).toBeInstanceOf(WasmError)
    return (error as Error).message
  }
  throw new Error('nothing was thrown')
}

test('operands of the wrong type are named with those expected', () => {
  const text = message(f => f.op('f32.const', 1).op('f32.const', 2).op('f32x4.splat').op('f32x4.add'))
  expect(text).toBe('f32x4.add: expected [v128 v128] on the stack, found [f32 v128] (function "k0")')
})

test('missing operands are named', () => {
  expect(message(f => f.op('i32.const', 1).op('i32.add'))).toBe(
    'i32.add: expected [i32 i32] on the stack, found [i32] (function "k0")',
  )
  expect(message(f => f.drop())).toBe('drop: expected [any] on the stack, found [] (function "k0")')
})

test('the error points at the line that emitted the instruction', () => {
  try {
    func('k0', {}, [], f => f.op('i32.add'))
  } catch (error) {
    expect((error as Error).stack).toMatch(/function\.test\.ts/)
  }
})

test('a block cannot reach the operands of its surroundings', () => {
  expect(message(f => f.op('i32.const', 1).block(() => f.op('i32.eqz').drop()))).toBe(
    'i32.eqz: expected [i32] on the stack, found [] (function "k0")',
  )
})

test('a block leaves its results and nothing else', () => {
  expect(message(f => f.loop(() => f.op('i32.const', 1)))).toBe(
    'end of loop: expected [] on the stack, found [i32] (function "k0")',
  )
  expect(message(f => f.block(['f32'], () => f.op('i32.const', 1)))).toBe(
    'end of block: expected [f32] on the stack, found [i32] (function "k0")',
  )
  expect(
    message(f =>
      f.op('i32.const', 1).if(
        ['i32'],
        () => {},
        () => {},
      ),
    ),
  ).toBe('else: expected [i32] on the stack, found [] (function "k0")')
  expect(message(f => f.op('i32.const', 1), ['f32'])).toBe(
    'end of function: expected [f32] on the stack, found [i32] (function "k0")',
  )
})

test('an if with results needs an else arm', () => {
  const half = (f: FunctionBuilder) => f.if(['i32'], () => f.op('i32.const', 1), undefined as never)
  expect(message(f => half(f.op('i32.const', 1)))).toBe('if: results [i32] need an else arm (function "k0")')
})

test('locals are typed, and belong to one function', () => {
  expect(message(f => f.op('i32.const', 1).set(f.local('v128', 'acc')))).toBe(
    'local.set $acc: expected [v128] on the stack, found [i32] (function "k0")',
  )
  func('other', {}, [], other => {
    const foreign = other.local('i32', 'i')
    expect(message(f => f.get(foreign))).toBe(
      'local.get: local "i" belongs to another function (function "k0")',
    )
  })
})

test('a branch needs the types of its label, and an open block', () => {
  expect(message(f => f.block(['f32'], out => f.br(out)))).toBe(
    'br: expected [f32] on the stack, found [] (function "k0")',
  )
  let closed: Label | undefined
  expect(
    message(f => {
      f.block(label => {
        closed = label
      })
      f.br(closed as Label)
    }),
  ).toBe(`br: the label's block is not open here (function "k0")`)
})

test('select needs two operands of one type', () => {
  const text = message(f => f.op('i32.const', 1).op('f32.const', 1).op('i32.const', 1).select())
  expect(text).toBe('select: expected [i32 i32 i32] on the stack, found [i32 f32 i32] (function "k0")')
})

test('a constant global is not assigned', () => {
  const text = message(f => f.op('i32.const', 1).set(global('size', 'i32', 1, false)))
  expect(text).toBe('global.set: global "size" is not mutable (function "k0")')
})

test('immediates are checked', () => {
  const zero = (f: FunctionBuilder) => f.op('i32.const', 0)
  expect(message(f => f.op('i32.const', 2 ** 32))).toBe(
    'i32.const: expected a 32-bit integer, got 4294967296',
  )
  expect(message(f => f.op('i64.const', 2n ** 64n))).toBe(
    'i64.const: expected a 64-bit integer, got 18446744073709551616',
  )
  expect(message(f => f.op('v128.const', new Float32Array(3)))).toBe(
    'v128.const: expected a typed array of 16 bytes, got 0,0,0',
  )
  expect(message(f => zero(f).op('v128.load', { offset: -4 }))).toBe(
    'v128.load: expected an offset in [0, 2³²), got -4',
  )
  expect(message(f => zero(f).op('f32.load', { align: 8 }))).toBe(
    'f32.load: expected a power of two up to 4 as align, got 8',
  )
  expect(message(f => zero(f).op('i32.atomic.load', { align: 2 }))).toBe(
    'i32.atomic.load: atomic accesses need align 4, got 2',
  )
  expect(
    message(f =>
      zero(f)
        .op('f32x4.splat' as 'i32x4.splat')
        .op('f32x4.extract_lane', 4),
    ),
  ).toBe('f32x4.splat: expected [f32] on the stack, found [i32] (function "k0")')
  expect(message(f => zero(f).op('i32x4.splat').op('f32x4.extract_lane', 4))).toBe(
    'f32x4.extract_lane: expected a lane in [0, 4), got 4',
  )
  expect(message(f => f.op('i32.plus' as OpName))).toBe('i32.plus: no such instruction (function "k0")')
})

const runs = (build: (f: FunctionBuilder) => void, results: readonly ValueType[] = ['i32']) => {
  const bytes = assemble({ exports: { k0: func('k0', {}, results, build) } }).toBytes()
  const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes))
  return (instance.exports.k0 as () => unknown)()
}

test('after br, return and unreachable the stack is polymorphic', () => {
  const afterBr = (f: FunctionBuilder) =>
    f.block(['i32'], out =>
      f
        .op('i32.const', 7)
        .br(out)
        .op('i32.add')
        .op('f32x4.splat' as OpName as 'i32.eqz'),
    )
  expect(() => runs(afterBr)).toThrow('f32x4.splat: expected [f32] on the stack, found [i32]')

  expect(runs(f => f.block(['i32'], out => f.op('i32.const', 7).br(out).op('i32.add')))).toBe(7)
  expect(runs(f => f.op('i32.const', 8).return().op('f32.add').drop().select().drop())).toBe(8)
  expect(() => runs(f => f.unreachable().drop())).toThrow(WebAssembly.RuntimeError)
  expect(
    runs(f =>
      f.op('i32.const', 1).if(
        ['i32'],
        () => f.op('i32.const', 9).return(),
        () => f.op('i32.const', 1),
      ),
    ),
  ).toBe(9)
})

test('unreachable code still may not leave too much behind', () => {
  expect(message(f => f.block(out => f.br(out).op('i32.const', 1)))).toBe(
    'end of block: expected [] on the stack, found [i32] (function "k0")',
  )
})

test('operands of the surrounding block survive a branch inside', () => {
  expect(
    runs(f =>
      f
        .op('i32.const', 3)
        .block(out => f.br(out))
        .op('i32.const', 4)
        .op('i32.add'),
    ),
  ).toBe(7)
})

test('blocks may give several results', () => {
  const two: readonly ValueType[] = ['i32', 'i32']
  expect(runs(f => f.block(two, () => f.op('i32.const', 9).op('i32.const', 2)).op('i32.sub'))).toBe(7)
})

test('a loop repeats while its condition holds, across nested blocks', () => {
  const sum = (f: FunctionBuilder) => {
    const [i, total] = [f.local('i32', 'i'), f.local('i32', 'total')]
    f.block(done => {
      f.loop(again => {
        f.get(i).op('i32.const', 10).op('i32.ge_s').brIf(done)
        f.get(total).get(i).op('i32.add').set(total)
        f.get(i).op('i32.const', 1).op('i32.add').set(i).br(again)
      })
    })
    f.get(total)
  }
  expect(runs(sum)).toBe(45)
})

test('select takes the first if the condition holds', () => {
  expect(runs(f => f.op('i32.const', 1).op('i32.const', 2).op('i32.const', 1).select())).toBe(1)
  expect(runs(f => f.op('i32.const', 1).op('i32.const', 2).op('i32.const', 0).select())).toBe(2)
})

test('without checks the same code comes out, and the engine refuses what is wrong', () => {
  const emit = (checked: boolean) => {
    const f = new FunctionBuilder('k0', { x: 'i32' }, ['i32'], { checked })
    f.get(f.params.x!).loop(label => f.get(f.params.x!).brIf(label))
    return assemble({ exports: { k0: f.finish() } }).toBytes()
  }
  expect(emit(false)).toEqual(emit(true))

  const wrong = new FunctionBuilder('k0', {}, ['i32'], { checked: false })
  wrong.op('f32.const', 1)
  expect(WebAssembly.validate(assemble({ exports: { k0: wrong.finish() } }).toBytes())).toBe(false)
})

test('nothing is emitted into a finished function', () => {
  let kept: FunctionBuilder | undefined
  func('k0', {}, [], f => {
    kept = f
  })
  expect(() => kept?.op('atomic.fence')).toThrow(
    'the function is finished; nothing can be emitted (function "k0")',
  )
})

test('parameters have names that keep their order', () => {
  expect(() => func('k0', { b: 'i32', '0': 'i32' }, [], () => {})).toThrow('a name must not be a number')
})
