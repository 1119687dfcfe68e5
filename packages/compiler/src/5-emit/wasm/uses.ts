/**
 * Uses: which nodes are needed, how often, and from where.
 *
 * A node that is used in a deeper block than its own must have its value before that block is entered. The least
 * offsets of groups and the control of loops are decided here too: both need to know what is used.
 */
import type { LoopCode, Statement } from './code.js'
import { type Block, integerOf, type Node } from './node.js'

export function countUses(root: Block): void {
  new Counting().block(root)
}

class Counting {
  /** What is still to be counted, and where each of it is used. */
  private readonly nodes: Node[] = []
  private readonly blocks: Block[] = []

  block(block: Block): void {
    const { statements } = block
    for (let i = 0; i < statements.length; i++) this.statement(statements[i]!, block)
  }

  private statement(x: Statement, block: Block): void {
    switch (x.kind) {
      case 'loop':
        this.loop(x.loop, block)
        return
      case 'set':
        this.use(x.value, block)
        return
      case 'store':
        x.group.least = Math.min(x.group.least, x.at)
        this.use(x.address, block)
        this.use(x.value, block)
        return
      case 'check':
        for (const value of x.values) this.use(value, block)
        this.use(x.failed, block)
        for (const store of x.stores) this.statement(store, block)
        return
      case 'keep':
        return
    }
  }

  private loop(loop: LoopCode, outer: Block): void {
    this.block(loop.body)
    const steps = (stride: Node) => integerOf(stride) !== null && integerOf(stride) !== 0
    if (loop.axis.remaining === 0 && loop.exact) {
      loop.control = loop.pointers.find(({ pointer }) => steps(pointer!.stride)) ?? null
    }
    this.use(loop.begin, loop.preheader)
    this.use(loop.end, loop.control === null ? loop.body : loop.preheader)
    if (!loop.sure) for (const bound of [loop.begin, loop.end]) this.use(bound, outer)
  }

  private use(root: Node, from: Block): void {
    const { nodes, blocks } = this
    nodes.push(root)
    blocks.push(from)
    while (nodes.length > 0) {
      const x = nodes.pop()!
      const block = blocks.pop()!
      if (x.home !== block && !x.isLeaf) childTowards(x.home, block).hoisted.add(x)
      if (x.remaining++ > 0) continue
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
