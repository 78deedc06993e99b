// The check at the entry of a region of several pages.

import { ADDRESS_SPACE_SLOT, CODE_CONTEXT, CODE_PAGE, REGION_ENTRY_PAGE } from '../../core/layout.ts';
import type { Code } from '../../wasm/code.ts';
import type { HandlerImports } from '../emit-transfer.ts';

/** Emits the check that a region's pages are where they have to be; else the interpreter goes on, by the entry's own handler. */
export function emitPageCheck(
  code: Code,
  imports: HandlerImports,
  handlerType: number,
  descriptor: number,
  handler: number,
): void {
  code.i32Const(0);
  code.i32Load(ADDRESS_SPACE_SLOT);
  code.i32Const(2);
  code.i32Shl();
  code.i32Load(descriptor);
  code.i32Const(0);
  code.i32Load(CODE_CONTEXT + 4);
  code.i32Ne();
  code.i32Const(0);
  code.i64Load(CODE_PAGE);
  code.i32Const(descriptor);
  code.i64Load(REGION_ENTRY_PAGE);
  code.i64Ne();
  code.i32Or();
  code.expect(false);
  code.if(undefined);
  code.i32Const(descriptor);
  code.call(imports.core('checkRegion'));
  code.i32Eqz();
  code.if(undefined);
  code.call(imports.core('settleHanded'));
  code.localGet(0);
  code.i32Const(handler);
  code.returnCallIndirect(handlerType, 0);
  code.end();
  code.end();
}
