/** `arignote/save`: parameters to and from files, and functions to files. */
export * from '@arignote/save'
