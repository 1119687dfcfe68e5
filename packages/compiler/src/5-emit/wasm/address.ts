/**
 * Addresses: polynomials  →  pointers with static offsets.
 *
 * Accesses of one block whose addresses differ by constants share a group: one base, the least of the addresses, and
 * offsets in the instructions (the base is then an address that is really used, so it never wraps below zero). Where an
 * address moves evenly with a loop, its base is a pointer: a local that the loop increments.
 */
import type { LoopCode } from './code.js'
import type { Graph } from './graph.js'
import type { Block, Node, Slot } from './node.js'
import {
  coefficientIn,
  homeOf,
  keyOf,
  nodeOfPoly,
  nodeOfTerms,
  type Poly,
  substitute,
  type Term,
  type Terms,
} from './poly.js'

/** Addresses that differ by constants. */
export interface Group {
  /** The block whose accesses decide the least offset; null as long as only other addresses build on it. */
  block: Block | null
  /** The value of the base is the group's polynomial plus this; infinite while there are no accesses. */
  least: number
  /** What accesses take as their address. */
  node: Node
  readonly pointer: Pointer | null
}

export interface Pointer {
  readonly loop: LoopCode
  readonly slot: Slot
  /** The value before the first trip, but for the group's least offset. */
  readonly start: Node
  readonly startShift: () => number
  /** Bytes per trip. */
  readonly stride: Node
  /** Bytes per unit of the axis. */
  readonly unit: Node
  marked: boolean
}

/** The least offset, where there is one. */
export function leastOf(group: Group): number {
  return group.least === Number.POSITIVE_INFINITY ? 0 : group.least
}

/** The group of the block itself, or else one that may become it. */
function suitable(groups: readonly Group[], block: Block | null): Group | null {
  let free: Group | null = null
  for (let i = 0; i < groups.length; i++) {
    const group = groups[i]!
    if (group.block === block) return group
    if (block === null || group.block === null) free ??= group
  }
  return free
}

export class Addresses {
  private readonly graph: Graph
  private readonly groups = new Map<string, Group[]>()

  constructor(graph: Graph) {
    this.graph = graph
  }

  /** The group of an address that is used in `block`; the polynomial's constant is left to the caller. */
  group(address: Poly, block: Block): Group {
    return this.find(address.terms, block)
  }

  /** An address as a value. */
  node(address: Poly): Node {
    const group = this.find(address.terms, null)
    return this.graph.shift(group.node, () => address.constant - leastOf(group))
  }

  private find(terms: Terms, block: Block | null): Group {
    const key = keyOf(terms)
    const groups = this.groups.get(key)
    const known = groups && suitable(groups, block)
    if (known != null) {
      known.block ??= block
      return known
    }
    const group = this.make(terms, block)
    if (groups === undefined) this.groups.set(key, [group])
    else groups.push(group)
    return group
  }

  private make(terms: Terms, block: Block | null): Group {
    const home = homeOf(terms, this.graph.root)
    if (home.kind === 'body') {
      const { axis } = home.loop!
      const moves = ({ factors }: Term) => factors.every(x => x.home !== home || x === axis)
      const rest = terms.list.filter(term => !moves(term))
      const steady: Poly = {
        terms: rest.length === 0 ? terms : { list: terms.list.filter(moves), key: null },
        constant: 0,
      }
      // The coefficient is free of the axis, hence known outside the loop.
      const unit = coefficientIn(steady, axis)
      if (unit !== null && rest.length === 0) {
        const pointer = this.pointer(home.loop!, steady, unit, block)
        if (pointer !== null) return pointer
      } else if (unit !== null && steady.terms.list.length > 0) {
        return this.plain(nodeOfTerms(this.graph, rest, this.node(steady)), block)
      }
    }
    return this.plain(nodeOfTerms(this.graph, terms.list), block)
  }

  private plain(value: Node, block: Block | null): Group {
    const group: Group = { block, least: Number.POSITIVE_INFINITY, node: value, pointer: null }
    group.node = this.graph.shift(value, () => leastOf(group))
    return group
  }

  private pointer(loop: LoopCode, address: Poly, unit: Poly, block: Block | null): Group | null {
    const start = substitute(address, loop.axis, loop.start)
    if (start === null) return null
    const slot: Slot = { name: 'p', type: 'i32', local: null }
    const unitNode = nodeOfPoly(this.graph, unit)
    const base = this.find(start.terms, null)
    const group: Group = {
      block,
      least: Number.POSITIVE_INFINITY,
      node: loop.axis,
      pointer: {
        loop,
        slot,
        start: base.node,
        startShift: () => start.constant - leastOf(base) + leastOf(group),
        stride: this.graph.mul(unitNode, this.graph.int(loop.step)),
        unit: unitNode,
        marked: false,
      },
    }
    group.node = this.graph.read(slot, loop.body, group)
    return group
  }
}
