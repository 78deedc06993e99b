// What a region's instructions do beside computing: memory and core routines, with the state that all of them share.

import { BOUNCE, BUDGET, TLB_ADDEND, TLB_BASE } from '../../core/layout.ts';
import type { Code } from '../../wasm/code.ts';
import type { OperationOf } from '../emit-context.ts';
import { emitTagCompare } from '../emit-probe.ts';
import type { HandlerVariant } from '../handler-variant.ts';
import type { Node, ProbeKind, ProbeSegment } from '../ir.ts';
import type { MachineView } from './machine-view.ts';
import type { Window, WindowAccess } from './page-windows.ts';
import { RegionCount } from './region-count.ts';
import { FLAGS_UNKNOWN } from './region-flags.ts';
import { REST, RegionFrame, type RegionImports } from './region-frame.ts';
import { missRoutines, STORE_FAULTED, type RegionHelpers } from './region-helpers.ts';
import type { RegisterUse } from './region-registers.ts';
import type { AddressForm } from './region-reader.ts';
import { RegionState } from './region-state.ts';
import { RegionValues } from './region-values.ts';

export abstract class RegionInstructions extends RegionValues {
  override variant: HandlerVariant;
  readonly machine: RegionState;
  protected readonly frame: RegionFrame;
  protected readonly helpers: RegionHelpers;
  /** Local with the instructions left, as BUDGET has them elsewhere. */
  protected readonly budget: number;
  /** Null when nobody asks how many instructions retire in regions. */
  protected readonly count: RegionCount | null;
  /** Accesses of the instruction at hand that lie in windows. */
  protected inWindows: readonly WindowAccess[] = [];
  /** Whether the instruction at hand has looked for a pending x87 exception. */
  protected hasWaited = false;
  /** Locals with the machine addresses of windows, by slot. */
  readonly #windows: (number | undefined)[] = [];
  /** Local with TLB_BASE. Only what ends a block, or a core routine, can change that. */
  readonly #table: number;

  constructor(
    code: Code,
    view: MachineView,
    imports: RegionImports,
    helpers: RegionHelpers,
    handlerType: number,
    use: RegisterUse,
    first: HandlerVariant,
    form: AddressForm,
    counts: boolean,
  ) {
    super(code, first, imports);
    this.variant = first;
    this.helpers = helpers;
    this.leave = code.addLocal('i32');
    this.budget = code.addLocal('i32');
    this.#table = code.addLocal('i32');
    this.count = counts ? new RegionCount(code, view, this.budget) : null;
    this.frame = new RegionFrame(code, imports, handlerType, {
      state: () => {
        this.machine.flags.known = FLAGS_UNKNOWN;
        this.machine.registers.spill();
        this.storeBudget();
        this.count?.add(0);
      },
      uncount: (reason) => this.count?.uncount(reason),
      handOverFlags: () => this.machine.flags.handOver(),
      settleFlags: () => this.machine.flags.settle(),
    });
    this.machine = new RegionState(this, view, this.frame, use, form);
    this.loadBudget();
    this.#loadTable();
    this.machine.registers.load();
    this.machine.flags.receive();
  }

  protected loadBudget(): void {
    this.code.i32Const(0);
    this.code.i32Load(BUDGET);
    this.code.localSet(this.budget);
  }

  #loadTable(): void {
    this.code.i32Const(0);
    this.code.i32Load(TLB_BASE);
    this.code.localSet(this.#table);
  }

  protected storeBudget(): void {
    this.code.i32Const(0);
    this.code.localGet(this.budget);
    this.code.i32Store(BUDGET);
  }

