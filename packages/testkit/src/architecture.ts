/**
 * Architecture: the files of the workspace  →  the places where they break its rules.
 *
 * The rules are rows of `rules` below, each a question about one import (or one file). Paths are relative to the
 * root, with forward slashes. Reads nothing itself, so that it can be tried on files that do not exist.
 */

/** Paths to texts. */
export type Files = ReadonlyMap<string, string>

interface Import {
  readonly file: string
  readonly line: number
  /** As written: `./x.js`, `@arignote/graph`, `ndarray`. */
  readonly from: string
  /** Names taken from there, before any renaming; `*` for a namespace; none for an import for effect. */
  readonly names: readonly string[]
  /** The path a relative import leads to, without its extension; otherwise undefined. */
  readonly target: string | undefined
}

/** What a package's sources may import. `testkit` is private and may import anything. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  errors: [],
  load: ['@arignote/errors', 'ndarray'],
  save: ['@arignote/graph', '@arignote/compiler', '@arignote/load', '@arignote/loops', 'fflate'],
  loops: [],
  wasm: [],
  graph: ['@arignote/errors', '@arignote/loops', 'ndarray'],
  compiler: [
    '@arignote/graph',
    '@arignote/load',
    '@arignote/loops',
    '@arignote/wasm',
    'ndarray',
    'ndarray-ops',
    'node:',
  ],
  nn: [
    '@arignote/graph',
    '@arignote/compiler',
    '@arignote/loops',
    '@arignote/save',
    'h5wasm',
    'js-md5',
    'pickleparser',
    'ndarray',
    'node:',
  ],
  theano: ['@arignote/graph', '@arignote/compiler', '@arignote/loops'],
  explorer: ['@arignote/graph', '@arignote/compiler', '@arignote/loops'],
  arignote: [
    '@arignote/graph',
    '@arignote/compiler',
    '@arignote/loops',
    '@arignote/nn',
    '@arignote/theano',
    '@arignote/explorer',
    '@arignote/load',
    '@arignote/save',
    'node:',
  ],
}

const homesOfNdarray = [
  'packages/graph/src/value.ts',
  'packages/compiler/src/6-run/',
  'packages/compiler/src/5-emit/reference/',
  'packages/nn/src/data.ts',
  'packages/load/src/values.ts',
  'packages/testkit/',
]

interface Rule {
  readonly says: string
  readonly broken: (i: Import, ops: ReadonlySet<string>) => boolean
}

const rules: readonly Rule[] = [
  {
    says: 'a package imports only what is below it',
    broken: i => {
      const home = packageOf(i.file)
      if (home === undefined || home === 'testkit' || i.target !== undefined) return false
      const extra = isSource(i.file) ? [] : [`@arignote/${home}`, home, '@jest/globals', 'node:']
      return ![...(allowed[home] ?? []), ...extra].some(name => isFrom(i, name))
    },
  },
  {
    says: 'a relative import stays inside its package',
    broken: i => {
      const home = packageOf(i.file)
      return home !== undefined && i.target !== undefined && packageOf(i.target) !== home
    },
  },
  {
    says: 'nothing but tests imports testkit',
    broken: i =>
      isFrom(i, '@arignote/testkit') && packageOf(i.file) !== 'testkit' && !i.file.endsWith('.test.ts'),
  },
  {
    says: 'passes never import one another; only compile.ts and pipeline.ts import passes',
    broken: i => {
      if (!i.file.startsWith('packages/compiler/src/')) return false
      const from = passOf(i.file)
      const to = i.target && passOf(i.target)
      if (from !== undefined)
        return (to !== undefined && to !== from) || leadsToTop(i, ['compile', 'pipeline', 'index'])
      return to !== undefined && !/src\/(compile|pipeline|index)\.ts$/.test(i.file)
    },
  },
  {
    says: 'variable, op, type, lambda and dim never import ops/',
    broken: i =>
      /^packages\/graph\/src\/(variable|op|type|lambda|dim)\.ts$/.test(i.file) &&
      isUnder(i.target, 'packages/graph/src/ops'),
  },
  {
    says: 'ops/ never imports rewrite/',
    broken: i =>
      i.file.startsWith('packages/graph/src/ops/') && isUnder(i.target, 'packages/graph/src/rewrite'),
  },
  {
    says: 'passes 2 to 6 never name an op',
    broken: (i, ops) =>
      /^packages\/compiler\/src\/[2-6]-/.test(i.file) &&
      isFrom(i, '@arignote/graph') &&
      i.names.some(name => name === '*' || ops.has(name)),
  },
  {
    says: 'only 5-emit/wasm imports @arignote/wasm',
    broken: i =>
      isFrom(i, '@arignote/wasm') &&
      /^packages\/(?!testkit\/)[^/]+\/src\//.test(i.file) &&
      !i.file.startsWith('packages/compiler/src/5-emit/wasm/'),
  },
  {
    says: 'only graph/src/value.ts, 6-run, 5-emit/reference, nn/src/data.ts, load/src/values.ts and testkit import ndarray',
    broken: i =>
      (isFrom(i, 'ndarray') || isFrom(i, 'ndarray-ops')) &&
      isSource(i.file) &&
      i.file.startsWith('packages/') &&
      !homesOfNdarray.some(home => i.file.startsWith(home)),
  },
]

const LONGEST = 400
const leftOver = /\b(?:TO{1}DO|FIX{1}ME)\b/

/** Every broken rule, as `path:line: what is wrong`. */
export function violations(files: Files): string[] {
  const ops = opNames(files)
  const found: string[] = []
  for (const [path, text] of files) {
    for (const i of imports(path, text)) {
      for (const rule of rules) {
        if (rule.broken(i, ops)) found.push(`${path}:${i.line}: ${rule.says} (imports ${describe(i)})`)
      }
    }
    const lines = text.split('\n')
    lines.forEach((line, n) => {
      if (leftOver.test(line)) found.push(`${path}:${n + 1}: no left-overs (${line.trim()})`)
    })
    if (isSource(path) && lines.length - 1 > LONGEST) {
      found.push(`${path}:${LONGEST}: no source file is longer than ${LONGEST} lines (${lines.length - 1})`)
    }
  }
  return found
}

