// The abstract machine that computes at once.

import type { AbstractMachine, Bits, ExceptionName, Operand, Value } from '../../src/isa/abstract-machine.ts';
import { coreRoutines, type CoreRoutine } from '../../src/isa/core-routines.ts';
import { coreCalls, type CoreCall } from './core-calls.ts';
import type { OracleOperand } from './oracle-operand.ts';
import { OracleAccesses } from './oracle-accesses.ts';
import { Known } from './oracle-values.ts';
import type { TestCell } from './test-cell.ts';

const vectors: Record<ExceptionName, number> = {
  '#DE': 0,
  '#DB': 1,
  '#BP': 3,
  '#OF': 4,
  '#BR': 5,
  '#UD': 6,
  '#NM': 7,
  '#SS': 12,
  '#GP': 13,
  '#MF': 16,
  '#XM': 19,
};
const CX = 1;

function resultBits(routine: CoreRoutine): Bits {
  const { result } = coreRoutines[routine];
  return result === 'v128' ? 128 : result === 'i64' ? 64 : 32;
}

/** An exception that a meaning raised by itself. */
export class Raised extends Error {
  readonly vector: number;
  constructor(vector: number) {
    super();
    this.vector = vector;
  }
}

export class OracleMachine extends OracleAccesses implements AbstractMachine {
  readonly #calls: Record<CoreRoutine, CoreCall>;
  /** Where the instruction jumps to; null when it does not. */
  protected target: bigint | null = null;

  constructor(cell: TestCell) {
    super(cell);
    this.#calls = coreCalls(cell.core);
  }

  // ---- Control. ----
  if(condition: Value, then: () => void, otherwise?: () => void): void {
    if (this.holds(condition)) then();
    else otherwise?.();
  }
  raise(exception: ExceptionName): void {
    throw new Raised(vectors[exception]);
  }
  core(routine: CoreRoutine, ...values: Value[]): Known {
    const value = this.#calls[routine](values.map((given) => (given as Known).value));
    return new Known(value, resultBits(routine));
  }
  nextInstruction(): Known {
    return new Known(this.next, this.operandSize);
  }
  jumpTo(target: Operand): void {
    const { location } = target as OracleOperand;
    if (location.kind !== 'immediate') throw new Error('A jump to an operand that is no relative target.');
    this.jump(new Known(this.next + location.value, this.operandSize));
  }
  jump(target: Value): void {
    this.target = (target as Known).value;
  }
  jumpIf(condition: Value, target: Operand): void {
    if (this.holds(condition)) this.jumpTo(target);
  }
  repeat(body: () => void, until?: () => Value): void {
    if (this.repetition === 'none') return body();
    const bits = this.addressSize;
    while (this.register(CX, bits).value !== 0n) {
      body();
      this.setRegister(CX, new Known(this.general(CX) - 1n, bits));
      if (until && this.holds(until())) return;
    }
  }
  repeatBulk(_kind: 'move' | 'fill', body: () => void): void {
    this.repeat(body);
  }
}
