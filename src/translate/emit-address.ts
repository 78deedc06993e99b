// WebAssembly for addresses: offsets from records, linear addresses, stack addresses.

import { GPR, SEGMENT_ES, SEGMENT_SS } from '../core/layout.ts';
import { ACCESS_STACK, ACCESS_WRITE, faultIf, type EmitContext, type OperationOf } from './emit-context.ts';
import { hasLongAddresses } from './handler-variant.ts';
import type { Node, RegisterPlace } from './ir.ts';

const STACK_POINTER: RegisterPlace = { address: GPR + 32 };

/** The offset of the memory operand, zero-extended to 64 bits, moved by `displacement`. */
export function emitOffset(context: EmitContext, absolute: boolean, displacement: Node | undefined): void {
  const { code } = context;
  const { environment } = context.variant;
  if (environment === 'segmented') {
    context.machine.record();
    if (displacement) context.push(displacement);
    else code.i64Const(0n);
    return code.call(context.imports.core('effectiveOffset'));
  }
  if (absolute) return context.machine.absoluteOffset();
  const wide = hasLongAddresses(environment);
  context.machine.operandOffset(wide);
  if (displacement) {
    context.push(displacement);
    if (wide) code.i64Add();
    else {
      code.i32WrapI64();
      code.i32Add();
    }
  }
  if (!wide) code.i64ExtendI32U();
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
    if (segment === 'operand') context.machine.segmentNumber();
    else code.i32Const(segment === 'ES' ? 0 : 2);
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
  emitLinear(context, segment, offset);
  context.keep(node);
}

/** Pushes the linear address of an offset where nothing has to be checked. */
export function emitLinear(context: EmitContext, segment: 'operand' | 'ES' | 'SS', offset: Node): void {
  const { code, machine } = context;
  context.push(offset);
  const isLong = hasLongAddresses(context.variant.environment);
  if (segment === 'operand' && machine.hasSegmentBase) machine.segmentBase();
  else if (segment === 'operand' || isLong || !machine.hasImplicitBases) return;
  else {
    code.i32Const(0);
    code.i64Load(segment === 'ES' ? SEGMENT_ES : SEGMENT_SS);
  }
  code.i64Add();
  if (isLong) return;
  code.i64Const(0xffffffff);
  code.i64And();
}

/** The offset in the stack segment that is `delta` bytes above the top. */
export function emitStackOffset(context: EmitContext, delta: Node): void {
  const { code } = context;
  const { environment } = context.variant;
  if (environment === 'segmented') {
    context.push(delta);
    return code.call(context.imports.core('stackOffset'));
  }
  context.machine.readRegister(STACK_POINTER, 64);
  context.push(delta);
  code.i64Add();
  if (!hasLongAddresses(environment)) {
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
  context.machine.beginWrite(STACK_POINTER, 64);
  emitStackOffset(context, delta);
  context.machine.endWrite(STACK_POINTER, 'general', 64);
}
