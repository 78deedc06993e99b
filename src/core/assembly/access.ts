// skeleton: signatures are final
export function loadMiss(linear: i64, access: i32, ip: i32): i32 { return 0; }
export function storeMiss(linear: i64, access: i32, ip: i32): i32 { return 0; }
export function updateMiss(linear: i64, access: i32, ip: i32): i32 { return 0; }
export function storeCommit(): i32 { return 0; }
/** Reads with the current privilege; results are zero-extended. */
export function read8(linear: i64): i32 { return 0; }
export function read16(linear: i64): i32 { return 0; }
export function read32(linear: i64): i32 { return 0; }
export function read64(linear: i64): i64 { return 0; }
export function write8(linear: i64, value: i32): void {}
export function write16(linear: i64, value: i32): void {}
export function write32(linear: i64, value: i32): void {}
export function write64(linear: i64, value: i64): void {}
/** Implicit supervisor accesses (descriptor tables, TSS, interrupt stacks). */
export function readSystem8(linear: i64): i32 { return 0; }
export function readSystem16(linear: i64): i32 { return 0; }
export function readSystem32(linear: i64): i32 { return 0; }
export function readSystem64(linear: i64): i64 { return 0; }
export function writeSystem8(linear: i64, value: i32): void {}
export function writeSystem16(linear: i64, value: i32): void {}
export function writeSystem32(linear: i64, value: i32): void {}
export function writeSystem64(linear: i64, value: i64): void {}
/** Raise what a read or write of [linear, linear + bytes) would raise (any length up to 4096), change nothing. */
export function checkRead(linear: i64, bytes: i32): void {}
export function checkWrite(linear: i64, bytes: i32): void {}
export function checkSystemRead(linear: i64, bytes: i32): void {}
export function checkSystemWrite(linear: i64, bytes: i32): void {}
