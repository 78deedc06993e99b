// Registers and flags for the oracle: those of the test cell.

import * as layout from '../../src/core/layout.ts';
import { systemFlags } from '../../src/isa/abstract-machine.ts';
import type { Flag, SystemFlag, Value } from '../../src/isa/abstract-machine.ts';
import { Decoder } from '../../src/translate/decoder.ts';
import { Calculator, Known } from './oracle-values.ts';
import type { TestCell } from './test-cell.ts';

const flagBits: Record<Flag, number> = { CF: 0, PF: 2, AF: 4, ZF: 6, SF: 7, OF: 11 };
const allFlags = Object.keys(flagBits) as Flag[];

export class OracleState extends Calculator {
  protected readonly cell: TestCell;
  protected readonly view: DataView;
  protected readonly decoder = new Decoder();
  protected codeSize: 16 | 32 | 64 = 64;
  /** Address of the next instruction. */
  protected next = 0n;

  constructor(cell: TestCell) {
    super();
    this.cell = cell;
    this.view = cell.view;
  }

  protected get flags(): number {
    return this.cell.core['getFlags']() >>> 0;
  }
  private setFlagBit(position: number, value: boolean): void {
    this.cell.core['setFlags'](value ? 1 << position : 0, 1 << position);
  }
  protected cut(value: bigint, bits: number): bigint {
    return BigInt.asUintN(bits, value);
  }

  get operandSize(): 16 | 32 | 64 {
    return this.decoder.entry.sized ? this.decoder.operandSize : 32;
  }
  get addressSize(): 16 | 32 | 64 {
    return this.decoder.addressSize;
  }
  get isLong(): boolean {
    return this.codeSize === 64 && this.addressSize === 64;
  }
  get repetition(): 'none' | 'repe' | 'repne' {
    return this.decoder.repetition;
  }

  protected readState(address: number, bits: number): bigint {
    let value = 0n;
    for (let i = 0; i < bits / 8; i++) value |= BigInt(this.view.getUint8(address + i)) << BigInt(8 * i);
    return value;
  }
  protected writeState(address: number, value: bigint, bits: number): void {
    for (let i = 0; i < bits / 8; i++) this.view.setUint8(address + i, Number((value >> BigInt(8 * i)) & 0xffn));
  }
  protected writeGeneral(address: number, value: bigint, bits: number): void {
    this.writeState(address, value, bits === 32 ? 64 : bits);
  }
  protected general(number: number): bigint {
    return this.view.getBigUint64(layout.GPR + number * 8, true);
  }

  protected get stackBits(): 16 | 32 | 64 {
    if (this.codeSize === 64) return 64;
    return this.view.getUint32(layout.SEGMENT_SS + layout.SEGMENT_ATTRIBUTES, true) & 0x400000 ? 32 : 16;
  }

  register(number: number, bits: 8 | 16 | 32 | 64): Known {
    return new Known(this.general(number), bits);
  }
  setRegister(number: number, value: Value): void {
    this.writeGeneral(layout.GPR + number * 8, (value as Known).value, value.bits);
  }
  flag(flag: Flag): Known {
    return new Known(this.flags >> flagBits[flag], 1);
  }
  setFlag(flag: Flag, value: Value): void {
    this.setFlagBit(flagBits[flag], this.holds(value));
  }
  condition(code: number): Known {
    const less = (): Known => this.xor(this.flag('SF'), this.flag('OF'));
    const even: readonly (() => Known)[] = [
      () => this.flag('OF'),
      () => this.flag('CF'),
      () => this.flag('ZF'),
      () => this.or(this.flag('CF'), this.flag('ZF')),
      () => this.flag('SF'),
      () => this.flag('PF'),
      less,
      () => this.or(this.flag('ZF'), less()),
    ];
    const holds = even[code >> 1]!();
    return code & 1 ? this.not(holds) : holds;
  }
  setCarryAndOverflow(carry: Value, overflow: Value): void {
    this.setFlag('CF', carry);
    this.setFlag('OF', overflow);
  }
  setFlagsFromSum(a: Value, b: Value, result: Value, carry?: Value): void {
    this.setFlagsFromCarries(result, this.or(this.and(a, b), this.and(this.or(a, b), this.not(result))), carry);
  }
  setFlagsFromDifference(a: Value, b: Value, result: Value, borrow?: Value): void {
    this.setFlagsFromCarries(
      result,
      this.or(this.and(this.not(a), b), this.and(this.or(this.not(a), b), result)),
      borrow,
    );
  }
  /** `carries` has, at each bit, the carry or borrow out of that bit. */
  private setFlagsFromCarries(result: Value, carries: Value, carry: Value | undefined): void {
    const top = this.sign(carries);
    this.setFlagsFromResult(result, {
      CF: carry ?? top,
      OF: this.xor(top, this.bit(carries, carries.bits - 2)),
      AF: this.bit(carries, 3),
    });
  }
  setFlagsFromResult(result: Value, rest: { CF: Value; OF: Value; AF: Value }): void {
    const even = this.not(this.bit(this.popcnt(new Known((result as Known).value, 8)), 0));
    this.setFlags({ ...rest, PF: even, ZF: this.isZero(result), SF: this.sign(result) });
  }
  setFlags(flags: Record<Flag, Value>): void {
    for (const flag of allFlags) this.setFlag(flag, flags[flag]);
  }
  systemFlag(flag: SystemFlag): Known {
    return new Known(this.flags >> systemFlags[flag], 1);
  }
  setSystemFlag(flag: SystemFlag, value: Value): void {
    this.setFlagBit(systemFlags[flag], this.holds(value));
  }
  privilege(): Known {
    return new Known(this.view.getUint32(layout.CPL, true), 32);
  }
}
