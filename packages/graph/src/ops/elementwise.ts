/**
 * Every elementwise operation: one entry each, in the files named here.
 */
export * from './activation.js'
export * from './arithmetic.js'
export * from './cast.js'
export * from './comparison.js'
export * from './select.js'
export * from './transcendental.js'
