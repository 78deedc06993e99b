// Values of nodes as floating-point numbers, or as vectors. Everything else knows a binary32 or binary64 element as an
// integer of its width; between a load, a floating-point operator and a store that would be moves between register files.

import type { EmitContext } from '../emit-context.ts';
import { emitLoad, emitLoadFloat, emitStore, emitStoreFloat } from '../emit-pure.ts';
import type { Node } from '../ir.ts';
import { NodeNumbers } from '../node-numbers.ts';
import { OrdinaryValues } from './ordinary-values.ts';
import { usualCaseOf } from './usual-cases.ts';

export class FloatValues {
  readonly ordinary = new OrdinaryValues();
  readonly #context: EmitContext;
  /** Locals of type f32 or f64 that hold a node's value. */
  readonly #locals = new NodeNumbers();
  /** Nodes that are used once, as floating-point numbers. */
  readonly #wanted = new NodeNumbers();
  /** Loads that are used once, as the low part of a vector; with the node that extends them. */
  readonly #extended = new Map<Node, Node>();

  constructor(context: EmitContext) {
    this.#context = context;
  }

  /** Finds the nodes whose values are better loaded as floating-point numbers. */
  survey(nodes: readonly Node[]): void {
    for (const node of nodes) {
      const { operation, inputs } = node;
      const first = inputs[0]!;
      switch (operation.op) {
        case 'core': {
          const floats = usualCaseOf(node)?.floats ?? 0;
          for (let index = 0; index < floats; index++) {
            if (inputs[index]!.uses === 1) this.#wanted.set(inputs[index]!, 1);
          }
          break;
        }
        case 'writeRegister':
          if (operation.kind === 'vector') this.#want(first);
          break;
        case 'storeMachine':
          this.#want(inputs[1]!);
          break;
        case 'zeroExtend':
          if (node.bits === 128 && isElement(first, 'loadMachine')) this.#extended.set(first, node);
          break;
        default:
      }
    }
  }

  /** What is moved to or from an XMM register in a local is taken as a number, which needs no other register on the way. */
  #want(node: Node): void {
    const { operation } = node;
    if (operation.op !== 'readRegister' && operation.op !== 'loadMachine') return;
    if (!isElement(node, operation.op)) return;
    if (operation.op === 'loadMachine' || this.#context.machine.isVector(operation.place)) this.#wanted.set(node, 1);
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
    if (this.#extended.size > 0) this.#extended.clear();
    this.ordinary.clear();
  }

  bind(node: Node, local: number): void {
    this.#locals.set(node, local);
  }

  /**
   * Loads the node's value from the machine address on the stack.
   * @param offset bytes behind it
   */
  load(node: Node, offset = 0): void {
    const { code } = this.#context;
    if (this.wants(node)) {
      emitLoadFloat(code, node.bits, offset, 0);
      return this.keep(node);
    }
    const vector = this.#extended.get(node);
    if (vector) {
      if (node.bits === 64) code.v128Load64Zero(offset, 0);
      else code.v128Load32Zero(offset, 0);
      return this.#context.keep(vector);
    }
    emitLoad(code, node.bits, offset, 0);
    this.#context.keep(node);
  }

  /**
   * Stores the node's value to the machine address on the stack.
   * @param offset bytes behind it
   */
  store(node: Node, offset = 0): void {
    const { code } = this.#context;
    if (this.has(node)) {
      this.push(node);
      return emitStoreFloat(code, node.bits, offset, 0);
    }
    this.#context.push(node);
    emitStore(code, node.bits, offset, 0);
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
    if (known >= 0) return known;
    const { code } = this.#context;
    this.#context.push(node);
    if (node.bits === 64) code.f64ReinterpretI64();
    else code.f32ReinterpretI32();
    this.keep(node);
    return this.#locals.get(node);
  }
}

/** Whether `survey` may find something in a node. */
export function mayWantFloats({ operation, inputs, bits }: Node): boolean {
  switch (operation.op) {
    case 'core':
      return true;
    case 'writeRegister':
      return operation.kind === 'vector';
    case 'storeMachine':
      return isElement(inputs[1]!, 'loadMachine') || isElement(inputs[1]!, 'readRegister');
    case 'zeroExtend':
      return bits === 128;
    default:
      return false;
  }
}

/** True for an element that a node reads and another one takes. */
function isElement({ operation, bits, uses }: Node, op: 'loadMachine' | 'readRegister'): boolean {
  return operation.op === op && (bits === 32 || bits === 64) && uses === 1;
}
