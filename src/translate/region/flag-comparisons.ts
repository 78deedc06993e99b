// Conditions as comparisons of what the flags follow from, for the kinds of flags that are no flags yet.

import { FLAGS_DECREMENT, FLAGS_DIFFERENCE, FLAGS_INCREMENT, FLAGS_LOGIC, FLAGS_SUM } from '../../core/layout.ts';
import type { Code } from '../../wasm/code.ts';

export class FlagComparisons {
  readonly #code: Code;
  readonly #a: number;
  readonly #b: number;

  /** @param a, b locals of type i64, as the FLAGS_ kinds of layout.ts have them */
  constructor(code: Code, a: number, b: number) {
    this.#code = code;
    this.#a = a;
    this.#b = b;
  }

  /** Pushes an even condition for flags of a kind; false when it is no comparison of what they follow from. */
  push(known: number, condition: number): boolean {
    if (known < FLAGS_SUM) return false;
    const bits = 8 << (known & 3);
    switch (known & ~3) {
      case FLAGS_DIFFERENCE:
        return this.#compareDifference(condition, bits);
      case FLAGS_SUM:
        return this.#compareSum(condition, bits);
      case FLAGS_LOGIC:
        return this.#compareLogic(condition, bits);
      case FLAGS_INCREMENT:
      case FLAGS_DECREMENT:
        return this.#compareStep(condition, bits);
      default:
        return false;
    }
  }

  /** Pushes one of the locals in the type of the width, sign-extended in it if asked. */
  #operand(local: number, bits: number, signed: boolean): void {
    const code = this.#code;
    code.localGet(local);
    if (bits === 64) return;
    code.i32WrapI64();
    if (!signed) return;
    if (bits === 8) code.i32Extend8S();
    else if (bits === 16) code.i32Extend16S();
  }

  #compareDifference(condition: number, bits: number): boolean {
    const code = this.#code;
    const wide = bits === 64;
    const operands = (signed: boolean): void => {
      this.#operand(this.#a, bits, signed);
      this.#operand(this.#b, bits, signed);
    };
    switch (condition) {
      case 0x2:
        operands(false);
        if (wide) code.i64LtU();
        else code.i32LtU();
        return true;
      case 0x4:
        operands(false);
        if (wide) code.i64Eq();
        else code.i32Eq();
        return true;
      case 0x6:
        operands(false);
        if (wide) code.i64LeU();
        else code.i32LeU();
        return true;
      case 0x8:
        code.localGet(this.#a);
        code.localGet(this.#b);
        code.i64Sub();
        this.#signOfStack(bits);
        return true;
      case 0xc:
        operands(true);
        if (wide) code.i64LtS();
        else code.i32LtS();
        return true;
      case 0xe:
        operands(true);
        if (wide) code.i64LeS();
        else code.i32LeS();
        return true;
      default:
        return false;
    }
  }

  /** Turns the i64 on the stack, of which `bits` bits count, into its sign. */
  #signOfStack(bits: number): void {
    const code = this.#code;
    code.i64Const(bits - 1);
    code.i64ShrU();
    code.i32WrapI64();
    code.i32Const(1);
    code.i32And();
  }

  #compareSum(condition: number, bits: number): boolean {
    const code = this.#code;
    const sum = (): void => {
      code.localGet(this.#a);
      code.localGet(this.#b);
      code.i64Add();
    };
    switch (condition) {
      case 0x2:
        sum();
        if (bits === 64) {
          code.localGet(this.#a);
          code.i64LtU();
        } else {
          code.i64Const(bits);
          code.i64ShrU();
          code.i32WrapI64();
        }
        return true;
      case 0x4:
        sum();
        if (bits < 64) {
          code.i64Const(2 ** bits - 1);
          code.i64And();
        }
        code.i64Eqz();
        return true;
      case 0x8:
        sum();
        this.#signOfStack(bits);
        return true;
      default:
        return false;
    }
  }

  #compareLogic(condition: number, bits: number): boolean {
    const code = this.#code;
    switch (condition) {
      case 0x0:
      case 0x2:
        code.i32Const(0);
        return true;
      case 0x4:
      case 0x6:
        code.localGet(this.#a);
        code.i64Eqz();
        return true;
      case 0x8:
      case 0xc:
        code.localGet(this.#a);
        this.#signOfStack(bits);
        return true;
      case 0xe:
        this.#operand(this.#a, bits, true);
        if (bits === 64) {
          code.i64Const(0);
          code.i64LeS();
        } else {
          code.i32Const(0);
          code.i32LeS();
        }
        return true;
      default:
        return false;
    }
  }

  #compareStep(condition: number, bits: number): boolean {
    const code = this.#code;
    switch (condition) {
      case 0x2:
        code.localGet(this.#b);
        code.i32WrapI64();
        return true;
      case 0x4:
        code.localGet(this.#a);
        code.i64Eqz();
        return true;
      case 0x8:
        code.localGet(this.#a);
        this.#signOfStack(bits);
        return true;
      default:
        return false;
    }
  }
}
