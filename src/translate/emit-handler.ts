// WebAssembly for one handler of the threaded interpreter: a function (ip: i32) -> i32, where ip is the address of the
// instruction's record. It ends by a tail call of the next record's handler, or gives back why control left guest code.

import {
  BOUNCE, BUDGET, CODE_PAGE, CPL, CURRENT, GPR, RECORD_A, RECORD_ADDRESSING, RECORD_B, RECORD_BASE, RECORD_C, RECORD_DISPLACEMENT,
  RECORD_IMMEDIATE, RECORD_INDEX, RECORD_LENGTH, RECORD_LINK_NEXT, RECORD_LINK_TAKEN, RECORD_OFFSET, RECORD_SEGMENT_BASE, RECORD_SIZE,
  RFLAGS, SEGMENT_ES, SEGMENT_SS, TLB_ADDEND, TLB_BASE, TLB_ENTRIES, TLB_ENTRY_SIZE, TLB_READ_TAG, TLB_WRITE_TAG,
} from '../core/layout.ts';
import { systemFlags, type Flag } from '../isa/abstract-machine.ts';
import { coreRoutines } from '../isa/core-routines.ts';
import type { Code } from '../wasm/code.ts';
import { emitFlags, emitFlagsFromCarries, emitFlagsFromResult, emitReadFlag, emitWriteFlag } from './emit-flags.ts';
import { emitConstant, emitExtractLane, emitLoad, emitPure, emitReplaceLane, emitStore, wasmType, type WasmType } from './emit-pure.ts';
import type { HandlerVariant } from './handler-variant.ts';
import { isPure, type Node, type Operation, type PureOperator, type RegisterPlace } from './ir.ts';

/** The functions that handlers call, by index in their module. */
export interface HandlerImports {
  /** Index of a core function. */
  core(name: string): number;
  /** Enters the block whose first record is at ip, or gives back EXIT_REASON when ip is 0. */
  readonly proceed: number;
}

type Of<Name extends Operation['op']> = Extract<Operation, { op: Name }>;

const ACCESS_STACK = 0x100;
const ACCESS_WRITE = 0x200;
const TLB_SHIFT = 12 - Math.log2(TLB_ENTRY_SIZE);
const TLB_INDEX_MASK = (TLB_ENTRIES - 1) * TLB_ENTRY_SIZE;

/** Enters the block whose first record is in local `ip`: takes its count from the budget and calls its first handler. */
export function emitEnter(code: Code, ip: number, handlerType: number, imports: HandlerImports): void {
  const left = code.addLocal('i32');
  code.i32Const(0);
  code.i32Const(0);
  code.i32Load(BUDGET);
  code.localGet(ip);
  code.i32Const(20); // BLOCK_HEADER - BLOCK_COUNT
  code.i32Sub();
  code.i32Load(0);
  code.i32Sub();
  code.localTee(left);
  code.i32Const(0);
  code.i32LtS();
  code.if(undefined);
  code.localGet(ip);
  code.call(imports.core('blockBoundary'));
  code.returnCall(imports.proceed);
  code.end();
  code.localGet(left);
  code.i32Store(BUDGET);
  emitDispatch(code, ip, 0, handlerType);
}

/** Calls the handler of the record `offset` bytes after local `ip`. */
export function emitDispatch(code: Code, ip: number, offset: number, handlerType: number): void {
  code.localGet(ip);
  if (offset !== 0) {
    code.i32Const(offset);
    code.i32Add();
  }
  code.localGet(ip);
  code.i32Load(offset);
  code.returnCallIndirect(handlerType, 0);
}

export class HandlerEmitter {
  readonly code: Code;
  readonly variant: HandlerVariant;
  readonly imports: HandlerImports;
  readonly handlerType: number;
  readonly #locals = new Map<Node, number>();
  /** 1 once a store dropped decoded code of the running block's frame. */
  #leave = -1;
  #jumps = false;
  /** Scratch for the TLB entry, shared by all probes. */
  #entry = -1;

