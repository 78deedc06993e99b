// Values of nodes as floating-point numbers. Everything else knows a binary32 or binary64 element as an integer of its
// width; between a load, a floating-point operator and a store that would be two moves between register files.

import type { EmitContext } from '../emit-context.ts';
import { emitLoad, emitLoadFloat } from '../emit-pure.ts';
import type { Node } from '../ir.ts';
import { usualCaseOf } from './usual-cases.ts';

export class FloatValues {
  readonly #context: EmitContext;
  /** Locals of type f32 or f64 that hold a node's value. */
  readonly #locals = new Map<Node, number>();
  /** Nodes that are used once, as floating-point numbers. */
  readonly #wanted = new Set<Node>();

  constructor(context: EmitContext) {
    this.#context = context;
  }

  /** Finds the nodes whose values are better loaded as floating-point numbers. */
  survey(nodes: readonly Node[]): void {
    for (const node of nodes) {
      for (const input of node.inputs.slice(0, usualCaseOf(node)?.floats ?? 0)) {
        if (input.uses === 1) this.#wanted.add(input);
      }
    }
  }

  /** Whether the node, which reads a register or memory, is to be loaded as a floating-point number. */
  wants(node: Node): boolean {
    return this.#wanted.has(node);
  }

  /** Whether the node's value is in a local as a floating-point number. */
  has(node: Node): boolean {
    return this.#locals.has(node);
  }

  /** Forgets where values are. */
  clear(): void {
    this.#locals.clear();
    this.#wanted.clear();
  }

  bind(node: Node, local: number): void {
    this.#locals.set(node, local);
  }

  /** Loads the node's value from the machine address on the stack. */
  load(node: Node): void {
    const { code } = this.#context;
    if (this.wants(node)) {
      emitLoadFloat(code, node.bits, 0, 0);
      return this.keep(node);
    }
    emitLoad(code, node.bits, 0, 0);
    this.#context.keep(node);
  }

  /** Takes the f32 or f64 on the stack as the node's value. */
  keep(node: Node): void {
    const { code } = this.#context;
    const local = this.#context.local(node.bits === 64 ? 'f64' : 'f32');
    this.#locals.set(node, local);
    code.localSet(local);
  }

  /** Puts the value on the stack, as a floating-point number. */
  push(node: Node): void {
    this.#context.code.localGet(this.asLocal(node));
  }

  /** Puts the value of a node that `has` knows on the stack, as an integer. */
  pushBits(node: Node): void {
    const { code } = this.#context;
    this.push(node);
    if (node.bits === 64) code.i64ReinterpretF64();
    else code.i32ReinterpretF32();
  }

  /** A local of type f32 or f64 that holds the value. */
  asLocal(node: Node): number {
    const known = this.#locals.get(node);
    if (known !== undefined) return known;
    const { code } = this.#context;
    this.#context.push(node);
    if (node.bits === 64) code.f64ReinterpretI64();
    else code.f32ReinterpretI32();
    this.keep(node);
    return this.#locals.get(node)!;
  }
}
