// A core routine's usual case inline, and a call of the routine for all others. In the usual case WebAssembly's own operator
// gives the very result that the processor's would, and MXCSR stays as it is. SDM volume 1 sections 10.2.3 and 11.5.

import { MXCSR } from '../../core/layout.ts';
import { coreRoutines } from '../../isa/core-routines.ts';
import type { Code } from '../../wasm/code.ts';
import type { PlainType } from '../../wasm/value-type.ts';
import type { EmitContext, OperationOf } from '../emit-context.ts';
import type { Node } from '../ir.ts';

/** The exception masks of MXCSR. */
const MASKS = 0x1f80;

/** A result that is ordinary (see ordinary-values.ts) wherever the region is not left. */
export interface OrdinaryResult {
  readonly elements: number;
  /** Leaves when the core's result is not ordinary. */
  check(usual: Usual): void;
}

/** The usual case of one core routine. */
export interface UsualCase {
  /** How many of the first parameters are single elements, and whether the result is one: these are f32 or f64 here. */
  readonly floats: number;
  readonly isFloat: boolean;
  /** The elements that inputs consist of; 0: they are no numbers. */
  readonly operands: number;
  /** What the result is; of `selects` only where all inputs are ordinary. */
  readonly makes?: OrdinaryResult;
  readonly selects?: number;
  /** Inputs that are ordinary where the result is: of which `emit` leaves when they are denormal. */
  readonly ordinary?: readonly number[];
  /** The parameter whose value must be known while emitting, if any: an immediate byte. Where it is not, the core is called. */
  readonly known?: number;
  /** Whether there is no other case, given whether all inputs are ordinary. */
  isCertain?(areOrdinary: boolean): boolean;
  /** Puts the result into its local, or goes to where the core is called. */
  emit(usual: Usual): void;
}

/** What the emitter of a usual case works with. */
export class Usual {
  readonly code: Code;
  /** The local to put the result in. */
  readonly result: number;
  /** The value that is known while emitting. */
  readonly known: number;
  readonly #context: EmitContext;
  readonly #case: UsualCase;
  readonly #node: Node;
  readonly #inputs: readonly number[];
  #slow = 0;
  #done = 0;

  constructor(
    context: EmitContext,
    usualCase: UsualCase,
    node: Node,
    inputs: readonly number[],
    known: number,
    result: number,
  ) {
    this.code = context.code;
    this.#context = context;
    this.#case = usualCase;
    this.#node = node;
    this.#inputs = inputs;
    this.known = known;
    this.result = result;
  }

