// The core routines that meanings call by name: their WebAssembly signatures. The routines themselves are the
// exports of the same names in src/core/assembly. Truth values and integers up to 32 bits are i32.

type ValueType = 'i32' | 'i64' | 'v128';

/** `pure` routines neither fault nor read the instruction's address, so nothing need be stored before the call. */
export interface CoreRoutineSignature {
  readonly parameters: readonly ValueType[];
  readonly result: ValueType | null;
  readonly pure?: true;
}

const table = {
  // Wide arithmetic.
  mulHighUnsigned: { parameters: ['i64', 'i64'], result: 'i64', pure: true },
  mulHighSigned: { parameters: ['i64', 'i64'], result: 'i64', pure: true },
  divideUnsigned: { parameters: ['i64', 'i64'], result: 'i64', pure: true },
  divideSigned: { parameters: ['i64', 'i64'], result: 'i64', pure: true },
  divideWideUnsigned: { parameters: ['i64', 'i64', 'i64'], result: 'i64' },
  divideWideSigned: { parameters: ['i64', 'i64', 'i64'], result: 'i64' },
} as const satisfies Record<string, CoreRoutineSignature>;

export type CoreRoutine = keyof typeof table;
export const coreRoutines: Readonly<Record<CoreRoutine, CoreRoutineSignature>> = table;
