/** `arignote/theano`: the same under Theano's names. See docs/porting-from-theano.md. */
export * from '@arignote/theano'