  /** Whether an input is known to be ordinary. */
  isOrdinary(index: number): boolean {
    const { operands } = this.#case;
    return (this.#context.floats.ordinary.of(this.#node.inputs[index]!) & operands) === operands;
  }

  /** A new local. */
  local(type: PlainType): number {
    return this.#context.local(type);
  }

  /** The local that holds an input. */
  input(index: number): number {
    return this.#inputs[index]!;
  }

  /** Goes to the core when the i32 on the stack is not 0; and when it is 0. */
  slowIf(): void {
    this.code.expect(false);
    this.code.brIf(this.code.depthOf(this.#slow));
  }
  slowUnless(): void {
    this.code.i32Eqz();
    this.slowIf();
  }

  /**
   * When the i32 on the stack is not 0, leaves for the handler, so that what comes after needs no thought of it; where that
   * cannot be done, goes to the core.
   */
  leaveIf(): void {
    const leave = this.#context.leaveForHandler;
    if (!leave) return this.slowIf();
    const { code } = this;
    code.expect(false);
    code.if(undefined);
    leave();
    code.end();
  }

  /** Ends here when the i32 on the stack is not 0, as it mostly is. */
  doneIf(): void {
    this.code.expect(true);
    this.code.brIf(this.code.depthOf(this.#done));
  }

  /** Emits `rare` for when the i32 on the stack is 0. */
  unless(rare: () => void): void {
    const { code } = this;
    code.i32Eqz();
    code.expect(false);
    code.if(undefined);
    rare();
    code.end();
  }

  /** Pushes whether results are rounded to nearest and being inexact changes nothing. */
  pushSettled(): void {
    this.#context.machine.settled();
  }
  /** Goes to the core unless that is so. */
  settled(): void {
    this.pushSettled();
    this.slowUnless();
  }

  /** Emits the case, and `call` for the others, which puts the result into its local. */
  emit(call: (mayFault: boolean) => void): void {
    const { code } = this;
    const { makes, selects = 0, ordinary = [], operands } = this.#case;
    const { leaveForHandler, machine, floats } = this.#context;
    const isRegion = leaveForHandler !== null;
    const areOrdinary = this.#inputs.every((local, index) => local < 0 || this.isOrdinary(index));
    if (this.#case.isCertain?.(areOrdinary)) this.#case.emit(this);
    else {
      code.block(undefined);
      this.#done = code.openBlocks;
      code.block(undefined);
      this.#slow = code.openBlocks;
      this.#case.emit(this);
      code.br(code.depthOf(this.#done));
      code.end();
      if (isRegion) this.#leaveUnlessMasked();
      call(!isRegion);
      if (isRegion) makes?.check(this);
      machine.noteMxcsr();
      code.end();
    }
    if (!isRegion) return;
    floats.ordinary.learn(this.#node, (makes?.elements ?? 0) | (areOrdinary ? selects : 0));
    for (const index of ordinary) floats.ordinary.learn(this.#node.inputs[index]!, operands);
  }

  /** With all exceptions masked no routine faults, and nothing need be stored before its call. */
  #leaveUnlessMasked(): void {
    const { code } = this;
    code.i32Const(0);
    code.i32Load(MXCSR);
    code.i32Const(MASKS);
    code.i32And();
    code.i32Const(MASKS);
    code.i32Ne();
    this.leaveIf();
  }
}

/** The value of an input when it is known while emitting, else null. */
function knownValue(context: EmitContext, node: Node): number | null {
  const { operation } = node;
  if (operation.op === 'constant') return Number(operation.value);
  if (operation.op === 'zeroExtend') return knownValue(context, node.inputs[0]!);
  return operation.op === 'immediate' ? context.machine.knownImmediate(operation.slot, node.bits) : null;
}

/**
 * Emits a core routine's usual case, and for all others what `call` emits, which calls `keep` where the routine's result is on
 * the stack.
 * @returns false when there is no usual case here: then nothing was emitted
 */
export function emitUsualCase(
  context: EmitContext,
  usual: UsualCase | undefined,
  node: Node,
  call: (keep: () => void, mayFault: boolean) => void,
): boolean {
  if (usual === undefined) return false;
  const { code, floats } = context;
  const known = usual.known === undefined ? 0 : knownValue(context, node.inputs[usual.known]!);
  if (known === null) return false;
  // Before any branch, so that all of them find the values in the same places.
  const inputs = node.inputs.map((input, index) => {
    if (index === usual.known) return -1;
    return index < usual.floats ? floats.asLocal(input) : context.asLocal(input);
  });
  const type = resultType(node, usual.isFloat);
  const result = context.local(type);
  new Usual(context, usual, node, inputs, known, result).emit((mayFault) =>
    call(() => {
      if (type === 'f64') code.f64ReinterpretI64();
      else if (type === 'f32') code.f32ReinterpretI32();
      code.localSet(result);
    }, mayFault),
  );
  if (usual.isFloat) floats.bind(node, result);
  else context.bind(node, result);
  return true;
}

function resultType(node: Node, isFloat: boolean): PlainType {
  const result = coreRoutines[(node.operation as OperationOf<'core'>).routine].result!;
  if (!isFloat) return result;
  return result === 'i64' ? 'f64' : 'f32';
}
