/** Products under Theano's names. */
export { batchedDot as batched_dot, dot, matmul, outer, tensordot } from '@arignote/graph'
