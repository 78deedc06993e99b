// How handlers hand over: to the next record, into another block, or back to the run loop.

import {
  BLOCK_EXECUTIONS,
  BLOCK_HEADER,
  BUDGET,
  CODE_CONTEXT,
  CODE_PAGE,
  EXIT_REASON,
  HOT_MASK,
  JUMP_CACHE,
  JUMP_CACHE_ENTRIES,
  JUMP_CACHE_ENTRY_SIZE,
  RECORD_HINT_NEXT,
  RECORD_HINT_TAKEN,
  RECORD_IMMEDIATE,
  RECORD_LENGTH,
  RECORD_LINK_NEXT,
  RECORD_LINK_TAKEN,
  RECORD_OFFSET,
  RECORD_REMAINING,
  RECORD_SIZE,
} from '../core/layout.ts';
import type { Code } from '../wasm/code.ts';

/** The functions that handlers call, by index in their module. */
export interface HandlerImports {
  /** Index of a core function. */
  core(name: string): number;
  /** Enters the block whose first record is at ip, or gives back EXIT_REASON when ip is 0. */
  readonly proceed: number;
  /** Enters the block at an address (i64), which a near jump goes to. */
  readonly jump: number;
}

/** And those that only the interpreter calls. */
export interface InterpreterImports extends HandlerImports {
  /** Goes on with the record at ip: see interpreter-loop.ts. */
  readonly loop: number;
  /** Enter the block at the target of the direct jump at ip, and the block behind it, where the record has no link. */
  readonly crossTaken: number;
  readonly crossNext: number;
}

/** Which of the two ways out of a direct jump: 1 to its target, 0 to the instruction behind it. */
export type Way = 0 | 1;

/** How a handler of the interpreter goes on. */
export interface Continuation {
  /** With the record behind the one at local 0. */
  next(): void;
  /** With the block whose first record is in local `ip`. */
  enter(ip: number): void;
  /** With the block at the address (i64) on the stack, which a near jump goes to. */
  jump(): void;
  /** By a way of the direct jump at local 0 for which the record has no link. */
  cross(way: Way): void;
}

/** The continuation of a function of its own. */
export function tailCalls(code: Code, imports: InterpreterImports): Continuation {
  return {
    next() {
      code.localGet(0);
      code.i32Const(RECORD_SIZE);
      code.i32Add();
      code.returnCall(imports.loop);
    },
    enter(ip) {
      code.localGet(ip);
      code.returnCall(imports.proceed);
    },
    jump: () => code.returnCall(imports.jump),
    cross(way) {
      code.localGet(0);
      code.returnCall(way === 1 ? imports.crossTaken : imports.crossNext);
    },
  };
}

/** The body of `proceed`: ip is local 0. */
export function emitProceed(code: Code, imports: InterpreterImports): void {
  code.localGet(0);
  code.i32Eqz();
  code.if(undefined);
  code.i32Const(0);
  code.i32Load(EXIT_REASON);
  code.return();
  code.end();
  emitEnter(code, 0, imports);
  code.localGet(0);
  code.returnCall(imports.loop);
}

/** Enters the block at the address in a local. */
export function emitJump(code: Code, address: number, imports: HandlerImports, { enter }: Continuation): void {
  emitCached(code, address, enter);
  code.localGet(address);
  code.call(imports.core('jumpTo'));
  code.returnCall(imports.proceed);
}

/** Enters the block that a way of the direct jump at local 0 leads to, for which the record has no link. */
export function emitCross(code: Code, way: Way, imports: HandlerImports, { enter }: Continuation): void {
  emitHinted(code, way, enter);
  emitFollowLink(code, way, imports);
}

/**
 * Where the jump cache still has what the record at local 0 hints at, which is where it led before: emits `enter`. Where
 * addresses wrap, or another block has come there, nothing is found, and `followLink` sees to that.
 */
export function emitHinted(code: Code, way: Way, enter: (ip: number) => void): void {
  const rip = code.addLocal('i64');
  code.i32Const(0);
  code.i64Load(CODE_PAGE);
  code.localGet(0);
  if (way === 1) {
    code.i64Load(RECORD_IMMEDIATE);
  } else {
    code.i64Load16U(RECORD_OFFSET);
    code.localGet(0);
    code.i64Load8U(RECORD_LENGTH);
    code.i64Add();
  }
  code.i64Add();
  code.localSet(rip);
  emitCached(code, rip, enter, way === 1 ? RECORD_HINT_TAKEN : RECORD_HINT_NEXT);
}

