// Everything the interpreter, the run loop and the tests may call.

export * from './access.ts';
export * from './bulk.ts';
export * from './code.ts';
export * from './division.ts';
export * from './exceptions.ts';
export * from './frames.ts';
export * from './p2m.ts';
export * from './paging.ts';
export * from './tlb.ts';
export { mulHighSigned, mulHighUnsigned } from './wide.ts';
export { checkPort, portIn, portOut } from './ports.ts';
export { cli, cpuid, halt, invlpg, invpcid, popFlags, pushFlags, setAccessCheck, sti } from './control.ts';
export { clts, lmsw, movFromCr, movToCr, smsw, xgetbv, xsetbv } from './control-registers.ts';
export { effectiveAddress, effectiveOffset, linearAddress, stackAddress } from './effective-address.ts';
export { emms, fldenv, fninit, fnsave, fnstenv, frstor } from './fpu-environment.ts';
export { farCall, farJump } from './far-transfers.ts';
export { farReturn, interruptReturn } from './far-returns.ts';
export { fxrstor, fxsave, xrstor, xsave, xsavec, xsaveopt } from './fpu-state.ts';
export { getFlags, setFlags } from './flags.ts';
export { lar, lgdt, lidt, lsl, sgdt, sidt, sldt, str, verr, verw } from './descriptor-tables.ts';
export { lldt, loadSegment, ltr, readSelector } from './segments.ts';
export { movFromDr, movToDr } from './debug-registers.ts';
export {
  rdpmc,
  rdtsc,
  rdtscp,
  readMsr,
  readSegmentBase,
  swapgs,
  writeMsr,
  writeSegmentBase,
} from './model-specific-registers.ts';
export { requirePrivilege, requireProtected } from './privilege.ts';
export { syscall, sysenter, sysexit, sysret } from './system-calls.ts';
export { updateMode } from './mode.ts';
