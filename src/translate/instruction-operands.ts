// The operands of an instruction whose form is known: its address and immediates.

import type { OperandPattern } from '../isa/form.ts';
import type { DecodeEntry } from './decode-table.ts';
import { InstructionBytes } from './instruction-bytes.ts';

export type CodeSize = 16 | 32 | 64;
export const SEGMENT_NONE = -1;

/** The parts of an instruction, and how those after the opcode and ModRM are read. */
export class InstructionOperands extends InstructionBytes {
  entry!: DecodeEntry;
  /** Bytes. */
  length = 0;
  operandSize: 16 | 32 | 64 = 32;
  addressSize: CodeSize = 64;
  rex = 0;
  lock = false;
  repetition: 'none' | 'repe' | 'repne' = 'none';
  /** Segment override (0…5: ES CS SS DS FS GS), or SEGMENT_NONE. */
  override = SEGMENT_NONE;
  opcode = 0;
  modrm = 0;
  /** ModRM.rm names memory. */
  memory = false;
  /** ModRM.reg and rm, with the REX or VEX extensions. */
  reg = 0;
  rm = 0;
  vvvv = 0;
  /** Register numbers of the address, -1 for none; `ripRelative` counts the next instruction's address as base. */
  base = -1;
  index = -1;
  scale = 0;
  displacement = 0;
  ripRelative = false;
  /** The first immediate, sign-extended to 64 bits in two halves, and the second. */
  immediateLow = 0;
  immediateHigh = 0;
  secondImmediate = 0;

  // ---- Addresses: APM vol. 3 sections 1.4 and 1.5. ----
  protected address16(): void {
    const mod = this.modrm >> 6;
    const rm = this.modrm & 7;
    this.scale = 0;
    this.ripRelative = false;
    this.base = [3, 3, 5, 5, 6, 7, 5, 3][rm]!;
    this.index = [6, 7, 6, 7, -1, -1, -1, -1][rm]!;
    this.displacement = 0;
    if (mod === 0 && rm === 6) {
      this.base = -1;
      this.displacement = this.signedWord();
    } else if (mod === 1) this.displacement = this.signedByte();
    else if (mod === 2) this.displacement = this.signedWord();
  }

  protected address32(is64: boolean): void {
    const mod = this.modrm >> 6;
    const rm = this.modrm & 7;
    this.scale = 0;
    this.index = -1;
    this.ripRelative = false;
    this.base = rm | ((this.rex & 1) << 3);
    let noBase = rm === 5 && mod === 0;
    if (rm === 4) {
      const sib = this.byte();
      this.scale = sib >> 6;
      const index = ((sib >> 3) & 7) | ((this.rex & 2) << 2);
      this.index = index === 4 ? -1 : index;
      this.base = (sib & 7) | ((this.rex & 1) << 3);
      noBase = (sib & 7) === 5 && mod === 0;
    } else if (noBase && is64) this.ripRelative = true;
    this.displacement = 0;
    if (noBase) {
      this.base = -1;
      this.displacement = this.dword();
    } else if (mod === 1) this.displacement = this.signedByte();
    else if (mod === 2) this.displacement = this.dword();
  }

  // ---- Immediates. ----
  protected immediates(): void {
    let seen = 0;
    for (const operand of this.entry.form.operands) {
      if (operand.place === 'O') this.#absolute();
      else if (operand.place === 'I' || operand.place === 'J' || operand.place === 'A') {
        if (seen++ === 0) this.#immediate(operand);
        else this.secondImmediate = operand.width === 'b' ? this.byte() : this.word();
      }
    }
  }

  #immediate(operand: OperandPattern): void {
    let low: number;
    if (operand.width === 'b' || operand.width === 'bs') low = this.signedByte();
    else if (operand.width === 'w' || (operand.width !== 'd' && this.operandSize === 16)) low = this.signedWord();
    else low = this.dword();
    this.immediateLow = low;
    this.immediateHigh = low >> 31;
    if (operand.width === 'q' || (operand.width === 'v' && operand.place === 'I' && this.operandSize === 64))
      this.immediateHigh = this.dword();
    if (operand.place === 'A') this.secondImmediate = this.word();
  }

  #absolute(): void {
    this.memory = true;
    this.base = -1;
    this.index = -1;
    this.scale = 0;
    this.ripRelative = false;
    this.displacement = this.addressSize === 16 ? this.word() : this.dword();
    this.immediateLow = this.displacement;
    this.immediateHigh = this.addressSize === 64 ? this.dword() : 0;
  }
}
