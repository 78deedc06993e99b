// Everything the interpreter, the run loop and the tests may call. asc takes a file that is exported from with its ending
// for another file than the same one imported from, so the endings are left out here.

export * from './access';
export { depositBits, extractBits } from './bit-deposit';
export { bulkFill, bulkMove } from './bulk';
export { dropAllCode, noteCode } from './blocks';
export {
  blockBoundary,
  currentBlock,
  endSlice,
  leaveAfter,
  requestBoundary,
  requestInterrupt,
  suspend,
} from './boundaries';
export { nextCodePage } from './find-block';
export { followLink, jumpTo } from './jumps';
export { invalidateMachine } from './code-frames';
export { crc32c } from './crc32c';
export * from './division';
export * from './exceptions';
export { allocateFrame, freeFrame } from './frames';
export { loadMiss, storeCommit, storeMiss, updateMiss } from './memory-misses';
export { frameForLoad, frameForRead, frameForWrite, mapMemory, unmapMemory } from './p2m';
export { loadPageDirectoryPointers } from './paging';
export { flushAll, flushPage, flushPcid, loadAddressSpace, resetTlb, translateFetch, updateTlbBase } from './tlb';
export { interruptOnOverflow } from './overflow-interrupt';
export { enterFrame, popAll, pushAll } from './stack-frames';
export { portInString } from './string-ports';
export { noteBusy, noteHot } from './hot-code';
export { settleFlags, settleHanded } from './region-flags';
export { checkRegion, decodedBlock, regionLoad, regionStore, regionUpdate, regionWindow } from './regions';
export { repeatFill, repeatMove } from './repeat';
export { mulHighSigned, mulHighUnsigned } from './wide';
export { checkPort, portIn, portOut } from './ports';
export { cli, cpuid, halt, invlpg, invpcid, popFlags, pushFlags, setAccessCheck, sti } from './control';
export { clts, lmsw, movFromCr, movToCr, smsw, xgetbv, xsetbv } from './control-registers';
export { adjustStack, effectiveOffset, linearAddress, stackOffset } from './effective-address';
export { emms, fldenv, fninit, fnsave, fnstenv, frstor } from './fpu-environment';
export { farCall, farJump } from './far-transfers';
export { farReturn, interruptReturn } from './far-returns';
export { fxrstor, fxsave, xrstor, xsave, xsavec, xsaveopt } from './fpu-state';
export { getFlags, setFlags } from './flags';
export { lar, lgdt, lidt, lsl, sgdt, sidt, sldt, str, verr, verw } from './descriptor-tables';
export { lldt, loadSegment, ltr, readSelector } from './segments';
export { movFromDr, movToDr } from './debug-registers';
export {
  rdpid,
  rdpmc,
  rdtsc,
  rdtscp,
  readMsr,
  readSegmentBase,
  swapgs,
  writeMsr,
  writeSegmentBase,
} from './model-specific-registers';
export { randomBits } from './random';
export { requireCanonical, requirePrivilege, requireProtected } from './privilege';
export { syscall, sysenter, sysexit, sysret } from './system-calls';
export { updateMode } from './mode';
export {
  aesDecrypt,
  aesDecryptLast,
  aesEncrypt,
  aesEncryptLast,
  aesInverseMixColumns,
  aesSubstituteWords,
} from './vector/aes';
export { carrylessHigh, carrylessLow } from './vector/carryless';
export { storeMasked } from './vector/masked-store';
export { enterMmx, requireMmx } from './vector/mmx';
export { readMxcsr, writeMxcsr } from './vector/mxcsr';
export { compareStrings, stringLength } from './vector/string-comparison';
export { reciprocalPacked, reciprocalRootPacked, reciprocalRootScalar, reciprocalScalar } from './sse/approximations';
export * from './sse/comparisons';
export * from './sse/format-conversions';
export * from './sse/horizontal';
export * from './sse/integer-conversions';
export * from './sse/mmx-conversions';
export * from './sse/packed-double';
export * from './sse/packed-single';
export * from './sse/scalar-double';
export * from './sse/scalar-single';
export { x87Arithmetic, x87ArithmeticDouble, x87ArithmeticInteger, x87ArithmeticSingle } from './x87/arithmetic';
export { ftst, fxam, x87Compare, x87CompareFlags } from './x87/comparisons';
export { fldcw, fnclex, fnstcw, fnstsw, fwait } from './x87/control-status';
export * from './x87/functions';
export {
  x87LoadConstant,
  x87LoadDecimal,
  x87LoadDouble,
  x87LoadExtended,
  x87LoadInteger,
  x87LoadRegister,
  x87LoadSingle,
} from './x87/loads';
export * from './x87/registers';
export * from './x87/stores';
export { waitX87 } from './x87/unit';
