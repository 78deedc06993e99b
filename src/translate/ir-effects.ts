// What a meaning does beside computing and accessing operands, as nodes: registers and flags, conditions, exceptions, core
// routines.

import type { ExceptionName, Flag, SystemFlag, Value } from '../isa/abstract-machine.ts';
import { coreRoutines, type CoreRoutine } from '../isa/core-routines.ts';
import { GPR } from '../core/layout.ts';
import type { Node, RegisterKind, RegisterPlace } from './ir.ts';
import { IrValues } from './ir-values.ts';

const vectors: Record<ExceptionName, { vector: number; code: number }> = {
  '#DE': { vector: 0, code: -1 },
  '#DB': { vector: 1, code: -1 },
  '#BP': { vector: 3, code: -1 },
  '#OF': { vector: 4, code: -1 },
  '#BR': { vector: 5, code: -1 },
  '#UD': { vector: 6, code: -1 },
  '#NM': { vector: 7, code: -1 },
  '#SS': { vector: 12, code: 0 },
  '#GP': { vector: 13, code: 0 },
  '#MF': { vector: 16, code: -1 },
  '#XM': { vector: 19, code: -1 },
};

/** Makes nodes that read and change the state of the processor. */
export class IrEffects extends IrValues {
  // ---- State. ----
  register(number: number, bits: 8 | 16 | 32 | 64): Node {
    return this.node(bits, { op: 'readRegister', place: { address: GPR + number * 8 } });
  }
  setRegister(number: number, value: Value): void {
    this.writePlace({ address: GPR + number * 8 }, value, 'general');
  }
  flag(flag: Flag): Node {
    return this.node(1, { op: 'readFlag', flag });
  }
  setFlag(flag: Flag, value: Value): void {
    this.node(1, { op: 'writeFlag', flag }, value);
  }
  setCarryAndOverflow(carry: Value, overflow: Value): void {
    this.node(1, { op: 'writeCarryAndOverflow' }, carry, overflow);
  }
  condition(code: number): Node {
    return this.node(1, { op: 'condition', code });
  }
  setFlagsFromSum(a: Value, b: Value, result: Value, carry?: Value): void {
    this.node(1, { op: 'writeFlagsFromSum', subtracts: false }, a, b, result, ...(carry ? [carry] : []));
  }
  setFlagsFromDifference(a: Value, b: Value, result: Value, carry?: Value): void {
    this.node(1, { op: 'writeFlagsFromSum', subtracts: true }, a, b, result, ...(carry ? [carry] : []));
  }
  setFlagsFromResult(result: Value, rest: { CF: Value; OF: Value; AF: Value }): void {
    this.node(1, { op: 'writeFlagsFromResult' }, result, rest.CF, rest.OF, rest.AF);
  }
  setFlags(flags: Record<Flag, Value>): void {
    this.node(1, { op: 'writeFlags' }, flags.CF, flags.PF, flags.AF, flags.ZF, flags.SF, flags.OF);
  }
  systemFlag(flag: SystemFlag): Node {
    return this.node(1, { op: 'readSystemFlag', flag });
  }
  setSystemFlag(flag: SystemFlag, value: Value): void {
    this.node(1, { op: 'writeSystemFlag', flag }, value);
  }
  privilege(): Node {
    return this.node(32, { op: 'privilege' });
  }
  protected writePlace(place: RegisterPlace, value: Value, kind: RegisterKind): void {
    this.node(1, { op: 'writeRegister', place, kind }, value);
  }

  // ---- Control. ----
  if(condition: Value, then: () => void, otherwise?: () => void): void {
    this.node(1, { op: 'if', then: this.nested(then), otherwise: otherwise ? this.nested(otherwise) : [] }, condition);
  }
  raise(exception: ExceptionName): void {
    this.node(1, { op: 'raise', ...vectors[exception] });
  }
  core(routine: CoreRoutine, ...values: Value[]): Node {
    const { parameters, result } = coreRoutines[routine];
    if (values.length !== parameters.length)
      throw new Error(`${routine} takes ${parameters.length} values, not ${values.length}`);
    return this.node(result === 'v128' ? 128 : result === 'i64' ? 64 : 32, { op: 'core', routine }, ...values);
  }
}
