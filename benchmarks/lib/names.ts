/** What the systems are called in tables and files. */
export const TFJS = 'tfjs-wasm, 1 thread'
