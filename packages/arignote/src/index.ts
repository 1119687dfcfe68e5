/** What users import: the tensor language, and the compiler for it. */
export * from '@arignote/compiler'
export * from '@arignote/graph'