  // ---- Memory. ----
  /** The record at hand, with 1 added where the access is through SS. */
  #pushRecord(segment: ProbeSegment): void {
    const isStack = segment === 'SS' || this.machine.segment === 2;
    this.code.i32Const(this.machine.ip + (isStack ? 1 : 0));
  }

  /** Leaves a machine address in a local, which is given back; faults when there is none. */
  #machineAddress({ kind, bytes, segment }: OperationOf<'probe'>, linear: Node): number {
    const { code } = this;
    const machine = this.local('i32');
    const address = this.asLocal(linear);
    this.#compareTag(kind, bytes, address);
    code.if('i32');
    this.#pushHit(address);
    code.else();
    code.localGet(address);
    code.i32Const(bytes);
    this.#pushRecord(segment);
    code.call(this.imports.core(missRoutines[kind]));
    code.localTee(machine);
    code.i32Eqz();
    this.frame.faultIf();
    code.localGet(machine);
    code.end();
    code.localSet(machine);
    return machine;
  }

  /** Pushes whether the TLB has the address in a local, and expects that. */
  #compareTag(kind: ProbeKind, bytes: number, address: number): void {
    emitTagCompare(this.code, { kind, bytes }, address, this.entry(), () => this.code.localGet(this.#table));
    this.code.expect(true);
  }

  /** Pushes the machine address of a linear one in a local, when the TLB has it. */
  #pushHit(address: number): void {
    const { code } = this;
    code.localGet(address);
    code.i32WrapI64();
    code.localGet(this.entry());
    code.i32Load(TLB_ADDEND);
    code.i32Add();
  }

  #inWindow(probe: Node): WindowAccess | undefined {
    return this.inWindows.find((access) => access.probe === probe);
  }

  /** Pushes the machine address of an access's window. */
  #pushWindow({ probe, window, distance, opens }: WindowAccess): void {
    const local = (this.#windows[window.slot] ??= this.code.addLocal('i32'));
    if (opens) this.#openWindow(window, local, distance, this.asLocal(probe.inputs[0]!));
    this.code.localGet(local);
  }

  /** @param before distance of the access, whose address is in a local, from the window's first byte */
  #openWindow({ isWrite, low, high }: Window, window: number, before: number, address: number): void {
    const { code } = this;
    const bytes = high - low;
    let first = address;
    if (before > 0) {
      first = this.local('i64');
      code.localGet(address);
      code.i64Const(before);
      code.i64Sub();
      code.localSet(first);
    }
    this.#compareTag(isWrite ? 'write' : 'read', bytes, first);
    code.if('i32');
    this.#pushHit(first);
    code.else();
    code.localGet(address);
    code.i32Const(bytes + before * 0x10000);
    code.i32Const(this.machine.ip + (isWrite ? 1 : 0));
    code.call(this.imports.core('regionWindow'));
    code.localTee(window);
    code.i32Eqz();
    this.frame.faultIf();
    code.localGet(window);
    code.end();
    code.localSet(window);
  }

  protected override probe(operation: OperationOf<'probe'>, node: Node, linear: Node): void {
    const access = this.#inWindow(node);
    if (!access) return this.bind(node, this.#machineAddress(operation, linear));
    const machine = this.local('i32');
    this.#pushWindow(access);
    this.code.i32Const(access.distance);
    this.code.i32Add();
    this.code.localSet(machine);
    this.bind(node, machine);
  }

  protected load(operation: OperationOf<'probe'>, probe: Node, load: Node): void {
    const access = this.#inWindow(probe);
    if (access) {
      this.#pushWindow(access);
      return this.floats.load(load, access.distance);
    }
    this.code.localGet(this.#machineAddress(operation, probe.inputs[0]!));
    this.floats.load(load);
  }

  /** A probe and its store in one. */
  protected storeAtOnce({ segment }: OperationOf<'probe'>, probe: Node, value: Node): void {
    const { code } = this;
    const access = this.#inWindow(probe);
    if (access) {
      this.#pushWindow(access);
      this.floats.store(value, access.distance);
      // There is no decoded code in a window that may be written.
      this.stores = false;
      return;
    }
    const address = this.asLocal(probe.inputs[0]!);
    const isFloat = this.floats.has(value);
    if (!isFloat && value.operation.op !== 'constant') this.asLocal(value);
    this.#compareTag('write', value.bits / 8, address);
    code.if(undefined);
    this.#pushHit(address);
    this.floats.store(value);
    this.#stay();
    code.else();
    code.localGet(address);
    this.push(value);
    this.#pushRecord(segment);
    code.call(this.helpers.storeMissed(value.bits));
    code.localTee(this.leave);
    code.i32Const(STORE_FAULTED);
    code.i32Eq();
    this.frame.faultIf();
    code.end();
  }

  /** No code was dropped: said where an engine can see that nothing has to be asked after the instruction. */
  #stay(): void {
    this.code.i32Const(0);
    this.code.localSet(this.leave);
  }

  protected override store(probe: Node, value: Node): void {
    const { code } = this;
    const machine = this.asLocal(probe);
    code.localGet(machine);
    this.floats.store(value);
    if (this.#inWindow(probe)) {
      if (this.storesOnce) this.stores = false;
      return;
    }
    code.localGet(machine);
    code.i32Const(BOUNCE);
    code.i32Eq();
    code.expect(false);
    code.if(undefined);
    code.call(this.imports.core('storeCommit'));
    if (!this.storesOnce) {
      code.localGet(this.leave);
      code.i32Or();
    }
    code.localSet(this.leave);
    if (this.storesOnce) {
      code.else();
      this.#stay();
    }
    code.end();
  }

  // ---- Core routines. ----
  override get leaveForHandler(): () => void {
    const { ip } = this.machine;
    return () => this.frame.leave(REST, ip);
  }

  /** Once for an instruction, which has changed nothing by then; the routine that follows may want to know which one it is. */
  protected waited(): boolean {
    if (this.hasWaited) return true;
    this.hasWaited = true;
    const { code } = this;
    this.machine.pushPending();
    code.expect(false);
    code.if(undefined);
    this.leaveForHandler();
    code.end();
    this.machine.noteCurrent();
    return true;
  }

  protected beforeCore(): void {
    this.machine.registers.spill();
    this.machine.flags.store();
    this.storeBudget();
    this.machine.noteCurrent();
    // The routine may not come back.
    this.count?.addBefore(this.machine.ip);
  }

  protected afterCore(registers: boolean): void {
    this.loadBudget();
    this.#loadTable();
    this.count?.resumeAt(this.machine.ip);
    this.machine.noteMxcsr();
    if (!registers) return;
    this.machine.registers.load();
    this.floats.ordinary.registers = new Map();
  }
}
