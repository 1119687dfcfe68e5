export { type Files, violations } from './architecture.js'
export { type DocBlock, readBlocks, runBlock } from './doc-blocks.js'
export { typeErrors } from './doc-types.js'
export { readFiles } from './files.js'
