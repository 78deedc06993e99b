// How regions hand over: to the next block and its region where it has one, with the flags as they are.

import { BUDGET, BUSY_MASK, CODE_PAGE } from '../core/layout.ts';
import type { Code } from '../wasm/code.ts';
import {
  emitCached,
  emitCharge,
  emitCount,
  emitFollowLink,
  emitHinted,
  emitLink,
  type HandlerImports,
  type Way,
} from './emit-transfer.ts';
import { handlerCount } from './handler-table.ts';

/** The body of `regionJump`: enters the block at the address in local 0. Local 1 is the record of the jump where that is an indirect one, else 0. */
export function emitRegionJump(code: Code, handlerType: number, imports: HandlerImports): void {
  const page = code.addLocal('i64');
  code.i32Const(0);
  code.i64Load(CODE_PAGE);
  code.localSet(page);
  emitCached(code, 0, (ip) => {
    emitHandOver(code, ip, handlerType, imports, () => {
      code.localGet(1);
      code.localGet(page);
    });
  });
  code.call(imports.core('settleHanded'));
  code.localGet(0);
  code.call(imports.core('jumpTo'));
  code.returnCall(imports.proceed);
}

/** The body of `followTaken` or `followNext`: a region leaves by one of the ways of the record at local 0. */
export function emitRegionFollow(code: Code, way: Way, handlerType: number, imports: HandlerImports): void {
  const target = code.addLocal('i32');
  emitLink(code, way);
  code.localTee(target);
  code.if(undefined);
  const pushJump = (): void => {
    code.i32Const(0);
    code.i64Const(0);
  };
  emitHandOver(code, target, handlerType, imports, pushJump);
  code.end();
  emitHinted(code, way, (ip) => emitHandOver(code, ip, handlerType, imports, pushJump));
  code.call(imports.core('settleHanded'));
  emitFollowLink(code, way, imports);
}

/**
 * From a region to the block whose first record is in local `ip`: straight to its region where it has one, with the flags as
 * they are. `pushJump` pushes what `noteBusy` wants to know of the jump.
 */
function emitHandOver(
  code: Code,
  ip: number,
  handlerType: number,
  imports: HandlerImports,
  pushJump: () => void,
): void {
  const left = code.addLocal('i32');
  const handler = code.addLocal('i32');
  emitCharge(code, ip, left);
  code.localGet(ip);
  code.i32Load(0);
  code.localTee(handler);
  code.i32Const(handlerCount);
  code.i32LtU();
  code.i32Or();
  code.expect(false);
  code.if(undefined);
  code.call(imports.core('settleHanded'));
  code.localGet(ip);
  code.returnCall(imports.proceed);
  code.end();
  code.i32Const(0);
  code.localGet(left);
  code.i32Store(BUDGET);
  emitCount(code, ip, left, BUSY_MASK, () => {
    code.localGet(ip);
    pushJump();
    code.call(imports.core('noteBusy'));
  });
  code.localGet(ip);
  code.localGet(handler);
  code.returnCallIndirect(handlerType, 0);
}
