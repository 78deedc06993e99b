// The ways out of a region. They share a few pieces of code at its end, which write registers, flags and budget back.

import {
  BLOCK_COUNT,
  BLOCK_HANDLER,
  BLOCK_HEADER,
  BUDGET,
  CURRENT,
  FAULT_INTERPRET,
  FAULT_VECTOR,
  RECORD_HANDLER,
} from '../../core/layout.ts';
import type { Code } from '../../wasm/code.ts';
import type { HandlerImports } from '../emit-transfer.ts';
import { handlerCount } from '../handler-table.ts';
import type { RegionExits } from './region-state.ts';

/** What regions import beside what handlers do: the ways to the block that a link of the record at ip leads to. */
export interface RegionImports extends HandlerImports {
  readonly followTaken: number;
  readonly followNext: number;
}

/** Why a region is left for something else than the next block. Faults are the ones that need no reason to be set. */
const FAULT = 0;
/** The exception whose vector (bits 0-7) and error code (above, less one) are in local 0. */
const RAISE = 1;
/** The block in local 0 has more instructions than the budget, which was charged for it. */
export const BOUNDARY = 2;
/** The instruction in local 0 dropped decoded code. */
export const LEAVE_AFTER = 3;
/** Between two repetitions of the instruction in local 0. */
export const SUSPEND = 4;
/** The interpreter goes on at the record in local 0. */
export const REST = 5;

export class RegionFrame implements RegionExits {
  readonly #code: Code;
  readonly #imports: RegionImports;
  readonly #handlerType: number;
  readonly #writeBack: (handsOver: boolean) => void;
  readonly #reason: number;
  readonly #target: number;
  #jumpLabel = 0;
  #followLabel = 0;
  #otherLabel = 0;
  #jumps = false;
  #follows = false;

  /** @param writeBack emits the code that writes the state back: the flags as they are, for a region, or settled */
  constructor(code: Code, imports: RegionImports, handlerType: number, writeBack: (handsOver: boolean) => void) {
    this.#code = code;
    this.#imports = imports;
    this.#handlerType = handlerType;
    this.#writeBack = writeBack;
    this.#reason = code.addLocal('i32');
    this.#target = code.addLocal('i64');
  }

  /** Opens the blocks around the region's code. */
  open(): void {
    const code = this.#code;
    code.block(undefined);
    this.#otherLabel = code.openBlocks;
    code.block(undefined);
    this.#followLabel = code.openBlocks;
    code.block(undefined);
    this.#jumpLabel = code.openBlocks;
  }

  #br(label: number): void {
    this.#code.br(this.#code.depthOf(label));
  }

  fault(): void {
    this.#br(this.#otherLabel);
  }

  /** As `fault`, when the i32 on the stack is not 0. */
  faultIf(): void {
    this.#code.expect(false);
    this.#code.brIf(this.#code.depthOf(this.#otherLabel));
  }

  raise(vector: number, errorCode: number): void {
    this.leave(RAISE, vector | ((errorCode + 1) << 8));
  }

  /** Leaves for one of the reasons above, with `argument` in local 0. */
  leave(reason: number, argument: number): void {
    const code = this.#code;
    code.i32Const(argument);
    code.localSet(0);
    code.i32Const(reason);
    code.localSet(this.#reason);
    this.#br(this.#otherLabel);
  }

  /** Leaves through a link of the record at `ip`. */
  follow(ip: number, link: 'taken' | 'next'): void {
    const code = this.#code;
    this.#follows = true;
    code.i32Const(ip);
    code.localSet(0);
    if (link === 'taken') {
      code.i32Const(1);
      code.localSet(this.#reason);
    }
    this.#br(this.#followLabel);
  }

  /** Leaves for the block at the address on the stack. */
  jump(): void {
    this.#jumps = true;
    this.#code.localSet(this.#target);
    this.#br(this.#jumpLabel);
  }

  /** Closes the blocks, each with the code that those who leave for it share. */
  close(): void {
    const code = this.#code;
    const imports = this.#imports;
    code.unreachable();
    code.end();
    if (this.#jumps) {
      this.#writeBack(true);
      code.localGet(this.#target);
      code.returnCall(imports.jump);
    } else code.unreachable();
    code.end();
    if (this.#follows) {
      this.#writeBack(true);
      code.localGet(this.#reason);
      code.if(undefined);
      code.localGet(0);
      code.returnCall(imports.followTaken);
      code.end();
      code.localGet(0);
      code.returnCall(imports.followNext);
    } else code.unreachable();
    code.end();
    this.#writeBack(false);
    // A fault may be none, but something that the interpreter has to do.
    code.localGet(this.#reason);
    code.i32Eqz();
    code.i32Const(0);
    code.i32Load(FAULT_VECTOR);
    code.i32Const(FAULT_INTERPRET);
    code.i32Eq();
    code.i32And();
    code.if(undefined);
    code.i32Const(REST);
    code.localSet(this.#reason);
    this.#pushCurrent();
    code.localSet(0);
    code.end();
    this.#when(FAULT, 'deliverFault', () => this.#pushCurrent());
    this.#when(RAISE, 'raiseFault', () => {
      code.localGet(0);
      code.i32Const(0xff);
      code.i32And();
      code.localGet(0);
      code.i32Const(8);
      code.i32ShrU();
      code.i32Const(1);
      code.i32Sub();
      this.#pushCurrent();
    });
    this.#when(BOUNDARY, 'blockBoundary', () => {
      code.i32Const(0);
      code.i32Const(0);
      code.i32Load(BUDGET);
      code.localGet(0);
      code.i32Const(BLOCK_HEADER - BLOCK_COUNT);
      code.i32Sub();
      code.i32Load(0);
      code.i32Add();
      code.i32Store(BUDGET);
      code.localGet(0);
    });
    this.#when(LEAVE_AFTER, 'leaveAfter', () => code.localGet(0));
    this.#when(SUSPEND, 'suspend', () => code.localGet(0));
    code.localGet(0);
    code.localGet(0);
    code.i32Load(RECORD_HANDLER);
    code.localTee(this.#reason);
    code.i32Const(handlerCount);
    code.i32GeU();
    code.if('i32');
    // The first record of a block, where a region is: this one or another.
    code.localGet(0);
    code.i32Const(BLOCK_HEADER - BLOCK_HANDLER);
    code.i32Sub();
    code.i32Load(0);
    code.else();
    code.localGet(this.#reason);
    code.end();
    code.returnCallIndirect(this.#handlerType, 0);
  }

  #pushCurrent(): void {
    this.#code.i32Const(0);
    this.#code.i32Load(CURRENT);
  }

  /** For one reason, calls the core routine that finds the block to go on with. */
  #when(reason: number, routine: string, pushArguments: () => void): void {
    const code = this.#code;
    code.localGet(this.#reason);
    code.i32Const(reason);
    code.i32Eq();
    code.if(undefined);
    pushArguments();
    code.call(this.#imports.core(routine));
    code.returnCall(this.#imports.proceed);
    code.end();
  }
}
