// Takes one instruction apart. APM vol. 3 chapter 1; SDM vol. 2 chapter 2.

import { candidates, hasModrm, type DecodeEntry } from './decode-table.ts';
import { tooLong, truncated } from './instruction-bytes.ts';
import { InstructionOperands, SEGMENT_NONE, type CodeSize } from './instruction-operands.ts';

export { SEGMENT_NONE, type CodeSize } from './instruction-operands.ts';

/** What became of an attempt to decode. */
export const decodeStatus = {
  ok: 0,
  /** The bytes at hand end inside the instruction. */
  truncated: 1,
  /** No such instruction: #UD. */
  invalid: 2,
  /** Longer than 15 bytes: #GP(0). */
  tooLong: 3,
} as const;
export type DecodeStatus = (typeof decodeStatus)[keyof typeof decodeStatus];

/** The last decoded instruction. One decoder is used over and over, so that decoding allocates nothing. */
export class Decoder extends InstructionOperands {
  #operandOverride = false;
  #vexPrefix = 0;

  /**
   * Decodes the instruction at `position` of `bytes`, reading no byte at or after `end`.
   * @param isProtected false in real and virtual-8086 mode, where VEX does not exist
   */
  decode(bytes: Uint8Array, position: number, end: number, codeSize: CodeSize, isProtected: boolean): DecodeStatus {
    this.begin(bytes, position, end);
    try {
      const valid = this.#instruction(codeSize, isProtected);
      this.length = this.position - position;
      return valid ? decodeStatus.ok : decodeStatus.invalid;
    } catch (error) {
      if (error === truncated) return decodeStatus.truncated;
      if (error === tooLong) return decodeStatus.tooLong;
      throw error;
    }
  }

  #instruction(codeSize: CodeSize, isProtected: boolean): boolean {
    this.rex = 0;
    this.lock = false;
    this.override = SEGMENT_NONE;
    this.repetition = 'none';
    this.#operandOverride = false;
    let addressOverride = false;
    let repeat = 0;
    let byte = this.byte();
    for (;;) {
      if (codeSize === 64 && (byte & 0xf0) === 0x40) {
        this.rex = byte;
        byte = this.byte();
        // A REX prefix counts only right before the opcode.
        if (!isLegacyPrefix(byte) && (byte & 0xf0) !== 0x40) break;
        this.rex = 0;
        continue;
      }
      if (!isLegacyPrefix(byte)) break;
      if (byte === 0x66) this.#operandOverride = true;
      else if (byte === 0x67) addressOverride = true;
      else if (byte === 0xf0) this.lock = true;
      else if (byte === 0xf2 || byte === 0xf3) repeat = byte;
      else if (byte === 0x64) this.override = 4;
      else if (byte === 0x65) this.override = 5;
      else if (codeSize !== 64) this.override = (byte >> 3) & 3;
      byte = this.byte();
    }
    if (codeSize === 64) this.addressSize = addressOverride ? 32 : 64;
    else this.addressSize = (codeSize === 32) === addressOverride ? 16 : 32;

    let map = 0;
    let vex = false;
    if ((byte === 0xc4 || byte === 0xc5) && this.#isVex(codeSize, isProtected)) {
      if (this.rex !== 0 || repeat !== 0 || this.#operandOverride || this.lock) return false;
      vex = true;
      map = this.#vex(byte, codeSize);
      if (map < 1 || map > 3) return false;
      repeat = this.#vexPrefix;
      byte = this.byte();
    } else if (byte === 0x0f) {
      map = 1;
      byte = this.byte();
      if (byte === 0x38 || byte === 0x3a) {
        map = byte === 0x38 ? 2 : 3;
        byte = this.byte();
      }
    }
    this.opcode = byte;
    const modrmFollows = hasModrm(map, byte);
    this.memory = false;
    this.modrm = modrmFollows ? this.byte() : 0;
    const reg = (this.modrm >> 3) & 7;
    this.reg = reg | ((this.rex & 4) << 1);
    this.rm = (modrmFollows ? this.modrm & 7 : byte & 7) | ((this.rex & 1) << 3);
    // MOV to and from control and debug registers ignores ModRM.mod (APM vol. 3 "MOV CRn").
    const registerOnly = map === 1 && (byte & 0xfc) === 0x20;
    if (modrmFollows && this.modrm < 0xc0 && !registerOnly) this.memory = true;
    if (!this.#choose(map, reg, vex, repeat, codeSize, isProtected)) return false;
    if (this.memory) {
      if (this.addressSize === 16) this.address16();
      else this.address32(codeSize === 64);
    }
    this.immediates();
    return true;
  }

  #isVex(codeSize: CodeSize, isProtected: boolean): boolean {
    if (codeSize === 64) return true;
    const next = this.nextByte();
    return isProtected && next >= 0xc0;
  }

