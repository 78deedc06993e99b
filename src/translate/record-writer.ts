// Turns a decoded instruction into a record of machine memory that a handler reads; layout.ts has the fields.

import {
  CODE_PAGE,
  FPR,
  GPR,
  MODE_CODE_64,
  MODE_CODE_MASK,
  MODE_STACK_32,
  MODE_UNCHECKED_ES,
  MODE_ZERO_BASES,
  RECORD_A,
  RECORD_ADDRESSING,
  RECORD_B,
  RECORD_BASE,
  RECORD_C,
  RECORD_DISPLACEMENT,
  RECORD_HANDLER,
  RECORD_IMMEDIATE,
  RECORD_INDEX,
  RECORD_LENGTH,
  RECORD_LINK_NEXT,
  RECORD_LINK_TAKEN,
  RECORD_OFFSET,
  RECORD_REMAINING,
  RECORD_SEGMENT_BASE,
  RECORD_SIZE,
  SEGMENT_ES,
  WIDE_STEP,
  XMM,
  XMM_STRIDE,
  ZERO,
} from '../core/layout.ts';
import type { OperandPattern } from '../isa/form.ts';
import { SEGMENT_NONE, type Decoder } from './decoder.ts';
import { HANDLER_FALL_THROUGH, HANDLER_RAISE, handlerIndex } from './handler-table.ts';
import type { Environment } from './handler-variant.ts';

const SEGMENT_SIZE = 32;
const CS = 1;
const SS = 2;
const DS = 3;
const RSP = 4;
const RBP = 5;
const FS = 4;

/** Writes records into one machine memory. All addresses are byte offsets into it. */
export class RecordWriter {
  readonly #view: DataView;

  constructor(buffer: ArrayBuffer) {
    this.#view = new DataView(buffer);
  }

  /**
   * Writes the record of the decoder's instruction at `record`.
   * @param offset page offset of the instruction's first byte (0…4095)
   * @param mode the MODE bits that it was decoded for
   * @returns false when the form has no handler for these circumstances
   */
  write(record: number, decoder: Decoder, offset: number, mode: number): boolean {
    const view = this.#view;
    const { entry } = decoder;
    const segment = segmentOf(decoder);
    const environment = environmentOf(decoder, segment, mode);
    const operandSize = entry.sized ? decoder.operandSize : 0;
    const addressSize = entry.addressSizeMatters && environment === 'segmented' ? decoder.addressSize : 32;
    const memory = decoder.memory && entry.acceptsMemory;
    const handler = handlerIndex(entry.form, operandSize, memory, environment, addressSize, decoder.repetition);
    if (handler < 0) return false;
    for (let byte = 0; byte < RECORD_SIZE; byte += 4) view.setUint32(record + byte, 0, true);
    view.setUint32(record + RECORD_HANDLER, handler, true);
    view.setUint16(record + RECORD_OFFSET, offset, true);
    view.setUint8(record + RECORD_LENGTH, decoder.length);
    view.setInt32(record + RECORD_IMMEDIATE, decoder.immediateLow, true);
    view.setInt32(record + RECORD_IMMEDIATE + 4, decoder.immediateHigh, true);
    // What the x87 unit keeps as the last instruction's opcode (SDM vol. 1 section 8.1.9).
    if (entry.needs === 'x87') view.setUint16(record + RECORD_A, ((decoder.opcode & 7) << 8) | decoder.modrm, true);
    let immediates = 0;
    for (const operand of entry.form.operands) {
      if (operand.place === 'J') this.#relative(record, decoder, offset);
      else if (operand.place === 'A') view.setInt32(record + RECORD_IMMEDIATE + 4, decoder.secondImmediate, true);
      else if (operand.place === 'I') {
        if (immediates++ > 0) view.setInt32(record + RECORD_IMMEDIATE + 4, decoder.secondImmediate, true);
      } else this.#register(record, decoder, operand);
    }
    if (decoder.memory) this.#address(record, decoder, offset, segment, mode);
    // LOOP and JCXZ go by the address size too, but where it would be are the links of a jump.
    else if (entry.usesString || (entry.addressSizeMatters && !entry.form.operands.some(({ place }) => place === 'J')))
      this.#segment(record, decoder, segment, mode);
    return true;
  }

  /** Writes the record that goes on at the next address, after a block's last instruction. */
  writeFallThrough(record: number, offset: number): void {
    this.#bare(record, HANDLER_FALL_THROUGH, offset);
  }

  /** Writes a record that raises an exception instead of the instruction at `offset`. */
  writeRaise(record: number, offset: number, vector: number, code: number): void {
    this.#bare(record, HANDLER_RAISE, offset);
    this.#view.setUint16(record + RECORD_A, vector, true);
    this.#view.setInt32(record + RECORD_IMMEDIATE, code, true);
  }

