// The operands, memory and stack of the instruction that the oracle runs.

import * as layout from '../../src/core/layout.ts';
import type { Bits, ImplicitSegment, Operand, Value } from '../../src/isa/abstract-machine.ts';
import { OracleMemory } from './oracle-memory.ts';
import { dataSegment, effectiveAddress, type OracleOperand } from './oracle-operand.ts';
import { OracleState } from './oracle-state.ts';
import { Known } from './oracle-values.ts';
import type { TestCell } from './test-cell.ts';

const SP = 4;
const GENERAL_PROTECTION = 13;

export class OracleAccesses extends OracleState {
  protected readonly memory: OracleMemory;

  constructor(cell: TestCell) {
    super(cell);
    this.memory = new OracleMemory(cell.core, cell.view);
  }

  // ---- Operands. ----
  read(operand: Operand): Known {
    const { location, bits } = operand as OracleOperand;
    const width = bits as Bits;
    switch (location.kind) {
      case 'immediate':
        return new Known(location.value, (operand as OracleOperand).pattern.place === 'one' ? 8 : width);
      case 'memory':
        return new Known(this.memory.read(this.checkedLinear(operand, width / 8, false), width / 8), width);
      case 'mmx':
        return new Known(this.view.getBigUint64(layout.FPR + location.address * 16, true), width);
      case 'number':
        throw new Error('A register that is only a number was read.');
      default:
        return new Known(this.readState(location.address, width), width);
    }
  }

  readForWrite(operand: Operand): Known {
    if (!operand.isMemory) return this.read(operand);
    const bytes = (operand.bits as number) / 8;
    const linear = this.checkedLinear(operand, bytes, true);
    this.memory.checkWrite(linear, bytes);
    // The write that follows goes to the same place, whatever becomes of the registers meanwhile.
    (operand as OracleOperand).checked = linear;
    return new Known(this.memory.read(linear, bytes), operand.bits as Bits);
  }

  write(operand: Operand, value: Value): void {
    const { location } = operand as OracleOperand;
    const { bits } = value;
    const known = (value as Known).value;
    switch (location.kind) {
      case 'memory':
        return this.memory.write(
          (operand as OracleOperand).checked ?? this.checkedLinear(operand, bits / 8, true),
          bits / 8,
          known,
        );
      case 'general':
        return this.writeGeneral(location.address, known, bits);
      case 'vector':
        return this.writeState(location.address, known, bits);
      case 'mmx':
        this.writeState(layout.FPR + location.address * 16, known, bits);
        return this.view.setUint16(layout.FPR + location.address * 16 + 8, 0xffff, true);
      default:
        throw new Error('The operand cannot be written.');
    }
  }

  private offsetOf(operand: OracleOperand): bigint {
    const { pattern, location } = operand;
    if (pattern.place === 'X') return this.cut(this.general(6), this.addressSize);
    if (pattern.place === 'Y') return this.cut(this.general(7), this.addressSize);
    const address = effectiveAddress(this.decoder, (number) => this.general(number), this.next);
    const moved = location.kind === 'memory' ? address + BigInt.asIntN(64, location.displacement) : address;
    return this.cut(moved, this.addressSize);
  }
  private segmented(operand: OracleOperand): { segment: number; offset: bigint } {
    const segment = operand.pattern.place === 'Y' ? 0 : dataSegment(this.decoder);
    return { segment, offset: this.offsetOf(operand) };
  }
  private checkedLinear(operand: Operand, bytes: number, write: boolean): bigint {
    const { segment, offset } = this.segmented(operand as OracleOperand);
    const isAligned = this.decoder.entry.form.attributes.has('aligned');
    if (isAligned && bytes === 16 && this.memory.segmented(segment, offset) % 16n !== 0n)
      this.memory.fault(GENERAL_PROTECTION);
    return this.memory.linear(segment, offset, bytes, write);
  }

  offset(operand: Operand): Known {
    return new Known(this.offsetOf(operand as OracleOperand), 64);
  }
  /** In 64-bit mode the address alone: whether it is canonical is seen when it is used. */
  linear(operand: Operand, bytes: number, write: boolean): Known {
    const { segment, offset } = this.segmented(operand as OracleOperand);
    const isLong = this.codeSize === 64;
    return new Known(
      isLong ? this.memory.segmented(segment, offset) : this.memory.linear(segment, offset, bytes, write),
      64,
    );
  }
  displaced(operand: Operand, byteOffset: Value): Operand {
    const moved: OracleOperand = {
      ...(operand as OracleOperand),
      location: { kind: 'memory', displacement: (byteOffset as Known).value },
      checked: null,
    };
    return moved;
  }
  farPointer(): { selector: Known; offset: Known } {
    const { immediateLow, secondImmediate } = this.decoder;
    return {
      selector: new Known(secondImmediate, 16),
      offset: new Known(this.cut(BigInt(immediateLow), this.operandSize), this.operandSize),
    };
  }
  number(operand: Operand): Known {
    const { location } = operand as OracleOperand;
    if (location.kind !== 'number') throw new Error('The operand is no register number.');
    return new Known(location.number, 32);
  }
  advance(operand: Operand): void {
    const { pattern, bits } = operand as OracleOperand;
    const register = pattern.place === 'X' ? 6 : 7;
    const step = this.flags & 0x400 ? -bits / 8 : bits / 8;
    this.setRegister(register, new Known(this.general(register) + BigInt(step), this.addressSize));
  }

  // ---- Memory. ----
  loadAt(segment: ImplicitSegment, offset: Value, bits: Bits): Known {
    const linear = this.memory.linear(
      segment === 'ES' ? 0 : dataSegment(this.decoder),
      (offset as Known).value,
      bits / 8,
      false,
    );
    return new Known(this.memory.read(linear, bits / 8), bits);
  }
  storeAt(segment: ImplicitSegment, offset: Value, value: Value): void {
    const bytes = value.bits / 8;
    const linear = this.memory.linear(
      segment === 'ES' ? 0 : dataSegment(this.decoder),
      (offset as Known).value,
      bytes,
      true,
    );
    this.memory.write(linear, bytes, (value as Known).value);
  }
  loadLinear(address: Value, bits: Bits): Known {
    return new Known(this.memory.read((address as Known).value, bits / 8), bits);
  }
  storeLinear(address: Value, value: Value): void {
    this.memory.write((address as Known).value, value.bits / 8, (value as Known).value);
  }

  // ---- Stack. ----
  private stackLinear(distance: bigint, bytes: number, write: boolean): bigint {
    return this.memory.linear(2, this.cut(this.general(SP) + distance, this.stackBits), bytes, write);
  }
  push(value: Value): void {
    const bytes = value.bits / 8;
    this.memory.write(this.stackLinear(BigInt(-bytes), bytes, true), bytes, (value as Known).value);
    this.dropStack(-bytes);
  }
  pop(bits: Bits): Known {
    const value = this.peek(bits);
    this.dropStack(bits / 8);
    return value;
  }
  peek(bits: Bits, byteOffset: number | Value = 0): Known {
    const distance = typeof byteOffset === 'number' ? BigInt(byteOffset) : (byteOffset as Known).value;
    return new Known(this.memory.read(this.stackLinear(distance, bits / 8, false), bits / 8), bits);
  }
  dropStack(bytes: number | Value): void {
    const distance = typeof bytes === 'number' ? BigInt(bytes) : (bytes as Known).value;
    const bits = this.stackBits;
    const kept = (this.general(SP) >> BigInt(bits)) << BigInt(bits);
    this.view.setBigUint64(layout.GPR + SP * 8, kept | this.cut(this.general(SP) + distance, bits), true);
  }
}
