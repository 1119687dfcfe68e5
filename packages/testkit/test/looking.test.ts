/** What there is to see of a function: its graph as text and as a picture, its kernels, its code, its memory, its passes. */
import { type CompileOptions, compile } from '@arignote/compiler'
import {
  debugPrint,
  dot,
  grad,
  ifElse,
  matrix,
  type Printable,
  randn,
  scalar,
  scan,
  shared,
  tanh,
  tensor,
  toDot,
  vector,
  zeros,
} from '@arignote/graph'
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals'
import parseDot from 'dotparser'
import loadWabt from 'wabt'
import { modes } from '../src/agree.js'

const here = (text: string) => text.replaceAll(/packages\/testkit\/test\/looking\.test\.ts:\d+:\d+/g, 'HERE')

function network() {
  const x = tensor('x', { shape: ['time', 2, 3] })
  const W = shared(randn([3, 4], { seed: 1 }), 'W')
  const U = shared(randn([4, 4], { seed: 2 }), 'U')
  const { h } = scan(({ x, h }) => ({ h: tanh(dot(x, W).add(dot(h, U))) }), {
    sequences: { x },
    state: { h: zeros([2, 4]) },
    name: 'rnn',
  })
  const loss = h.last.square().sum()
  return { x, W, U, h, loss }
}

function trained(options: CompileOptions = {}) {
  const { x, W, U, loss } = network()
  const gradients = grad(loss, { W, U })
  return compile([x], loss, {
    name: 'train',
    updates: [
      [W, W.sub(gradients.W.mul(0.1))],
      [U, U.sub(gradients.U.mul(0.1))],
    ],
    ...options,
  })
}

describe('debugPrint', () => {
  test('shows types, names, and every line that a node was made at', () => {
    const x = vector('x', { shape: [2] })
    const first = tanh(x).named('h')
    const again = tanh(x)
    expect(here(debugPrint([first, again]))).toBe(
      `
x:f32[2] = input               HERE
a:f32[2] = tanh x              HERE, HERE
h:f32[2] = named a {name: h}   HERE
return h a`.trim(),
    )
  })

  test('shows the step of a scan below it, with its own lines', () => {
    const { h } = network()
    const step = debugPrint(h.last)
      .split('\n')
      .filter(line => line.startsWith('  '))
    expect(step.map(line => here(line).replace(/ {2,}HERE/, ' HERE'))).toEqual([
      '  e:f32[3, 4] = input',
      '  f:f32[4, 4] = input',
      '  g:f32[2, 4] = input',
      '  h:f32[2, 3] = input',
      '  i:f32[2, 4] = contract h e ij,jk->ik HERE',
      '  j:f32[2, 4] = contract g f ij,jk->ik HERE',
      '  k:f32[2, 4] = add i j HERE',
      '  l:f32[2, 4] = tanh k HERE',
      '  return l',
    ])
  })

  test('of a function shows what runs, and what becomes of shared variables', () => {
    const x = vector('x', { shape: [2] })
    const total = shared([0, 0], 'total')
    const f = compile([x], x.neg().neg(), { updates: [[total, total.add(x).add(0)]] })
    expect(here(debugPrint(f)).replaceAll(/ {2,}HERE/g, ' HERE')).toBe(
      `
x:f32[2] = input HERE
total:f32[2] = shared HERE
a:f32[2] = add total x HERE
return x
total := a`.trim(),
    )
  })

  test('of a function names its own variables, whatever equal function came before', () => {
    for (const name of ['first', 'second']) {
      const v = vector(name, { shape: [2] })
      expect(debugPrint(compile([v], v.exp()))).toContain(`${name}:f32[2] = input`)
    }
  })
})

interface DotGraph {
  readonly children: readonly DotChild[]
}
interface DotChild {
  readonly type: string
  readonly id?: string
  readonly node_id?: { readonly id: string }
  readonly edge_list?: readonly { readonly id: string }[]
  readonly attr_list?: readonly { readonly id: string; readonly eq: string }[]
  readonly children?: readonly DotChild[]
}

