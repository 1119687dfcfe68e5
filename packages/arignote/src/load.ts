/** `arignote/load`: runs what `exportFunction` made, and knows nothing else. */
export * from '@arignote/load'