const statement =
  /^(?:import|export)\s+(?:type\s+)?((?:[\w$]+\s*,\s*)?(?:\*(?:\s+as\s+[\w$]+)?|\{[^}]*\})|[\w$]+)\s+from\s*['"]([^'"]+)['"]/gm
const effect = /^import\s*()['"]([^'"]+)['"]/gm
const dynamic = /(?<!\*.*)\b(?:import|require)\(\s*()['"]([^'"]+)['"]\s*\)/g

function imports(file: string, text: string): Import[] {
  return [statement, effect, dynamic].flatMap(pattern =>
    [...text.matchAll(pattern)].map(match => {
      const from = match[2]!
      return {
        file,
        line: text.slice(0, match.index).split('\n').length,
        from,
        names: pattern === dynamic ? ['*'] : namesIn(match[1]!),
        target: from.startsWith('.') ? resolve(file, from) : undefined,
      }
    }),
  )
}

/** `a, type b as c` in braces → a, b; a star → `*`; a default import → `default`. */
function namesIn(clause: string): string[] {
  if (clause === '') return []
  if (clause.includes('*')) return ['*']
  const braces = /\{([^}]*)\}/.exec(clause)
  if (!braces) return ['default']
  return braces[1]!
    .split(',')
    .map(
      part =>
        part
          .trim()
          .replace(/^type\s+/, '')
          .split(/\s/)[0]!,
    )
    .filter(name => name !== '')
}

/** The values (not types) that the files of graph/src/ops export. */
function opNames(files: Files): ReadonlySet<string> {
  const names = new Set<string>()
  for (const [path, text] of files) {
    if (!path.startsWith('packages/graph/src/ops/')) continue
    for (const match of text.matchAll(/^export (?:const|let|function\*?|class) ([\w$]+)/gm))
      names.add(match[1]!)
    for (const match of text.matchAll(/^export \{([^}]*)\}/gm)) {
      for (const part of match[1]!.split(',')) {
        const name = part
          .trim()
          .split(/\s+as\s+/)
          .at(-1)!
        if (name !== '' && !name.startsWith('type ')) names.add(name)
      }
    }
  }
  return names
}

function resolve(file: string, from: string): string {
  const parts = file.split('/').slice(0, -1)
  for (const step of from.replace(/\.[jt]s$/, '').split('/')) {
    if (step === '..') parts.pop()
    else if (step !== '.') parts.push(step)
  }
  return parts.join('/')
}

const packageOf = (path: string) => /^packages\/([^/]+)(?:\/|$)/.exec(path)?.[1]
const passOf = (path: string) => /^packages\/compiler\/src\/(\d-[^/]+)/.exec(path)?.[1]
const isSource = (path: string) => /^(?:packages\/[^/]+\/src|scripts|benchmarks|docs\/examples)\//.test(path)
const isUnder = (path: string | undefined, folder: string) =>
  path === folder || path?.startsWith(`${folder}/`) === true
const describe = (i: Import) => (i.names.length === 0 ? i.from : `${i.names.join(', ')} from ${i.from}`)

/** `node:` stands for all of Node's own modules; any other name also for its entry points below (`arignote/nn`). */
function isFrom(i: Import, name: string): boolean {
  return name === 'node:' ? i.from.startsWith(name) : i.from === name || i.from.startsWith(`${name}/`)
}

function leadsToTop(i: Import, names: readonly string[]): boolean {
  return names.some(name => i.target === `packages/compiler/src/${name}`)
}