  constructor(code: Code, variant: HandlerVariant, imports: HandlerImports, handlerType: number) {
    this.code = code;
    this.variant = variant;
    this.imports = imports;
    this.handlerType = handlerType;
  }

  /** Emits the whole handler from its IR. */
  emit(nodes: readonly Node[]): void {
    this.#statements(nodes);
    const last = nodes.at(-1)?.operation.op;
    if (last === 'jumpTo' || last === 'jump' || last === 'jumpIf') return;
    const { code, imports } = this;
    const { attributes } = this.variant.form;
    if (attributes.has('exits')) {
      code.i32Const(0);
      code.returnCall(imports.proceed);
    } else if (attributes.has('transfers')) {
      code.call(imports.core('currentBlock'));
      code.returnCall(imports.proceed);
    } else if (this.#jumps) {
      this.#followNext();
    } else if (attributes.has('ends')) {
      code.localGet(0);
      code.call(imports.core('leaveAfter'));
      code.returnCall(imports.proceed);
    } else {
      this.#leaveWhenDropped('leaveAfter');
      emitDispatch(code, 0, RECORD_SIZE, this.handlerType);
    }
  }

  // ---- Values. ----
  #local(type: WasmType): number {
    return this.code.addLocal(type);
  }

  #push(node: Node): void {
    const local = this.#locals.get(node);
    if (local !== undefined) return this.code.localGet(local);
    if (!isPure(node)) throw new Error(`${node.operation.op} was not computed before its use in ${this.variant.form.text}`);
    this.#pure(node);
  }

  /** A local that holds the node's value. */
  #asLocal(node: Node): number {
    const known = this.#locals.get(node);
    if (known !== undefined) return known;
    const local = this.#local(wasmType(node.bits));
    this.#push(node);
    this.code.localSet(local);
    // A constant may be met first in a branch: it is made anew at each use.
    if (node.operation.op !== 'constant') this.#locals.set(node, local);
    return local;
  }

  #keep(node: Node): void {
    if (node.uses === 0) return this.code.drop();
    const local = this.#local(wasmType(node.bits));
    this.#locals.set(node, local);
    this.code.localSet(local);
  }

  #pure(node: Node): void {
    const { code } = this;
    const { operation, inputs } = node;
    const push = (index: number): void => this.#push(inputs[index]!);
    switch (operation.op) {
      case 'constant':
        return emitConstant(code, operation.value, node.bits);
      case 'vector':
        for (const input of inputs) this.#push(input);
        return (code as unknown as { [name: string]: () => void })[operation.operator]!();
      case 'shuffle':
        push(0);
        push(1);
        return code.i8x16Shuffle(operation.indices);
      case 'lane':
        push(0);
        return emitExtractLane(code, operation.width, operation.index);
      case 'setLane':
        push(0);
        push(1);
        return emitReplaceLane(code, operation.width, operation.index);
      case 'immediate':
        code.localGet(0);
        return emitLoad(code, node.bits, RECORD_IMMEDIATE + 4 * operation.slot);
      case 'registerNumber':
        code.localGet(0);
        return code.i32Load16U(operation.field === 'A' ? RECORD_A : RECORD_B);
      case 'nextInstruction':
        code.i32Const(0);
        code.i64Load(CODE_PAGE);
        code.localGet(0);
        code.i64Load16U(RECORD_OFFSET);
        code.i64Add();
        code.localGet(0);
        code.i64Load8U(RECORD_LENGTH);
        return code.i64Add();
      case 'relativeTarget':
        code.i32Const(0);
        code.i64Load(CODE_PAGE);
        code.localGet(0);
        code.i64Load(RECORD_IMMEDIATE);
        return code.i64Add();
      default:
        return emitPure(code, operation.op as PureOperator, node, push);
    }
  }

  // ---- Effects, in order. ----
  #statements(nodes: readonly Node[]): void {
    for (const node of nodes) {
      if (!isPure(node)) this.#effect(node);
      else if (node.uses > 1 && node.operation.op !== 'constant') this.#asLocal(node);
    }
  }

  #effect(node: Node): void {
    const { code } = this;
    const { operation } = node;
    const inputs = node.inputs as [Node, Node, Node, Node, Node, Node];
    switch (operation.op) {
      case 'readRegister':
        emitLoad(code, node.bits, this.#registerAddress(operation.place));
        return this.#keep(node);
      case 'writeRegister':
        return this.#writeRegister(operation, inputs[0]);
      case 'readFlag':
        emitReadFlag(code, operation.flag);
        return this.#keep(node);
      case 'writeFlag':
        return emitWriteFlag(code, operation.flag, this.#asLocal(inputs[0]), () => this.#local('i32'));
      case 'writeFlagsFromCarries':
        return emitFlagsFromCarries(code, inputs[0].bits, () => this.#push(inputs[0]), this.#asLocal(inputs[1]));
      case 'writeFlagsFromResult': {
        const [result, CF, OF, AF] = inputs;
        const local = (flag: Node): number | null => (isZero(flag) ? null : this.#asLocal(flag));
        const rest = { CF: local(CF), OF: local(OF), AF: local(AF) };
        return emitFlagsFromResult(code, result.bits, () => this.#push(result), rest);
      }
      case 'writeFlags': {
        const names: Flag[] = ['CF', 'PF', 'AF', 'ZF', 'SF', 'OF'];
        return emitFlags(code, Object.fromEntries(names.map((name, index) => [name, this.#asLocal(node.inputs[index]!)])) as Record<Flag, number>);
      }
      case 'readSystemFlag':
        code.i32Const(0);
        code.i32Load(RFLAGS);
        code.i32Const(systemFlags[operation.flag]);
        code.i32ShrU();
        code.i32Const(1);
        code.i32And();
        return this.#keep(node);
      case 'writeSystemFlag':
        code.i32Const(0);
        code.i32Const(0);
        code.i32Load(RFLAGS);
        code.i32Const(~(1 << systemFlags[operation.flag]));
        code.i32And();
        this.#push(inputs[0]);
        code.i32Const(systemFlags[operation.flag]);
        code.i32Shl();
        code.i32Or();
        return code.i32Store(RFLAGS);
      case 'privilege':
        code.i32Const(0);
        code.i32Load(CPL);
        return this.#keep(node);
      case 'offset':
        this.#offset(operation.absolute, inputs[0]);
        return this.#keep(node);
      case 'segmentAddress':
        return this.#segmentAddress(operation, node, inputs[0]);
      case 'stackOffset':
        this.#stackSum(inputs[0]);
        return this.#keep(node);
      case 'adjustStack':
        return this.#adjustStack(inputs[0]);
      case 'probe':
        return this.#probe(operation, node, inputs[0]);
      case 'loadMachine':
        this.#push(inputs[0]);
        emitLoad(code, node.bits, 0, 0);
        return this.#keep(node);
      case 'storeMachine':
        return this.#store(inputs[0], inputs[1]);
      case 'core':
        return this.#core(operation, node);
      case 'if':
        this.#push(inputs[0]);
        code.if(undefined);
        this.#statements(operation.then);
        if (operation.otherwise.length > 0) {
          code.else();
          this.#statements(operation.otherwise);
        }
        return code.end();
      case 'raise':
        code.i32Const(operation.vector);
        code.i32Const(operation.code);
        code.localGet(0);
        code.call(this.imports.core('raiseFault'));
        return code.returnCall(this.imports.proceed);
      case 'repeat':
        return this.#repeat(operation);
      case 'jump':
        this.#jumps = true;
        this.#push(inputs[0]);
        code.call(this.imports.core('jumpTo'));
        return code.returnCall(this.imports.proceed);
      case 'jumpTo':
        return this.#followTaken();
      case 'jumpIf':
        this.#push(inputs[0]);
        code.if(undefined);
        this.#followTaken();
        code.end();
        return this.#followNext();
      default:
        throw new Error(`no WebAssembly for ${operation.op}`);
    }
  }

  /** Pushes the base of a register's address and gives the offset to use with it. */
  #registerAddress(place: RegisterPlace): number {
    const { code } = this;
    if ('address' in place) {
      code.i32Const(0);
      return place.address;
    }
    code.localGet(0);
    if (place.field === 'C') {
      code.i32Load8U(RECORD_C);
      return GPR;
    }
    code.i32Load16U(place.field === 'A' ? RECORD_A : RECORD_B);
    return 0;
  }

  #writeRegister(operation: Of<'writeRegister'>, value: Node): void {
    const { code } = this;
    const offset = this.#registerAddress(operation.place);
    this.#push(value);
    if (operation.kind === 'general' && value.bits === 32) {
      code.i64ExtendI32U();
      return code.i64Store(offset);
    }
    emitStore(code, value.bits, offset);
    if (operation.kind === 'mmx') {
      // SDM vol. 1 section 9.5.1: an MMX write sets the exponent and sign to ones.
      const again = this.#registerAddress(operation.place);
      code.i32Const(0xffff);
      code.i32Store16(again + 8);
    }
  }

  // ---- Addresses. ----
  #fieldRegister(field: number, wide: boolean): void {
    const { code } = this;
    code.localGet(0);
    code.i32Load16U(field);
    if (wide) code.i64Load(0);
    else code.i32Load(0);
  }

  #offset(absolute: boolean, displacement: Node | undefined): void {
    const { code } = this;
    const { environment } = this.variant;
    if (environment === 'segmented') {
      code.localGet(0);
      if (displacement) this.#push(displacement);
      else code.i64Const(0n);
      return code.call(this.imports.core('effectiveOffset'));
    }
    if (absolute) {
      code.localGet(0);
      return code.i64Load(RECORD_IMMEDIATE);
    }
    const wide = environment === 'long';
    this.#fieldRegister(RECORD_BASE, wide);
    this.#fieldRegister(RECORD_INDEX, wide);
    code.localGet(0);
    if (wide) code.i64Load8U(RECORD_ADDRESSING);
    else code.i32Load8U(RECORD_ADDRESSING);
    if (wide) code.i64Const(3n);
    else code.i32Const(3);
    this.#wide(wide, 'And');
    this.#wide(wide, 'Shl');
    this.#wide(wide, 'Add');
    code.localGet(0);
    if (wide) code.i64Load32S(RECORD_DISPLACEMENT);
    else code.i32Load(RECORD_DISPLACEMENT);
    this.#wide(wide, 'Add');
    if (displacement) {
      this.#push(displacement);
      if (!wide) code.i32WrapI64();
      this.#wide(wide, 'Add');
    }
    if (!wide) code.i64ExtendI32U();
  }

  #wide(wide: boolean, operator: 'And' | 'Shl' | 'Add'): void {
    (this.code as unknown as { [name: string]: () => void })[`${wide ? 'i64' : 'i32'}${operator}`]!();
  }

  #segmentAddress(operation: Of<'segmentAddress'>, node: Node, offset: Node): void {
    const { code } = this;
    const { segment } = operation;
    const { environment } = this.variant;
    if (environment === 'segmented') {
      if (segment === 'operand') {
        code.localGet(0);
        code.i32Load8U(RECORD_ADDRESSING);
        code.i32Const(2);
        code.i32ShrU();
        code.i32Const(7);
        code.i32And();
      } else code.i32Const(segment === 'ES' ? 0 : 2);
      this.#push(offset);
      code.i32Const(operation.bytes | (segment === 'SS' ? ACCESS_STACK : 0) | (operation.write ? ACCESS_WRITE : 0));
      code.call(this.imports.core('linearAddress'));
      // Kept even when nothing uses it: the checks alone may be what is wanted.
      const linear = this.#local('i64');
      this.#locals.set(node, linear);
      code.localTee(linear);
      code.i64Const(-1n);
      code.i64Eq();
      return this.#faultIf();
    }
    this.#push(offset);
    if (environment === 'long') {
      if (segment === 'operand') {
        this.#fieldRegister(RECORD_SEGMENT_BASE, true);
        code.i64Add();
      }
    } else {
      if (segment === 'operand') this.#fieldRegister(RECORD_SEGMENT_BASE, true);
      else {
        code.i32Const(0);
        code.i64Load(segment === 'ES' ? SEGMENT_ES : SEGMENT_SS);
      }
      code.i64Add();
      code.i64Const(0xffffffffn);
      code.i64And();
    }
    this.#keep(node);
  }

  /** With a condition on the stack: when it holds, delivers the fault that the core noted. */
  #faultIf(): void {
    const { code } = this;
    code.if(undefined);
    code.localGet(0);
    code.call(this.imports.core('deliverFault'));
    code.returnCall(this.imports.proceed);
    code.end();
  }

  #stackSum(delta: Node): void {
    const { code } = this;
    const { environment } = this.variant;
    if (environment === 'segmented') {
      this.#push(delta);
      return code.call(this.imports.core('stackOffset'));
    }
    code.i32Const(0);
    if (environment === 'long') code.i64Load(GPR + 32);
    else code.i64Load32U(GPR + 32);
    this.#push(delta);
    code.i64Add();
    if (environment !== 'long') {
      code.i64Const(0xffffffffn);
      code.i64And();
    }
  }

  #adjustStack(delta: Node): void {
    const { code } = this;
    if (this.variant.environment === 'segmented') {
      this.#push(delta);
      return code.call(this.imports.core('adjustStack'));
    }
    code.i32Const(0);
    this.#stackSum(delta);
    code.i64Store(GPR + 32);
  }

  // ---- Memory. ----
  #probe(operation: Of<'probe'>, node: Node, linear: Node): void {
    const { code } = this;
    const { kind, bytes, stack } = operation;
    if (this.#entry < 0) this.#entry = this.#local('i32');
    const address = this.#asLocal(linear);
    const machine = this.#local('i32');
    this.#locals.set(node, machine);
    code.localGet(address);
    if (bytes > 1) {
      // The tag of an access that crosses into the next page never matches.
      code.i64Const(BigInt(bytes - 1));
      code.i64Add();
    }
    code.i64Const(-4096n);
    code.i64And();
    code.i32Const(0);
    code.i32Load(TLB_BASE);
    code.localGet(address);
    code.i32WrapI64();
    code.i32Const(TLB_SHIFT);
    code.i32ShrU();
    code.i32Const(TLB_INDEX_MASK);
    code.i32And();
    code.i32Add();
    code.localTee(this.#entry);
    code.i64Load(kind === 'read' ? TLB_READ_TAG : TLB_WRITE_TAG);
    code.i64Eq();
    code.if('i32');
    code.localGet(address);
    code.i32WrapI64();
    code.localGet(this.#entry);
    code.i32Load(TLB_ADDEND);
    code.i32Add();
    code.else();
    code.localGet(address);
    code.i32Const(bytes | (stack ? ACCESS_STACK : 0));
    code.localGet(0);
    code.call(this.imports.core(kind === 'read' ? 'loadMiss' : kind === 'write' ? 'storeMiss' : 'updateMiss'));
    code.localTee(machine);
    code.i32Eqz();
    this.#faultIf();
    code.localGet(machine);
    code.end();
    code.localSet(machine);
  }

  #store(probe: Node, value: Node): void {
    const { code } = this;
    const machine = this.#asLocal(probe);
    code.localGet(machine);
    this.#push(value);
    emitStore(code, value.bits, 0, 0);
    if (this.#leave < 0) this.#leave = this.#local('i32');
    code.localGet(machine);
    code.i32Const(BOUNCE);
    code.i32Eq();
    code.if(undefined);
    code.call(this.imports.core('storeCommit'));
    code.localGet(this.#leave);
    code.i32Or();
    code.localSet(this.#leave);
    code.end();
  }

  #leaveWhenDropped(how: 'leaveAfter' | 'suspend'): void {
    const { code } = this;
    if (this.#leave < 0) return;
    code.localGet(this.#leave);
    code.if(undefined);
    code.localGet(0);
    code.call(this.imports.core(how));
    code.returnCall(this.imports.proceed);
    code.end();
  }

  // ---- Control. ----
  #core(operation: Of<'core'>, node: Node): void {
    const { code } = this;
    const signature = coreRoutines[operation.routine];
    if (!signature.pure) {
      code.i32Const(0);
      code.localGet(0);
      code.i32Store(CURRENT);
    }
    node.inputs.forEach((input, index) => {
      if (wasmType(input.bits) !== signature.parameters[index]) {
        throw new Error(`${operation.routine} wants ${signature.parameters[index]} as value ${index}, not ${input.bits} bits`);
      }
      this.#push(input);
    });
    code.call(this.imports.core(operation.routine));
    if (signature.result !== null) this.#keep(node);
  }

  #followTaken(): void {
    const { code } = this;
    this.#jumps = true;
    if (this.#leave >= 0) {
      code.localGet(this.#leave);
      code.if(undefined);
      code.i32Const(0);
      code.i64Load(CODE_PAGE);
      code.localGet(0);
      code.i64Load(RECORD_IMMEDIATE);
      code.i64Add();
      if (this.variant.operandSize === 32) {
        code.i64Const(0xffffffffn);
        code.i64And();
      }
      code.call(this.imports.core('jumpTo'));
      code.returnCall(this.imports.proceed);
      code.end();
    }
    this.#follow(RECORD_LINK_TAKEN, 1);
  }

  #followNext(): void {
    this.#leaveWhenDropped('leaveAfter');
    this.#follow(RECORD_LINK_NEXT, 0);
  }

  #follow(link: number, taken: 0 | 1): void {
    const { code } = this;
    emitFollow(code, link, taken, this.handlerType, this.imports);
  }

  #repeat(operation: Of<'repeat'>): void {
    const { code } = this;
    const size = this.variant.addressSize;
    const count = GPR + 8; // rCX
    const pushCount = (): void => {
      code.i32Const(0);
      emitLoad(code, size, count);
    };
    code.block(undefined);
    code.loop(undefined);
    pushCount();
    if (size === 64) code.i64Eqz();
    else code.i32Eqz();
    code.brIf(1);
    if (operation.bulk && this.variant.environment !== 'segmented') {
      code.localGet(0);
      code.i32Const(Math.log2((this.variant.operandSize || 8) / 8));
      code.call(this.imports.core(operation.bulk === 'move' ? 'repeatMove' : 'repeatFill'));
      code.brIf(0);
    }
    this.#statements(operation.body);
    code.i32Const(0);
    pushCount();
    if (size === 64) {
      code.i64Const(-1n);
      code.i64Add();
      code.i64Store(count);
    } else {
      code.i32Const(-1);
      code.i32Add();
      if (size === 32) {
        code.i64ExtendI32U();
        code.i64Store(count);
      } else code.i32Store16(count);
    }
    if (operation.until) {
      this.#push(operation.until);
      code.brIf(1);
    }
    this.#leaveWhenDropped('suspend');
    // Each repetition counts as an instruction, and between two of them control can leave (SDM vol. 2 "REP").
    code.i32Const(0);
    code.i32Const(0);
    code.i32Load(BUDGET);
    code.i32Const(1);
    code.i32Sub();
    code.i32Store(BUDGET);
    code.i32Const(0);
    code.i32Load(BUDGET);
    code.i32Const(0);
    code.i32GtS();
    code.brIf(0);
    code.localGet(0);
    code.call(this.imports.core('suspend'));
    code.returnCall(this.imports.proceed);
    code.end();
    code.end();
  }
}

/** Goes on at the block that a link of the record points to, which the core finds the first time. */
export function emitFollow(code: Code, link: number, taken: 0 | 1, handlerType: number, imports: HandlerImports): void {
  const target = code.addLocal('i32');
  code.localGet(0);
  code.i32Load(link);
  code.localTee(target);
  code.i32Eqz();
  code.if(undefined);
  code.localGet(0);
  code.i32Const(taken);
  code.call(imports.core('followLink'));
  code.returnCall(imports.proceed);
  code.end();
  emitEnter(code, target, handlerType, imports);
}

function isZero(node: Node): boolean {
  return node.operation.op === 'constant' && node.operation.value === 0n;
}

