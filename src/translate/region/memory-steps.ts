// What the nodes of an instruction do to memory, and to the registers that addresses are made from, in their order: what
// page-windows.ts goes by.

import { GPR } from '../../core/layout.ts';
import { coreRoutines } from '../../isa/core-routines.ts';
import { usualCaseOf } from '../float/usual-cases.ts';
import { contains, type Node, type RegisterPlace } from '../ir.ts';
import type { NamedRegister } from './region-registers.ts';

const STACK_POINTER: RegisterPlace = { address: GPR + 32 };
/** As many bits as addresses have. */
export const ADDRESS = 0;

/** A number that is known when a region is made: itself, or the record's immediate times `sign`. */
export type KnownNumber = number | { readonly sign: 1 | -1 };

export type MemoryStep =
  /** An access through a probe, at the memory operand (`stack` is null), or so many bytes from the top of the stack. */
  | {
      readonly does: 'access';
      readonly probe: Node;
      readonly isWrite: boolean;
      readonly bytes: number;
      readonly stack: number | null;
    }
  /** So many bits of a register become another one, which may be itself, and a number more. */
  | {
      readonly does: 'move';
      readonly register: RegisterPlace;
      readonly bits: number;
      readonly from: RegisterPlace;
      readonly by: KnownNumber;
    }
  /** A register becomes anything. */
  | { readonly does: 'write'; readonly register: NamedRegister }
  /** All registers may change, and whatever the TLB says. */
  | { readonly does: 'anything' };

export function memorySteps(nodes: readonly Node[]): readonly MemoryStep[] {
  const steps: MemoryStep[] = [];
  /** Registers changed since the node of that number was met. */
  let changed = -1;
  for (const node of nodes) {
    const { operation, inputs, index } = node;
    switch (operation.op) {
      case 'probe': {
        const place = placeOf(inputs[0]!);
        // An address that was computed before a register changed is not what it would be now.
        if (place === null || place.index <= changed) break;
        const { kind, bytes } = operation;
        steps.push({ does: 'access', probe: node, isWrite: kind !== 'read', bytes, stack: place.stack });
        break;
      }
      case 'writeRegister':
        steps.push(moveOf(operation.place, inputs[0]!, changed) ?? { does: 'write', register: operation.place });
        changed = index;
        break;
      case 'adjustStack': {
        changed = index;
        const by = knownNumber(inputs[0]!);
        if (by === null) steps.push({ does: 'write', register: STACK_POINTER });
        else steps.push({ does: 'move', register: STACK_POINTER, bits: ADDRESS, from: STACK_POINTER, by });
        break;
      }
      case 'core': {
        const { pure, waits } = coreRoutines[operation.routine];
        if (pure !== true && waits !== true && !usualCaseOf(node)) steps.push({ does: 'anything' });
        break;
      }
      case 'if':
      case 'repeat':
        if (mayChange(node)) steps.push({ does: 'anything' });
        break;
      default:
    }
  }
  return steps;
}

/** Where a linear address points: at the memory operand, or so many bytes from the top of the stack. */
function placeOf({ operation, inputs }: Node): { readonly stack: number | null; readonly index: number } | null {
  if (operation.op !== 'segmentAddress') return null;
  const offset = inputs[0]!;
  const displacement = offset.inputs[0];
  if (offset.operation.op === 'offset') {
    if (offset.operation.absolute || displacement !== undefined || operation.segment !== 'operand') return null;
    return { stack: null, index: offset.index };
  }
  if (offset.operation.op !== 'stackOffset' || operation.segment !== 'SS') return null;
  const stack = knownNumber(displacement!);
  return typeof stack === 'number' ? { stack, index: offset.index } : null;
}

function knownNumber({ operation, inputs, bits }: Node): KnownNumber | null {
  switch (operation.op) {
    case 'constant':
      return Number(BigInt.asIntN(bits, operation.value));
    case 'immediate':
      return operation.slot === 0 ? { sign: 1 } : null;
    case 'signExtend':
      return knownNumber(inputs[0]!);
    default:
      return null;
  }
}

/**
 * A register's new value as another one's and a number; null when it is none.
 * @param changed number of the last node that changed a register
 */
function moveOf(register: RegisterPlace, value: Node, changed: number): MemoryStep | null {
  const { operation, inputs, bits } = value;
  const isSum = operation.op === 'add' || operation.op === 'sub';
  const from = isSum ? inputs[0]! : value;
  const by = isSum ? knownNumber(inputs[1]!) : 0;
  if (from.operation.op !== 'readRegister' || from.index <= changed || by === null) return null;
  const { place } = from.operation;
  const negative: KnownNumber = typeof by === 'number' ? -by : { sign: -1 };
  return { does: 'move', register, bits, from: place, by: operation.op === 'add' ? by : negative };
}

/** Whether what is inside the node may change registers or what the TLB says. */
function mayChange(node: Node): boolean {
  return (['writeRegister', 'adjustStack', 'core', 'repeat'] as const).some((op) => contains([node], op));
}
