/** What other packages make files of their own with: `@arignote/save/files`. Users have `index.ts`. */
export { crc32 } from '@arignote/load'
export type { Task } from './errors.js'
export { appendFile, emptyFile, pathOf, readFile, writeFile } from './file.js'
export { decodeNpy, readNpy } from './npy.js'
export { npzEntries } from './npz.js'
export { decodeSafetensors, encodeSafetensors, metadataOf } from './safetensors.js'
export { bytesOfTensor, type Tensor } from './tensor.js'