describe('toDot', () => {
  const read = (what: Printable): DotGraph => (parseDot(toDot(what)) as readonly DotGraph[])[0]!
  const all = (children: readonly DotChild[]): readonly DotChild[] =>
    children.flatMap(child => [child, ...all(child.children ?? [])])
  const labels = (graph: DotGraph) =>
    all(graph.children).flatMap(({ attr_list }) =>
      (attr_list ?? []).filter(({ id }) => id === 'label').map(({ eq }) => eq),
    )

  test.each([
    ['a variable', () => network().loss],
    ['a list', () => [network().loss, network().h.all]],
    ['a gradient', () => grad(network().loss, network().x, { disconnectedInputs: 'ignore' })],
    ['a function', () => trained()],
    ['a scan in a scan', () => nested()],
    ['a branch', () => branching()],
  ] as const)('of %s is read by a parser of the language, and every edge leads to a node', (_, make) => {
    const graph = read(make())
    const everything = all(graph.children)
    const nodes = everything.flatMap(({ type, node_id }) => (type === 'node_stmt' ? [node_id!.id] : []))
    expect(new Set(nodes).size).toBe(nodes.length)
    const ends = everything.flatMap(({ edge_list }) => (edge_list ?? []).map(({ id }) => id))
    expect(ends.length).toBeGreaterThan(0)
    expect(ends.filter(id => !nodes.includes(id))).toEqual([])
  })

  const branching = () => {
    const [x, go] = [vector('x'), scalar('go', 'bool')]
    const steps = () => scan(({ x, s }) => ({ s: s.add(x) }), { sequences: { x }, state: { s: 0 } })
    return compile([x, go], ifElse(go, tanh(x).sum().mul(steps().s.last), x.exp().sum()))
  }

  test('shows a branch as a cluster around one for each side', () => {
    const [outer] = read(branching()).children.filter(({ type }) => type === 'subgraph')
    expect(outer!.children!.filter(({ type }) => type === 'subgraph')).toHaveLength(2)
    expect(labels({ children: outer!.children! })).toEqual(expect.arrayContaining(['then', 'otherwise']))
  })

  const nested = () => {
    const x = matrix('x')
    const outer = scan(
      ({ x, total }) => {
        const inner = scan(({ v, s }) => ({ s: s.add(v) }), { sequences: { v: x }, state: { s: 0 } })
        return { total: total.add(inner.s.last) }
      },
      { sequences: { x }, state: { total: 0 } },
    )
    return outer.total.all
  }

  test('shows a scan as a cluster around its step, and what comes out of it', () => {
    const graph = read(network().h.last)
    const clusters = graph.children.filter(({ type }) => type === 'subgraph')
    expect(clusters.length).toBe(1)
    const inside = labels({ children: clusters[0]!.children! })
    expect(inside.filter(label => label.startsWith('tanh'))).toHaveLength(1)
    expect(inside.filter(label => /^(last|history|stack) /.test(label))).toEqual(['last 0\\nf32[2, 4]'])
    expect(inside).toContain('scan {length: time, rnn}')
    expect(inside).toContain('next')
  })

  test('nests the clusters of nested scans', () => {
    const [outer] = read(nested()).children.filter(({ type }) => type === 'subgraph')
    expect(outer!.children!.filter(({ type }) => type === 'subgraph')).toHaveLength(1)
  })

  test('escapes what users call things', () => {
    const names = ['say "x"', 'back\\slash', 'end\\', 'two\nlines', '->; } [', 'ä€𝄞']
    const sum = names.map(name => shared(1, name)).reduce((a, b) => a.add(b) as never, scalar('s') as never)
    const f = compile([scalar('s')], [], {
      updates: names.map(name => [shared(1, name), 2] as const),
      onUnusedInput: 'ignore',
    })
    for (const graph of [read(sum), read(f)]) expect(graph.children.length).toBeGreaterThan(names.length)
    expect(labels(read(f))).toContain('new end\\\\')
  })
})

