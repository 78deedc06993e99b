// Puts a vCPU into the state that a boot protocol asks for, and prints its state for people.

import {
  CPL,
  CR0,
  CR2,
  CR3,
  CR4,
  DELIVERING,
  FAULT_CODE,
  FAULT_VECTOR,
  FLAG_AUX,
  FLAG_RESULT,
  FPU_CONTROL,
  GPR,
  MODE,
  MSR_EFER,
  MSR_PAT,
  MXCSR,
  RFLAGS,
  RIP,
  SEGMENT_ATTRIBUTES,
  SEGMENT_BASE,
  SEGMENT_CS,
  SEGMENT_DS,
  SEGMENT_ES,
  SEGMENT_FS,
  SEGMENT_GDTR,
  SEGMENT_GS,
  SEGMENT_IDTR,
  SEGMENT_LDTR,
  SEGMENT_LIMIT,
  SEGMENT_SELECTOR,
  SEGMENT_SS,
  SEGMENT_TR,
  STATE,
  STATE_END,
  WIDE_STEP,
  XCR0,
  DR0,
} from '../core/layout.ts';
import { GENERAL_REGISTERS, type InitialCpuState } from '../boot/boot-plan.ts';

const segments = {
  es: SEGMENT_ES,
  cs: SEGMENT_CS,
  ss: SEGMENT_SS,
  ds: SEGMENT_DS,
  fs: SEGMENT_FS,
  gs: SEGMENT_GS,
  ldtr: SEGMENT_LDTR,
  tr: SEGMENT_TR,
} as const;
const ATTRIBUTE_UNUSABLE = 1;
/** Access rights keep the descriptor's bits 40 to 55 at bit 0; cached attributes keep them at bit 8. */
const ACCESS_RIGHTS_UNUSABLE = 0x10000;
/** PAT after reset: WB WT UC- UC, twice (SDM vol. 3A section 12.12.4). */
const PAT_RESET = 0x0007_0406_0007_0406n;

/** Writes the state after reset, then what `state` says (SDM vol. 3A section 10.1.1). `updateMode` of the core must follow. */
export function loadProcessorState(memory: WebAssembly.Memory, state: InitialCpuState): void {
  new Uint8Array(memory.buffer, STATE, STATE_END - STATE).fill(0);
  const view = new DataView(memory.buffer);
  const set64 = (address: number, value: number | bigint): void =>
    view.setBigUint64(address, BigInt.asUintN(64, BigInt(value)), true);
  set64(WIDE_STEP, 0x10000);
  GENERAL_REGISTERS.forEach((name, index) => set64(GPR + index * 8, state.registers[name]));
  set64(RIP, state.rip);
  view.setUint32(RFLAGS, state.rflags | 2, true);
  // No arithmetic flag is set: a result that is not zero, positive and of odd parity.
  set64(FLAG_RESULT, 1);
  set64(FLAG_AUX, 0);
  set64(CR0, state.cr0);
  set64(CR3, state.cr3);
  set64(CR4, state.cr4);
  set64(MSR_EFER, state.efer);
  set64(MSR_PAT, PAT_RESET);
  set64(XCR0, 1);
  set64(DR0 + 6 * 8, 0xffff_0ff0);
  set64(DR0 + 7 * 8, 0x400);
  view.setUint16(FPU_CONTROL, 0x37f, true);
  view.setUint32(MXCSR, 0x1f80, true);
  view.setInt32(FAULT_VECTOR, -1, true);
  view.setInt32(FAULT_CODE, -1, true);
  view.setInt32(DELIVERING, -1, true);
  for (const [name, address] of Object.entries(segments)) {
    const segment = state.segments[name as keyof typeof segments];
    const unusable = segment.accessRights & ACCESS_RIGHTS_UNUSABLE ? ATTRIBUTE_UNUSABLE : 0;
    set64(address + SEGMENT_BASE, segment.base);
    view.setUint32(address + SEGMENT_LIMIT, segment.limit, true);
    view.setUint32(address + SEGMENT_ATTRIBUTES, ((segment.accessRights & 0xf0ff) << 8) | unusable, true);
    view.setUint32(address + SEGMENT_SELECTOR, segment.selector, true);
  }
  for (const [table, address] of [
    [state.gdtr, SEGMENT_GDTR],
    [state.idtr, SEGMENT_IDTR],
  ] as const) {
    set64(address + SEGMENT_BASE, table.base);
    view.setUint32(address + SEGMENT_LIMIT, table.limit, true);
  }
  view.setUint32(CPL, state.segments.cs.selector & 3, true);
}

/** The registers as text of several lines, for a person who wonders why the guest stopped. */
export function describeProcessor(memory: WebAssembly.Memory, flags: number): string {
  const view = new DataView(memory.buffer);
  const hex = (address: number): string => view.getBigUint64(address, true).toString(16).padStart(16, '0');
  const lines: string[] = [];
  for (let row = 0; row < 16; row += 4) {
    lines.push(
      [0, 1, 2, 3]
        .map((column) => `${GENERAL_REGISTERS[row + column]!.toUpperCase().padEnd(3)} ${hex(GPR + (row + column) * 8)}`)
        .join('  '),
    );
  }
  lines.push(
    `RIP ${hex(RIP)}  RFLAGS ${flags.toString(16).padStart(8, '0')}  CPL ${view.getUint32(CPL, true)}  MODE ${view.getUint32(MODE, true).toString(16)}`,
  );
  lines.push(`CR0 ${hex(CR0)}  CR2 ${hex(CR2)}  CR3 ${hex(CR3)}  CR4 ${hex(CR4)}  EFER ${hex(MSR_EFER)}`);
  for (const [name, address] of Object.entries(segments)) {
    const selector = view
      .getUint32(address + SEGMENT_SELECTOR, true)
      .toString(16)
      .padStart(4, '0');
    const limit = view
      .getUint32(address + SEGMENT_LIMIT, true)
      .toString(16)
      .padStart(8, '0');
    const attributes = view
      .getUint32(address + SEGMENT_ATTRIBUTES, true)
      .toString(16)
      .padStart(6, '0');
    lines.push(
      `${name.toUpperCase().padEnd(4)} ${selector}  base ${hex(address + SEGMENT_BASE)}  limit ${limit}  attributes ${attributes}`,
    );
  }
  lines.push(`GDTR base ${hex(SEGMENT_GDTR)} limit ${view.getUint32(SEGMENT_GDTR + SEGMENT_LIMIT, true).toString(16)}`);
  lines.push(`IDTR base ${hex(SEGMENT_IDTR)} limit ${view.getUint32(SEGMENT_IDTR + SEGMENT_LIMIT, true).toString(16)}`);
  return lines.join('\n');
}