  #bare(record: number, handler: number, offset: number): void {
    for (let byte = 0; byte < RECORD_SIZE; byte += 4) this.#view.setUint32(record + byte, 0, true);
    this.#view.setUint32(record + RECORD_HANDLER, handler, true);
    this.#view.setUint16(record + RECORD_OFFSET, offset, true);
  }

  /** Says how many instructions of the block remain from this one on. */
  setRemaining(record: number, remaining: number): void {
    this.#view.setUint8(record + RECORD_REMAINING, remaining);
  }

  #relative(record: number, decoder: Decoder, offset: number): void {
    const target = offset + decoder.length + decoder.immediateLow;
    this.#view.setUint32(record + RECORD_IMMEDIATE, target >>> 0, true);
    this.#view.setInt32(record + RECORD_IMMEDIATE + 4, Math.floor(target / 2 ** 32), true);
    this.#view.setUint32(record + RECORD_LINK_TAKEN, 0, true);
    this.#view.setUint32(record + RECORD_LINK_NEXT, 0, true);
  }

  #register(record: number, decoder: Decoder, { place, width }: OperandPattern): void {
    const view = this.#view;
    switch (place) {
      case 'G':
        return view.setUint16(record + RECORD_A, generalAddress(decoder.reg, width === 'b', decoder.rex), true);
      case 'Z':
        return view.setUint16(record + RECORD_A, generalAddress(decoder.rm, width === 'b', decoder.rex), true);
      case 'V':
        return view.setUint16(record + RECORD_A, XMM + decoder.reg * XMM_STRIDE, true);
      case 'P':
        return view.setUint16(record + RECORD_A, FPR + (decoder.reg & 7) * 16, true);
      case 'S':
        return view.setUint16(record + RECORD_A, decoder.reg & 7, true);
      case 'C':
      case 'D':
        return view.setUint16(record + RECORD_A, decoder.reg, true);
      case 'B':
        return view.setUint8(record + RECORD_C, decoder.vvvv * 8);
      default:
    }
    if (decoder.memory) return;
    if (place === 'E' || place === 'R')
      view.setUint16(record + RECORD_B, generalAddress(decoder.rm, width === 'b', decoder.rex), true);
    else if (place === 'W' || place === 'U') view.setUint16(record + RECORD_B, XMM + decoder.rm * XMM_STRIDE, true);
    else if (place === 'Q' || place === 'N') view.setUint16(record + RECORD_B, FPR + (decoder.rm & 7) * 16, true);
    else if (place === 'F') view.setUint16(record + RECORD_B, decoder.modrm & 7, true);
  }

  #segment(record: number, decoder: Decoder, segment: number, mode: number): void {
    const is64 = (mode & MODE_CODE_MASK) === MODE_CODE_64;
    const size = decoder.addressSize === 64 ? 2 : decoder.addressSize === 32 ? 1 : 0;
    // Of CS it is not known: hardly anything accesses data through it.
    const isZero = segment < 4 && (is64 || ((mode & MODE_ZERO_BASES) !== 0 && segment !== CS));
    this.#view.setUint16(record + RECORD_SEGMENT_BASE, isZero ? ZERO : SEGMENT_ES + segment * SEGMENT_SIZE, true);
    this.#view.setUint8(record + RECORD_ADDRESSING, decoder.scale | (segment << 2) | (size << 5));
  }

  #address(record: number, decoder: Decoder, offset: number, segment: number, mode: number): void {
    const view = this.#view;
    let base = decoder.base < 0 ? ZERO : GPR + decoder.base * 8;
    let index = decoder.index < 0 ? ZERO : GPR + decoder.index * 8;
    let displacement = decoder.displacement;
    if (decoder.entry.form.attributes.has('bias') && decoder.base === RSP) displacement += decoder.operandSize / 8;
    if (decoder.ripRelative) {
      base = CODE_PAGE;
      displacement += offset + decoder.length;
      if (displacement > 0x7fffffff) {
        index = WIDE_STEP;
        displacement -= 0x10000;
      }
    }
    view.setUint16(record + RECORD_BASE, base, true);
    view.setUint16(record + RECORD_INDEX, index, true);
    view.setInt32(record + RECORD_DISPLACEMENT, displacement, true);
    if (index === WIDE_STEP) decoder.scale = 0;
    this.#segment(record, decoder, segment, mode);
  }
}

/** Address of a general register; without REX, byte registers 4 to 7 are AH, CH, DH and BH. */
function generalAddress(number: number, byte: boolean, rex: number): number {
  if (byte && rex === 0 && number >= 4 && number < 8) return GPR + (number - 4) * 8 + 1;
  return GPR + number * 8;
}

/** The segment of the memory operand: the override, or SS for stack-based addresses, or DS. */
function segmentOf(decoder: Decoder): number {
  if (decoder.override !== SEGMENT_NONE) return decoder.override;
  if (!decoder.memory || decoder.entry.usesString) return DS;
  return decoder.base === RSP || decoder.base === RBP ? SS : DS;
}

/** True for a base and a displacement, which does not overflow when the instruction's page offset is added to it. */
function isPlain({ index, ripRelative, displacement }: Decoder): boolean {
  return index < 0 && !(ripRelative && displacement > 0x7fff_0000);
}

function environmentOf(decoder: Decoder, segment: number, mode: number): Environment {
  const { entry } = decoder;
  const memory = decoder.memory && entry.acceptsMemory;
  if (!memory && !entry.touchesMemory) return 'none';
  // MOV with an absolute offset has a memory operand without a ModRM byte.
  const addresses = decoder.memory || entry.addressSizeMatters;
  if ((mode & MODE_CODE_MASK) === MODE_CODE_64) {
    if (addresses && decoder.addressSize !== 64) return 'segmented';
    return memory && segment < FS && isPlain(decoder) ? 'plain' : 'long';
  }
  if (addresses && decoder.addressSize !== 32) return 'segmented';
  let needed = 0;
  if (addresses) needed |= MODE_UNCHECKED_ES << segment;
  if (entry.usesString) needed |= MODE_UNCHECKED_ES;
  if (entry.stack) needed |= (MODE_UNCHECKED_ES << SS) | MODE_STACK_32;
  return (mode & needed) === needed ? 'flat' : 'segmented';
}