  /** Reads the VEX prefix's payload into rex, vvvv and the mandatory prefix; gives the opcode map. */
  #vex(first: number, codeSize: CodeSize): number {
    const second = this.byte();
    let last = second;
    let map = 1;
    let rex = second & 0x80 ? 0 : 4;
    if (first === 0xc4) {
      map = second & 0x1f;
      rex |= (second & 0x40 ? 0 : 2) | (second & 0x20 ? 0 : 1);
      last = this.byte();
      rex |= last & 0x80 ? 8 : 0;
    }
    this.rex = 0x40 | (codeSize === 64 ? rex : rex & 8);
    this.vvvv = (~last >> 3) & (codeSize === 64 ? 15 : 7);
    this.#vexLength = (last >> 2) & 1;
    this.#vexPrefix = [0, 0x66, 0xf3, 0xf2][last & 3]!;
    return map;
  }
  #vexLength = 0;

  /** Finds the form; sets entry, operandSize and repetition. */
  #choose(map: number, reg: number, vex: boolean, repeat: number, codeSize: CodeSize, isProtected: boolean): boolean {
    const list = candidates(map, this.opcode, reg);
    const prefix =
      repeat === 0xf3 ? 'f3' : repeat === 0xf2 ? 'f2' : repeat === 0x66 || this.#operandOverride ? '66' : 'np';
    let chosen: DecodeEntry | null = null;
    for (const entry of list) {
      if (entry.vex !== vex) continue;
      if (entry.prefix !== 'any' && entry.prefix !== prefix) continue;
      if (chosen !== null && (chosen.prefix !== 'any' || entry.prefix === 'any')) continue;
      if (codeSize === 64 ? entry.not64 : entry.only64) continue;
      if (entry.modrmByte >= 0 && entry.modrmByte !== this.modrm) continue;
      if (this.memory ? !entry.acceptsMemory : !entry.acceptsRegister) continue;
      if (entry.not0 && this.rm === 0) continue;
      if (entry.noRepeat && repeat >= 0xf2) continue;
      if (entry.w >= 0 && entry.w !== ((this.rex >> 3) & 1)) continue;
      if (entry.sizeFixed !== 0 && entry.sizeFixed !== this.#operandSizeFor(entry, codeSize)) continue;
      chosen = entry;
    }
    if (chosen === null) return false;
    if (chosen.protectedOnly && !isProtected) return false;
    if (vex && this.#vexLength !== 0) return false;
    // VEX.vvvv is 1111b (kept inverted: 0) when it names no operand (SDM vol. 2 section 2.3.5.6).
    if (vex && this.vvvv !== 0 && !chosen.form.operands.some(({ place }) => place === 'B')) return false;
    if (this.lock && !(chosen.lockable && this.memory)) return false;
    this.entry = chosen;
    this.operandSize = this.#operandSizeFor(chosen, codeSize);
    this.repetition =
      !chosen.repeatable || repeat === 0 || repeat === 0x66 ? 'none' : repeat === 0xf3 ? 'repe' : 'repne';
    // REPNE before an instruction that knows only REP acts as REP.
    if (this.repetition === 'repne' && !chosen.form.attributes.has('repz')) this.repetition = 'repe';
    return true;
  }

  #operandSizeFor(entry: DecodeEntry, codeSize: CodeSize): 16 | 32 | 64 {
    const narrow = this.#operandOverride && entry.prefix !== '66';
    let size: 16 | 32 | 64;
    if (codeSize === 64) {
      if (this.rex & 8) size = 64;
      else if (narrow) size = 16;
      else size = entry.default64 ? 64 : 32;
    } else if (entry.vex && this.rex & 8) size = 32;
    else size = (codeSize === 32) === narrow ? 16 : 32;
    return entry.atLeast32 && size === 16 ? 32 : size;
  }
}

function isLegacyPrefix(byte: number): boolean {
  switch (byte) {
    case 0x26:
    case 0x2e:
    case 0x36:
    case 0x3e:
    case 0x64:
    case 0x65:
    case 0x66:
    case 0x67:
    case 0xf0:
    case 0xf2:
    case 0xf3:
      return true;
    default:
      return false;
  }
}
