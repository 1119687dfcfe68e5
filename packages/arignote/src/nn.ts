/** `arignote/nn`: recurrent cells, layers and training. */
export * from '@arignote/nn'
