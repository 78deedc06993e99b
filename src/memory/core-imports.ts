/**
 * What the host does for the core: the other side of src/core/assembly/imports.ts. Numbers that are marked unsigned
 * there arrive signed (a Wasm i32), so an implementation takes `>>> 0` of them.
 */
export interface CoreImports {
  /** Throws a value that the run loop knows, which leaves every Wasm frame up to it. */
  unwind(): never;
  /** Reads `size` (1, 2, 4) bytes from an I/O port. */
  portRead(port: number, size: number): number;
  /** Writes the low `size` (1, 2, 4) bytes of `value` to an I/O port. */
  portWrite(port: number, size: number, value: number): void;
  /** Reads `size` (1, 2, 4) bytes at `offset` (0 to 4095) of a guest-physical frame that is not memory. */
  mmioRead(gfn: number, offset: number, size: number): number;
  /** Writes `size` (1, 2, 4) bytes at `offset` (0 to 4095) of a guest-physical frame that is not memory. */
  mmioWrite(gfn: number, offset: number, size: number, value: number): void;
  /** The INTA cycle: the vector (0 to 255) of the interrupt now in service, or -1 when none was pending. */
  acknowledgeInterrupt(): number;
  /** The time-stamp counter without TSC_OFFSET: a whole number. */
  readTsc(): number;
  /** Reads an MSR that the core does not keep into RESULT (u64). 1: done, 0: no such MSR. */
  msrRead(index: number): number;
  /** Writes RESULT (u64) to an MSR that the core does not keep. 1: done, 0: no such MSR or a bad value. */
  msrWrite(index: number): number;
  /** CPUID: reads EAX and ECX from the general registers, writes EAX, EBX, ECX and EDX. */
  cpuid(): void;
  /** The task priority as CR8 shows it, 0 to 15. */
  cr8Read(): number;
  /** MOV CR8: sets the task priority, 0 to 15. */
  cr8Write(value: number): void;
  /** 32 random bits. */
  randomWord(): number;
  /** TSC_OFFSET has changed. */
  timeStampChanged(): void;
}
