// The nodes of an instruction in a region: read from its meaning with what is known of this one instruction, and without
// what nobody will look at.

import type { Flag, Operand, Value } from '../../isa/abstract-machine.ts';
import { coreRoutines } from '../../isa/core-routines.ts';
import type { BoundOperand } from '../bound-operand.ts';
import type { HandlerVariant } from '../handler-variant.ts';
import { IrBuilder } from '../ir-builder.ts';
import { isPure, type Node } from '../ir.ts';

/** Operations that only read: without a use they can go. */
const readers: ReadonlySet<string> = new Set([
  'readRegister',
  'readFlag',
  'condition',
  'readSystemFlag',
  'privilege',
  'offset',
  'segmentAddress',
  'stackOffset',
]);

class SpecificBuilder extends IrBuilder {
  readonly #immediate: number;
  readonly #flagless: boolean;

  constructor(variant: HandlerVariant, immediate: number, flagless: boolean) {
    super(variant);
    this.#immediate = immediate;
    this.#flagless = flagless;
  }

  override read(operand: Operand): Node {
    const { pattern, bits, immediateSlot } = operand as BoundOperand;
    const isKnown = pattern.place === 'I' && immediateSlot === 0 && hasSmallImmediate(this.variant);
    return isKnown ? this.constant(BigInt(this.#immediate), bits || 8) : super.read(operand);
  }

  override setFlag(flag: Flag, value: Value): void {
    if (!this.#flagless) super.setFlag(flag, value);
  }
  override setCarryAndOverflow(carry: Value, overflow: Value): void {
    if (!this.#flagless) super.setCarryAndOverflow(carry, overflow);
  }
  override setFlagsFromSum(a: Value, b: Value, result: Value, carry?: Value): void {
    if (!this.#flagless) super.setFlagsFromSum(a, b, result, carry);
  }
  override setFlagsFromDifference(a: Value, b: Value, result: Value, carry?: Value): void {
    if (!this.#flagless) super.setFlagsFromDifference(a, b, result, carry);
  }
  override setFlagsFromResult(result: Value, rest: { CF: Value; OF: Value; AF: Value }): void {
    if (!this.#flagless) super.setFlagsFromResult(result, rest);
  }
  override setFlags(flags: Record<Flag, Value>): void {
    if (!this.#flagless) super.setFlags(flags);
  }
}

/** True when the variant's first immediate is a byte, which is worth nodes of its own: the counts of shifts, for example. */
export function hasSmallImmediate({ form }: HandlerVariant): boolean {
  const width = form.operands.find(({ place }) => place === 'I')?.width;
  return width === 'b' || width === 'bs';
}

/**
 * @param immediate the record's first immediate, for a variant that `hasSmallImmediate`
 * @param flagless leaves out what only sets the arithmetic flags
 */
export function buildSpecific(variant: HandlerVariant, immediate: number, flagless: boolean): readonly Node[] {
  const m = new SpecificBuilder(variant, immediate, flagless);
  const { form } = variant;
  if (form.attributes.has('p0')) m.if(m.not(m.isZero(m.privilege())), () => m.raise('#GP'));
  form.instruction.meaning(m, ...m.operands);
  prune(m.nodes);
  return m.nodes;
}

/** True for what can go when nobody uses its value. */
function isWithoutEffect(node: Node): boolean {
  const { operation } = node;
  if (operation.op === 'core') return coreRoutines[operation.routine].pure === true;
  return isPure(node) || readers.has(operation.op);
}

/** Takes out of a list what is not used, and with it its uses of others. */
function prune(nodes: Node[]): void {
  for (let index = nodes.length - 1; index >= 0; index--) {
    const node = nodes[index]!;
    const { operation } = node;
    if (operation.op === 'if') {
      prune(operation.then);
      prune(operation.otherwise);
    } else if (operation.op === 'repeat') prune(operation.body);
    else if (node.uses === 0 && isWithoutEffect(node)) {
      for (const input of node.inputs) input.uses--;
      nodes.splice(index, 1);
    }
  }
}

/** What the nodes of an instruction have to do with the arithmetic flags. */
export interface FlagEffects {
  /** Reads them, or may leave the instruction before it has set them. */
  readonly needs: boolean;
  /** Sets all of them, whatever happens. */
  readonly setsAll: boolean;
  /** May look at what it has set itself, or leave after it: a store may drop decoded code. */
  readonly looks: boolean;
}

/** @param pureRoutines core routines that cannot leave */
export function flagEffects(nodes: readonly Node[], isPureRoutine: (routine: string) => boolean): FlagEffects {
  let needs = false;
  let setsAll = false;
  let looks = false;
  for (const { operation } of nodes) {
    switch (operation.op) {
      case 'writeFlagsFromSum':
      case 'writeFlagsFromResult':
      case 'writeFlags':
        setsAll = true;
        break;
      case 'storeMachine':
        looks = true;
        break;
      case 'repeat':
        needs = true;
        looks = true;
        break;
      case 'core':
        needs ||= !isPureRoutine(operation.routine);
        break;
      case 'if': {
        const inner = [operation.then, operation.otherwise].map((list) => flagEffects(list, isPureRoutine));
        needs ||= inner.some((effects) => effects.needs);
        looks ||= inner.some((effects) => effects.looks);
        break;
      }
      case 'probe':
      case 'readFlag':
      case 'condition':
      case 'raise':
      case 'jump':
      case 'jumpTo':
      case 'jumpIf':
        needs = true;
        break;
      default:
    }
  }
  return { needs, setsAll, looks };
}
