/** Whether tests run: every kernel and every function is verified then. A user's process trusts them. */
export function underTest(): boolean {
  return typeof process === 'object' && process.env?.NODE_ENV === 'test'
}
