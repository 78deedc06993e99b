// WebAssembly for the inline TLB probe, before every load and store.

import { TLB_ADDEND, TLB_BASE, TLB_ENTRIES, TLB_ENTRY_SIZE, TLB_READ_TAG, TLB_WRITE_TAG } from '../core/layout.ts';
import type { Code } from '../wasm/code.ts';
import { ACCESS_STACK, faultIf, type EmitContext, type OperationOf } from './emit-context.ts';
import type { Node } from './ir.ts';

const TLB_SHIFT = 12 - Math.log2(TLB_ENTRY_SIZE);
const TLB_INDEX_MASK = (TLB_ENTRIES - 1) * TLB_ENTRY_SIZE;

/** Turns a linear address into the machine address in the node's local: through the TLB, or the core, which may fault. */
export function emitProbe(context: EmitContext, operation: OperationOf<'probe'>, node: Node, linear: Node): void {
  const { code } = context;
  const { kind, bytes, segment } = operation;
  const address = context.asLocal(linear);
  const machine = context.local('i32');
  context.bind(node, machine);
  emitTagCompare(code, operation, address, context.entry(), () => {
    code.i32Const(0);
    code.i32Load(TLB_BASE);
  });
  code.expect(true);
  code.if('i32');
  code.localGet(address);
  code.i32WrapI64();
  code.localGet(context.entry());
  code.i32Load(TLB_ADDEND);
  code.i32Add();
  code.else();
  code.localGet(address);
  code.i32Const(bytes | (segment === 'SS' ? ACCESS_STACK : 0));
  if (segment === 'operand') {
    // An address that is not canonical is #SS through SS, segment number 2.
    context.machine.segmentNumber();
    code.i32Const(2);
    code.i32Eq();
    code.i32Const(Math.log2(ACCESS_STACK));
    code.i32Shl();
    code.i32Or();
  }
  code.call(context.imports.core(kind === 'read' ? 'loadMiss' : kind === 'write' ? 'storeMiss' : 'updateMiss'));
  code.localTee(machine);
  code.i32Eqz();
  faultIf(context);
  code.localGet(machine);
  code.end();
  code.localSet(machine);
}

/** Pushes whether the TLB entry for the address in a local allows the access, and leaves the entry's address in a local. */
export function emitTagCompare(
  code: Code,
  { kind, bytes }: Pick<OperationOf<'probe'>, 'kind' | 'bytes'>,
  address: number,
  entry: number,
  pushBase: () => void,
): void {
  code.localGet(address);
  if (bytes > 1) {
    // The tag of an access that crosses into the next page never matches.
    code.i64Const(bytes - 1);
    code.i64Add();
  }
  code.i64Const(-4096);
  code.i64And();
  pushBase();
  code.localGet(address);
  code.i32WrapI64();
  code.i32Const(TLB_SHIFT);
  code.i32ShrU();
  code.i32Const(TLB_INDEX_MASK);
  code.i32And();
  code.i32Add();
  code.localTee(entry);
  code.i64Load(kind === 'read' ? TLB_READ_TAG : TLB_WRITE_TAG);
  code.i64Eq();
}
