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

/** What regions import beside what handlers do: the ways to the block that a link of the record at ip leads to. */
export interface RegionImports extends HandlerImports {
  readonly followTaken: number;
  readonly followNext: number;
}

/** What leaves the region with the instruction at hand. */
export interface RegionExits {
  /** Emits a branch to the code that delivers the exception noted in the CPU state for the instruction at CURRENT. */
  fault(): void;
  /** The same for an exception, after CURRENT was set. */
  raise(vector: number, code: number): void;
}

/** Why a region is left. Faults are the ones that need no reason to be set. */
const FAULT = 0;
/** The exception whose vector (bits 0-7) and error code (above, less one) are in local 0. */
export const RAISE = 1;
/** The block in local 0 has more instructions than the budget, which was charged for it. */
export const BOUNDARY = 2;
/** The instruction in local 0 dropped decoded code. */
export const LEAVE_AFTER = 3;
/** Between two repetitions of the instruction in local 0. */
export const SUSPEND = 4;
/** The interpreter goes on at the record in local 0. */
export const REST = 5;
/** For the block at an address, where local 0 is the record of an indirect jump or 0; or the one that a link of the record in local 0 leads to. */
const JUMP = 6;
const FOLLOW_TAKEN = 7;
const FOLLOW_NEXT = 8;

/** Emits the code that all ways out share. */
export interface WriteBack {
  /** Writes registers and budget back. */
  state(): void;
  /** Takes out of the count of retired instructions what is given back: `reason` is a local. */
  uncount(reason: number): void;
  /** Hands the flags over to a region, or settles them for all else. */
  handOverFlags(): void;
  settleFlags(): void;
}

export class RegionFrame implements RegionExits {
  readonly #code: Code;
  readonly #imports: RegionImports;
  readonly #handlerType: number;
  readonly #writeBack: WriteBack;
  readonly #reason: number;
  readonly #target: number;
  #exitLabel = 0;
  #boundaryLabel = 0;

  constructor(code: Code, imports: RegionImports, handlerType: number, writeBack: WriteBack) {
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
    this.#exitLabel = code.openBlocks;
    code.block(undefined);
    this.#boundaryLabel = code.openBlocks;
  }

  #exit(reason: number): void {
    const code = this.#code;
    code.i32Const(reason);
    code.localSet(this.#reason);
    code.br(code.depthOf(this.#exitLabel));
  }

  fault(): void {
    this.#code.br(this.#code.depthOf(this.#exitLabel));
  }

  /** As `fault`, when the i32 on the stack is not 0. */
  faultIf(): void {
    this.#code.expect(false);
    this.#code.brIf(this.#code.depthOf(this.#exitLabel));
  }

  /** When the i32 on the stack is not 0, leaves before the block in local 0. */
  boundaryIf(): void {
    this.#code.expect(false);
    this.#code.brIf(this.#code.depthOf(this.#boundaryLabel));
  }

  raise(vector: number, errorCode: number): void {
    this.leave(RAISE, vector | ((errorCode + 1) << 8));
  }

  /** Leaves for one of the reasons above, with `argument` in local 0. */
  leave(reason: number, argument: number): void {
    this.#code.i32Const(argument);
    this.#code.localSet(0);
    this.#exit(reason);
  }

  /** Leaves through a link of the record at `ip`. */
  follow(ip: number, link: 'taken' | 'next'): void {
    this.leave(link === 'taken' ? FOLLOW_TAKEN : FOLLOW_NEXT, ip);
  }

  /** Leaves for the block at the address on the stack. `jump` is the record of an indirect jump, or 0. */
  jump(jump = 0): void {
    this.#code.localSet(this.#target);
    this.leave(JUMP, jump);
  }

  /** Closes the blocks, with the code that all ways out lead to behind them. */
  close(): void {
    const code = this.#code;
    const imports = this.#imports;
    code.unreachable();
    code.end();
    code.i32Const(BOUNDARY);
    code.localSet(this.#reason);
    code.end();
    this.#writeBack.state();
    code.localGet(this.#reason);
    code.i32Const(JUMP);
    code.i32GeU();
    code.expect(true);
    code.if(undefined);
    this.#writeBack.handOverFlags();
    this.#when(JUMP, () => {
      code.localGet(this.#target);
      code.localGet(0);
      code.returnCall(imports.jump);
    });
    code.localGet(0);
    this.#when(FOLLOW_TAKEN, () => {
      code.localGet(0);
      code.returnCall(imports.followTaken);
    });
    code.returnCall(imports.followNext);
    code.end();
    this.#writeBack.settleFlags();
    this.#writeBack.uncount(this.#reason);
    // A fault may be none, but something that the interpreter has to do.
    this.#when(FAULT, () => {
      code.i32Const(0);
      code.i32Load(FAULT_VECTOR);
      code.i32Const(FAULT_INTERPRET);
      code.i32Ne();
      code.if(undefined);
      this.#pushCurrent();
      this.#goOnBy('deliverFault');
      code.end();
      this.#pushCurrent();
      code.localSet(0);
    });
    this.#when(RAISE, () => {
      code.localGet(0);
      code.i32Const(0xff);
      code.i32And();
      code.localGet(0);
      code.i32Const(8);
      code.i32ShrU();
      code.i32Const(1);
      code.i32Sub();
      this.#pushCurrent();
      this.#goOnBy('raiseFault');
    });
    this.#when(BOUNDARY, () => {
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
      this.#goOnBy('blockBoundary');
    });
    for (const [reason, routine] of [
      [LEAVE_AFTER, 'leaveAfter'],
      [SUSPEND, 'suspend'],
    ] as const) {
      this.#when(reason, () => {
        code.localGet(0);
        this.#goOnBy(routine);
      });
    }
    this.#interpret();
  }

  /** The interpreter goes on at the record in local 0, by its own handler even where a region has taken that's place. */
  #interpret(): void {
    const code = this.#code;
    code.localGet(0);
    code.localGet(0);
    code.i32Load(RECORD_HANDLER);
    code.localTee(this.#reason);
    code.i32Const(handlerCount);
    code.i32GeU();
    code.if('i32');
    code.localGet(0);
    code.i32Const(BLOCK_HEADER - BLOCK_HANDLER);
    code.i32Sub();
    code.i32Load16U(0);
    code.else();
    code.localGet(this.#reason);
    code.end();
    code.returnCallIndirect(this.#handlerType, 0);
  }

  #pushCurrent(): void {
    this.#code.i32Const(0);
    this.#code.i32Load(CURRENT);
  }

  #when(reason: number, body: () => void): void {
    const code = this.#code;
    code.localGet(this.#reason);
    code.i32Const(reason);
    code.i32Eq();
    code.if(undefined);
    body();
    code.end();
  }

  /** With its arguments on the stack: the core routine finds the block to go on with. */
  #goOnBy(routine: string): void {
    this.#code.call(this.#imports.core(routine));
    this.#code.returnCall(this.#imports.proceed);
  }
}
