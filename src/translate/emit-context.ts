// What the parts of the handler emitter share.

import type { Code } from '../wasm/code.ts';
import type { WasmType } from './emit-pure.ts';
import type { HandlerImports } from './emit-transfer.ts';
import type { HandlerVariant } from './handler-variant.ts';
import type { Node, Operation } from './ir.ts';

export type OperationOf<Name extends Operation['op']> = Extract<Operation, { op: Name }>;

/** The bits of an access that the core's memory routines take besides its size in bytes. */
export const ACCESS_STACK = 0x100;
export const ACCESS_WRITE = 0x200;

export interface EmitContext {
  readonly code: Code;
  readonly variant: HandlerVariant;
  readonly imports: HandlerImports;
  /** A new local. */
  local(type: WasmType): number;
  /** The scratch local for a TLB entry's address. */
  entry(): number;
  /** Puts a node's value on the stack. */
  push(node: Node): void;
  /** A local that holds a node's value. */
  asLocal(node: Node): number;
  /** Takes the value on the stack as the node's; drops it when nobody uses the node. */
  keep(node: Node): void;
  /** Says which local holds a node's value. */
  bind(node: Node, local: number): void;
}

/** With a condition on the stack: when it holds, delivers the fault that the core noted. */
export function faultIf(context: EmitContext): void {
  const { code } = context;
  code.if(undefined);
  code.localGet(0);
  code.call(context.imports.core('deliverFault'));
  code.returnCall(context.imports.proceed);
  code.end();
}
