// WebAssembly for addresses: offsets from records, linear addresses, stack addresses.

import {
  GPR,
  RECORD_ADDRESSING,
  RECORD_BASE,
  RECORD_DISPLACEMENT,
  RECORD_IMMEDIATE,
  RECORD_INDEX,
  RECORD_SEGMENT_BASE,
  SEGMENT_ES,
  SEGMENT_SS,
} from '../core/layout.ts';
import { ACCESS_STACK, ACCESS_WRITE, faultIf, type EmitContext, type OperationOf } from './emit-context.ts';
import type { Node } from './ir.ts';

function fieldRegister(context: EmitContext, field: number, wide: boolean): void {
  const { code } = context;
  code.localGet(0);
  code.i32Load16U(field);
  if (wide) code.i64Load(0);
  else code.i32Load(0);
}

/** The offset of the memory operand, zero-extended to 64 bits, moved by `displacement`. */
export function emitOffset(context: EmitContext, absolute: boolean, displacement: Node | undefined): void {
  const { code } = context;
  const { environment } = context.variant;
  if (environment === 'segmented') {
    code.localGet(0);
    if (displacement) context.push(displacement);
    else code.i64Const(0n);
    return code.call(context.imports.core('effectiveOffset'));
  }
  if (absolute) {
    code.localGet(0);
    return code.i64Load(RECORD_IMMEDIATE);
  }
  const wide = environment === 'long';
  fieldRegister(context, RECORD_BASE, wide);
  fieldRegister(context, RECORD_INDEX, wide);
  code.localGet(0);
  if (wide) code.i64Load8U(RECORD_ADDRESSING);
  else code.i32Load8U(RECORD_ADDRESSING);
  if (wide) code.i64Const(3n);
  else code.i32Const(3);
  wideOperator(context, wide, 'And');
  wideOperator(context, wide, 'Shl');
  wideOperator(context, wide, 'Add');
  code.localGet(0);
  if (wide) code.i64Load32S(RECORD_DISPLACEMENT);
  else code.i32Load(RECORD_DISPLACEMENT);
  wideOperator(context, wide, 'Add');
  if (displacement) {
    context.push(displacement);
    if (!wide) code.i32WrapI64();
    wideOperator(context, wide, 'Add');
  }
  if (!wide) code.i64ExtendI32U();
}

function wideOperator(context: EmitContext, wide: boolean, operator: 'And' | 'Shl' | 'Add'): void {
  (context.code as unknown as { [name: string]: () => void })[`${wide ? 'i64' : 'i32'}${operator}`]!();
}

/** The linear address of an offset; checked by the core where segments have limits. */
export function emitSegmentAddress(
  context: EmitContext,
  operation: OperationOf<'segmentAddress'>,
  node: Node,
  offset: Node,
): void {
  const { code } = context;
  const { segment } = operation;
  const { environment } = context.variant;
  if (environment === 'segmented') {
    if (segment === 'operand') {
      code.localGet(0);
      code.i32Load8U(RECORD_ADDRESSING);
      code.i32Const(2);
      code.i32ShrU();
      code.i32Const(7);
      code.i32And();
    } else code.i32Const(segment === 'ES' ? 0 : 2);
    context.push(offset);
    code.i32Const(operation.bytes | (segment === 'SS' ? ACCESS_STACK : 0) | (operation.write ? ACCESS_WRITE : 0));
    code.call(context.imports.core('linearAddress'));
    // Kept even when nothing uses it: the checks alone may be what is wanted.
    const linear = context.local('i64');
    context.bind(node, linear);
    code.localTee(linear);
    code.i64Const(-1n);
    code.i64Eq();
    return faultIf(context);
  }
  context.push(offset);
  if (environment === 'long') {
    if (segment === 'operand') {
      fieldRegister(context, RECORD_SEGMENT_BASE, true);
      code.i64Add();
    }
  } else {
    if (segment === 'operand') fieldRegister(context, RECORD_SEGMENT_BASE, true);
    else {
      code.i32Const(0);
      code.i64Load(segment === 'ES' ? SEGMENT_ES : SEGMENT_SS);
    }
    code.i64Add();
    code.i64Const(0xffffffffn);
    code.i64And();
  }
  context.keep(node);
}

/** The offset in the stack segment that is `delta` bytes above the top. */
export function emitStackOffset(context: EmitContext, delta: Node): void {
  const { code } = context;
  const { environment } = context.variant;
  if (environment === 'segmented') {
    context.push(delta);
    return code.call(context.imports.core('stackOffset'));
  }
  code.i32Const(0);
  if (environment === 'long') code.i64Load(GPR + 32);
  else code.i64Load32U(GPR + 32);
  context.push(delta);
  code.i64Add();
  if (environment !== 'long') {
    code.i64Const(0xffffffffn);
    code.i64And();
  }
}

/** Moves the stack pointer by `delta` bytes. */
export function emitAdjustStack(context: EmitContext, delta: Node): void {
  const { code } = context;
  if (context.variant.environment === 'segmented') {
    context.push(delta);
    return code.call(context.imports.core('adjustStack'));
  }
  code.i32Const(0);
  emitStackOffset(context, delta);
  code.i64Store(GPR + 32);
}