test('the picture of a graph', () => {
  const x = vector('x', { shape: [2] })
  const { s } = scan(({ x, s }) => ({ s: s.add(x) }), { sequences: { x }, state: { s: 0 } })
  expect(toDot(s.last)).toBe(
    `
digraph {
  p0 [shape=ellipse, label="x:f32[2]"]
  n0 [shape=box, label="constant\\n0\\nf32[]"]
  subgraph cluster_n1 {
    label="scan {length: 2}"
    n1_p0 [shape=ellipse, label="a:f32[]"]
    n1_p1 [shape=ellipse, label="b:f32[]"]
    n1_n0 [shape=box, label="add\\nf32[]"]
    n1_p0 -> n1_n0
    n1_p1 -> n1_n0
    n1_o0 [shape=plain, label="last 0\\nf32[]"]
    n1_n0 -> n1_o0
    n1_n0 -> n1_p0 [style=dotted, constraint=false, label="next"]
  }
  n0 -> n1_p0 [style=dashed]
  p0 -> n1_p1 [style=dashed]
  r0 [shape=plain, label="result 0"]
  n1_o0 -> r0
}`.trim(),
  )
})

describe('a compiled function', () => {
  test('tells its signature, its shared variables, its back end and for how many sizes it is ready', () => {
    const f = trained()
    expect(String(f)).toBe(
      `
train(x: f32[time, 2, 3]) → f32[]
shared
  W: f32[3, 4]   (updated)
  U: f32[4, 4]   (updated)
wasm, 0 specialisations`.trim(),
    )
    f(randn([5, 2, 3], { seed: 1 }))
    f(randn([6, 2, 3], { seed: 1 }))
    expect(String(f)).toMatch(/^wasm, 2 specialisations$/m)
  })

  test('tells each of its kernels once', () => {
    const f = trained()
    f(randn([5, 2, 3], { seed: 1 }))
    const kernels = f.kernels()
    expect(new Set(kernels).size).toBe(kernels.length)
    for (const kernel of kernels) expect(kernel).toMatch(/^kernel \w+\(/)
  })

  test('has WebAssembly text that an assembler takes', async () => {
    const wabt = await loadWabt()
    for (const backend of ['wasm', 'wasm-scalar'] as const) {
      const f = trained({ backend })
      f(randn([5, 2, 3], { seed: 1 }))
      const module = wabt.parseWat('f.wat', f.wat(), { simd: true, relaxed_simd: true } as never)
      expect(module.validate()).toBeUndefined()
      expect(f.wat().match(/^ {2}\(func /gm)).toHaveLength(f.kernels().length)
    }
  })

  test('has JavaScript that an engine takes', () => {
    const f = trained({ backend: 'js' })
    f(randn([5, 2, 3], { seed: 1 }))
    for (const source of f.wat().split(/\n\n(?=\()/))
      expect(() => new Function(`return ${source}`)).not.toThrow()
  })

  describe.each(modes)('$name', ({ options }) => {
    test('tells its memory: purposes that are there, and a total that holds them', () => {
      const f = trained(options)
      f(randn([50, 2, 3], { seed: 1 }))
      const { total, outputs, kernels, ...purposes } = f.memory()
      expect(purposes.parameters).toBe(4 * (3 * 4 + 4 * 4))
      expect(outputs).toBe(4)
      expect(purposes.inputs).toBeGreaterThanOrEqual(4 * 50 * 2 * 3)
      const sum = Object.values(purposes).reduce((a, b) => a + b)
      expect(total).toBeLessThanOrEqual(sum)
      expect(total).toBeGreaterThanOrEqual(
        purposes.parameters + Math.max(purposes.inputs, purposes.histories),
      )
      if (options.backend === 'reference') return
      expect(purposes.histories).toBeGreaterThanOrEqual(4 * 50 * 2 * 4)
      expect(kernels).toBeGreaterThan(100)
    })
  })

  test('keeps no history, and says so, where only the end is asked for', () => {
    const { x, h } = network()
    const f = compile([x], h.last)
    f(randn([50, 2, 3], { seed: 1 }))
    const { histories, states } = f.memory()
    expect({ histories, states: states > 0 && states < 4 * 50 * 2 * 4 }).toEqual({
      histories: 0,
      states: true,
    })
  })
})

describe('ARIGNOTE_TRACE', () => {
  let printed: string[] = []
  const before = process.env.ARIGNOTE_TRACE
  beforeEach(() => {
    printed = []
    jest.spyOn(console, 'error').mockImplementation(text => void printed.push(String(text)))
  })
  afterEach(() => {
    jest.restoreAllMocks()
    if (before === undefined) delete process.env.ARIGNOTE_TRACE
    else process.env.ARIGNOTE_TRACE = before
  })
  const traced = (topics: string, work: () => void): readonly string[] => {
    process.env.ARIGNOTE_TRACE = topics
    work()
    return printed
  }
  const x = vector('x', { shape: [3] })
  const changed = () => void compile([x], x.neg().neg().exp())
  const untouched = () => void compile([x], x.exp())

  test('graph: as it was written, and as it is after optimisation, or that it is the same', () => {
    expect(traced('graph', changed)).toEqual([
      '── signature ──\nx:f32[3] = input\na:f32[3] = neg x\nb:f32[3] = neg a\nc:f32[3] = exp b\nreturn c',
      '── optimize ──\nx:f32[3] = input\na:f32[3] = exp x\nreturn a',
    ])
    printed.length = 0
    expect(traced('graph', untouched)[1]).toBe('── optimize ──\n(unchanged)')
  })

  test('rules: each application, or that there was none', () => {
    expect(traced('rules', changed)).toEqual(['── rules ──', 'neg: −−x → x'])
    printed.length = 0
    expect(traced('rules', untouched)).toEqual(['── rules ──', '(unchanged)'])
  })

  test('program: what is run, and then what shares memory, or that nothing does', () => {
    const [first, second] = traced('program', untouched)
    expect(first).toMatch(/^── lower ──\n[\s\S]*exp ← exp\(x\)/)
    expect(second).toBe('── alias ──\n(unchanged)')
    printed.length = 0
    const w = shared([1, 2, 3], 'w')
    expect(traced('program', () => void compile([], [], { updates: [[w, w.mul(2)]] }))[1]).toMatch(
      /^── alias ──\n[\s\S]*in place/,
    )
  })

  test('kernels, wat and plan: the loops, the code, the addresses', () => {
    expect(traced('kernels', untouched)[0]).toMatch(/^── lower ──\nkernel exp\(/)
    printed.length = 0
    expect(traced('wat', untouched)[0]).toMatch(/^── emit, wasm ──\n\(module\n/)
    printed.length = 0
    expect(traced('plan', untouched)[0]).toMatch(/^── place ──\n\d+ bytes\n/)
  })

  test('time: each pass with its time', () => {
    const passes = traced('time', untouched).map(line => line.replace(/: [\d.]+ ms$/, ''))
    expect(passes).toEqual(['optimize', 'schedule', 'lower', 'alias', 'emit', 'place', 'prepare'])
  })

  test('takes any number of topics', () => {
    const text = traced('time, graph', untouched).join('\n')
    expect(text).toMatch(/── signature ──/)
    expect(text).toMatch(/optimize: [\d.]+ ms/)
  })

  test('tells once of a topic that does not exist, and which was meant', () => {
    traced('kernel,time', untouched)
    expect(printed.filter(line => line.startsWith('ARIGNOTE_TRACE'))).toEqual([
      'ARIGNOTE_TRACE: there is no topic "kernel"; did you mean kernels? Topics are rules, graph, program, kernels, plan, wat, time',
    ])
  })
})
