// An operand of the variant at hand: where the record says it is.

import { FPR, GPR, XMM } from '../core/layout.ts';
import type { Bits, Operand } from '../isa/abstract-machine.ts';
import { operandBits, type OperandPattern } from '../isa/form.ts';
import type { HandlerVariant } from './handler-variant.ts';
import type { Node, RegisterKind, RegisterPlace } from './ir.ts';

/** An operand of the variant at hand: where the record says it is. */
export class BoundOperand implements Operand {
  readonly pattern: OperandPattern;
  readonly bits: Bits | 0;
  readonly isMemory: boolean;
  readonly place: RegisterPlace | null;
  readonly immediateSlot: 0 | 1;
  readonly displacement: Node | null;
  /** The probe of `readForWrite`, for the `write` that follows. */
  probe: Node | null = null;

  constructor(
    pattern: OperandPattern,
    variant: HandlerVariant,
    immediateSlot: 0 | 1,
    displacement: Node | null = null,
  ) {
    this.pattern = pattern;
    this.bits = operandBits(pattern, variant.operandSize);
    this.isMemory = 'OMXY'.includes(pattern.place) || ('EWQ'.includes(pattern.place) && variant.memory);
    this.place = this.isMemory ? null : registerPlace(pattern);
    this.immediateSlot = immediateSlot;
    this.displacement = displacement;
  }
}

function registerPlace(pattern: OperandPattern): RegisterPlace | null {
  switch (pattern.place) {
    case 'G':
    case 'Z':
    case 'V':
    case 'P':
    case 'S':
    case 'C':
    case 'D':
      return { field: 'A' };
    case 'E':
    case 'R':
    case 'W':
    case 'U':
    case 'Q':
    case 'N':
    case 'F':
      return { field: 'B' };
    case 'B':
      return { field: 'C' };
    case 'fixed':
      return { address: GPR + pattern.register * 8 };
    case 'xmm0':
      return { address: XMM };
    case 'st0':
      return { address: FPR };
    default:
      return null;
  }
}

/** How a write to a register operand treats the rest of the register. */
export function registerKind(pattern: OperandPattern): RegisterKind {
  if ('PQN'.includes(pattern.place)) return 'mmx';
  return 'VWU'.includes(pattern.place) || pattern.place === 'xmm0' ? 'vector' : 'general';
}
