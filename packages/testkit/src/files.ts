/** The text files of the workspace, for tests that judge the project as a whole. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const passedOver = /^(?:\..*|node_modules|dist|_expected)$/

/** Every file under `folders` of `root` that `wanted` accepts, by its path relative to `root`. */
export function readFiles(
  root: string,
  folders: readonly string[],
  wanted: (path: string) => boolean,
): Map<string, string> {
  const files = new Map<string, string>()
  const pending = [...folders]
  for (let folder = pending.pop(); folder !== undefined; folder = pending.pop()) {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      const path = `${folder}/${entry.name}`
      if (entry.isDirectory()) {
        if (!passedOver.test(entry.name)) pending.push(path)
      } else if (entry.isFile() && wanted(path)) {
        files.set(path, readFileSync(join(root, path), 'utf8'))
      }
    }
  }
  return files
}
