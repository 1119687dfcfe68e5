/**
 * Uses: which nodes are needed, how often, and from where.
 *
 * A node that is used in a deeper block than its own must have its value before that block is entered. The least
 * offsets of groups and the control of loops are decided here too: both need to know what is used.
 */
import type { LoopCode, Statement } from './code.js'
import { type Block, integerOf, type Node } from './node.js'

export function countUses(block: Block): void {
  for (const x of block.statements) countIn(x, block)
}

function countIn(x: Statement, block: Block): void {
  switch (x.kind) {
    case 'loop':
      countLoop(x.loop, block)
      return
    case 'set':
      use(x.value, block)
      return
    case 'store':
      x.group.least = Math.min(x.group.least, x.at)
      use(x.address, block)
      use(x.value, block)
      return
    case 'check':
      for (const value of x.values) use(value, block)
      use(x.failed, block)
      for (const store of x.stores) countIn(store, block)
      return
    case 'keep':
      return
  }
}

function countLoop(loop: LoopCode, outer: Block): void {
  countUses(loop.body)
  const steps = (stride: Node) => integerOf(stride) !== null && integerOf(stride) !== 0
  if (loop.axis.uses === 0 && loop.exact) {
    loop.control = loop.pointers.find(({ pointer }) => steps(pointer!.stride)) ?? null
  }
  use(loop.begin, loop.preheader)
  use(loop.end, loop.control === null ? loop.body : loop.preheader)
  if (!loop.sure) for (const bound of [loop.begin, loop.end]) use(bound, outer)
}

function use(root: Node, from: Block): void {
  const nodes: Node[] = [root]
  /** Where each of them is used. */
  const blocks: Block[] = [from]
  while (nodes.length > 0) {
    const x = nodes.pop()!
    const block = blocks.pop()!
    x.remaining++
    if (x.home !== block && !x.isLeaf) childTowards(x.home, block).hoisted.add(x)
    if (x.uses++ > 0) continue
    for (let i = 0; i < x.operands.length; i++) {
      nodes.push(x.operands[i]!)
      blocks.push(x.home)
    }
    if (x.group === null) continue
    const { pointer } = x.group
    if (x.op !== 'read') x.group.least = Math.min(x.group.least, x.at)
    else if (pointer !== null && !pointer.marked) {
      pointer.marked = true
      pointer.loop.pointers.push(x.group)
      nodes.push(pointer.start, pointer.stride)
      blocks.push(pointer.loop.preheader, pointer.loop.body)
    }
  }
}

/** The child of `outer` on the way to `inner`. */
export function childTowards(outer: Block, inner: Block): Block {
  let block = inner
  while (block.parent !== outer) {
    if (block.parent === null) throw new Error('internal: a value is used where it is not known')
    block = block.parent
  }
  return block
}
