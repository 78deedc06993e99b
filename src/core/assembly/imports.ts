// What the host's JavaScript does for the core. The names are those of the module `env`; `CoreImports` in
// src/memory/core-imports.ts is the other side of this file.

/** Throws: leaves every Wasm frame up to the run loop, which then calls `deliverCurrent`. */
@external('env', 'unwind')
export declare function unwind(): void;

/** Reads `size` (1, 2, 4) bytes from an I/O port. */
@external('env', 'portRead')
export declare function portRead(port: u32, size: u32): u32;

/** Writes the low `size` (1, 2, 4) bytes of `value` to an I/O port. */
@external('env', 'portWrite')
export declare function portWrite(port: u32, size: u32, value: u32): void;

/** Reads `size` (1, 2, 4) bytes at `offset` (0…4095) of a guest-physical frame that is not memory. */
@external('env', 'mmioRead')
export declare function mmioRead(gfn: u32, offset: u32, size: u32): u32;

/** Writes `size` (1, 2, 4) bytes at `offset` (0…4095) of a guest-physical frame that is not memory. */
@external('env', 'mmioWrite')
export declare function mmioWrite(gfn: u32, offset: u32, size: u32, value: u32): void;

/** The INTA cycle: the vector (0…255) of the interrupt now in service, or -1 when none was pending. */
@external('env', 'acknowledgeInterrupt')
export declare function acknowledgeInterrupt(): i32;

/** The time-stamp counter without TSC_OFFSET: a whole number, as f64 because a u64 crosses as a slow BigInt. */
@external('env', 'readTsc')
export declare function readTsc(): f64;

/** Reads an MSR the core does not keep into RESULT (u64). 1: done, 0: no such MSR (#GP). */
@external('env', 'msrRead')
export declare function msrRead(index: u32): i32;

/** Writes RESULT (u64) to an MSR the core does not keep. 1: done, 0: no such MSR or bad value (#GP). */
@external('env', 'msrWrite')
export declare function msrWrite(index: u32): i32;

/** CPUID: reads EAX and ECX from the general registers, writes EAX, EBX, ECX and EDX zero-extended. */
@external('env', 'cpuid')
export declare function cpuid(): void;

/** The task priority as CR8 shows it, 0…15. */
@external('env', 'cr8Read')
export declare function cr8Read(): u32;

/** MOV CR8: sets the task priority, 0…15. */
@external('env', 'cr8Write')
export declare function cr8Write(value: u32): void;

/** 32 random bits for RDRAND and RDSEED: fit for keys, or the same in every run when the clock counts instructions. */
@external('env', 'randomWord')
export declare function randomWord(): u32;

/** TSC_OFFSET has changed: what waits for a count of the time-stamp counter waits for another time now. */
@external('env', 'timeStampChanged')
export declare function timeStampChanged(): void;

/** The cell has no frame left: frees some (and returns 1) or throws. */
@external('env', 'outOfFrames')
export declare function outOfFrames(): i32;
