/**
 * What every script here needs: the root folder, an installed workspace, and a way to run a development tool.
 * Plain Node without dependencies, because it runs before anything is installed.
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = dirname(dirname(fileURLToPath(import.meta.url)))

const PNPM = 'pnpm@12.21.0'
const stampFile = join(root, 'node_modules', '.arignote-installed')

const tools = {
  tsc: 'node_modules/typescript/bin/tsc',
  jest: 'node_modules/jest/bin/jest.js',
  biome: 'node_modules/@biomejs/biome/bin/biome',
  rolldown: 'node_modules/rolldown/bin/cli.mjs',
}

/** The arguments this script was given. */
export const args = process.argv.slice(2)

/** Installs what the lockfile says, unless that was done before. Needs the network only when it installs. */
export function install() {
  const stamp = createHash('sha256')
    .update(`${process.platform} ${process.arch} ${PNPM}\n`)
    .update(readFileSync(join(root, 'pnpm-lock.yaml')))
    .digest('hex')
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp && isLinked()) return

  console.error('Installing development dependencies (once per lockfile) …')
  const { NODE_ENV: _, ...env } = process.env // in "production", development dependencies would be left out
  const command = [
    '--yes',
    '--loglevel=error',
    PNPM,
    'install',
    '--frozen-lockfile',
    '--reporter=append-only',
  ]
  finishUnlessOk(
    spawnSync('npx', command, {
      cwd: root,
      env: { ...env, CI: 'true' }, // never ask, also when another package manager made node_modules
      stdio: ['ignore', 2, 2],
      shell: process.platform === 'win32',
    }),
  )
  writeFileSync(stampFile, stamp)
}

/** Runs a development tool and returns its exit code. */
export function tool(name, ...args) {
  return exitCode(node(join(root, tools[name]), ...args))
}

/** Runs a module with Node; where that fails, this process ends with the same exit code. */
export function runModule(path, ...args) {
  finishUnlessOk(node(path, ...args))
}

/** Compiles a project and what it refers to, and makes of every package what Node loads; where that fails, this process ends. */
export function build(...projects) {
  const code = tool('tsc', '-b', ...projects)
  if (code !== 0) process.exit(code)
  bundle()
}

/** Makes one file of each entry of a package, for Node; says nothing unless there is something amiss. */
export function bundle() {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(root, tools.rolldown), '--config', 'rolldown.config.js'],
    { cwd: root, encoding: 'utf8' },
  )
  if (stderr !== '') console.error(stderr)
  if (status !== 0) {
    console.error(stdout)
    process.exit(1)
  }
}

function node(...args) {
  return spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' })
}

function finishUnlessOk(result) {
  const code = exitCode(result)
  if (code !== 0) process.exit(code)
}

function exitCode(result) {
  if (result.error) console.error(result.error.message)
  return result.status ?? (result.signal === 'SIGINT' ? 130 : 1)
}

/** Whether every package that has dependencies still has its own node_modules. */
function isLinked() {
  const packages = readdirSync(join(root, 'packages')).map(name => join('packages', name))
  return [...packages, 'docs/examples', 'benchmarks'].every(folder => {
    const manifest = join(root, folder, 'package.json')
    if (!existsSync(manifest)) return true
    const needs = 'dependencies' in JSON.parse(readFileSync(manifest, 'utf8'))
    return !needs || existsSync(join(root, folder, 'node_modules'))
  })
}