export function emitFollowLink(code: Code, way: Way, imports: HandlerImports): void {
  code.localGet(0);
  code.i32Const(way);
  code.call(imports.core('followLink'));
  code.returnCall(imports.proceed);
}

/** Pushes the link of the record at local 0. */
export function emitLink(code: Code, way: Way): void {
  code.localGet(0);
  code.i32Load(way === 1 ? RECORD_LINK_TAKEN : RECORD_LINK_NEXT);
}

/**
 * Looks the address in local `rip` up in the jump cache. Where it is there, and is what the field `hint` of the record at
 * local 0 says if there is one, sets CODE_PAGE and emits `enter` with a local that has the first record.
 */
export function emitCached(code: Code, rip: number, enter: (ip: number) => void, hint?: number): void {
  const entry = code.addLocal('i32');
  const ip = code.addLocal('i32');
  code.localGet(rip);
  code.i32WrapI64();
  code.localTee(ip);
  code.localGet(ip);
  code.i32Const(12);
  code.i32ShrU();
  code.i32Xor();
  code.i32Const(JUMP_CACHE_ENTRIES - 1);
  code.i32And();
  code.i32Const(Math.log2(JUMP_CACHE_ENTRY_SIZE));
  code.i32Shl();
  code.localTee(entry);
  code.i64Load(JUMP_CACHE);
  code.localGet(rip);
  code.i64Eq();
  code.localGet(entry);
  code.i64Load(JUMP_CACHE + 8);
  code.i32Const(0);
  code.i64Load(CODE_CONTEXT);
  code.i64Eq();
  code.i32And();
  if (hint !== undefined) {
    code.localGet(entry);
    code.i32Load(JUMP_CACHE + 16);
    code.localGet(0);
    code.i32Load(hint);
    code.i32Eq();
    code.i32And();
  }
  code.expect(true);
  code.if(undefined);
  code.i32Const(0);
  code.localGet(rip);
  code.localGet(entry);
  code.i32Load(JUMP_CACHE + 16);
  code.localTee(ip);
  code.i64Load16U(RECORD_OFFSET);
  code.i64Sub();
  code.i64Store(CODE_PAGE);
  enter(ip);
  code.end();
}

/** Counts an execution of the block whose first record is in local `ip`, so that the translator learns what is hot. `count` is a local. */
export function emitCount(code: Code, ip: number, count: number, mask: number, report: () => void): void {
  code.localGet(ip);
  code.i32Const(BLOCK_HEADER - BLOCK_EXECUTIONS);
  code.i32Sub();
  code.localGet(ip);
  code.i32Const(BLOCK_HEADER - BLOCK_EXECUTIONS);
  code.i32Sub();
  code.i32Load(0);
  code.i32Const(1);
  code.i32Add();
  code.localTee(count);
  code.i32Store(0);
  code.localGet(count);
  code.i32Const(0);
  code.i32Load(mask);
  code.i32And();
  code.i32Eqz();
  code.expect(false);
  code.if(undefined);
  report();
  code.end();
}

/** Puts what the budget is after the block whose first record is in local `ip` into a local, and pushes whether that is too little. */
export function emitCharge(code: Code, ip: number, left: number): void {
  code.i32Const(0);
  code.i32Load(BUDGET);
  code.localGet(ip);
  code.i32Load8U(RECORD_REMAINING);
  code.i32Sub();
  code.localTee(left);
  code.i32Const(0);
  code.i32LtS();
}

/** Enters the block whose first record is in local `ip`, up to calling its first handler: takes its count from the budget. */
export function emitEnter(code: Code, ip: number, imports: HandlerImports): void {
  const left = code.addLocal('i32');
  code.i32Const(0);
  emitCharge(code, ip, left);
  code.expect(false);
  code.if(undefined);
  code.localGet(ip);
  code.call(imports.core('blockBoundary'));
  code.returnCall(imports.proceed);
  code.end();
  code.localGet(left);
  code.i32Store(BUDGET);
  emitCount(code, ip, left, HOT_MASK, () => {
    code.localGet(ip);
    code.call(imports.core('noteHot'));
  });
}

/** Goes on at the block that a link of the record points to, which is looked for where there is no link. */
export function emitFollow(code: Code, way: Way, continuation: Continuation): void {
  const target = code.addLocal('i32');
  emitLink(code, way);
  code.localTee(target);
  code.i32Eqz();
  code.if(undefined);
  continuation.cross(way);
  code.end();
  continuation.enter(target);
}
