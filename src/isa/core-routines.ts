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

  // Bits and checksums.
  depositBits: { parameters: ['i64', 'i64'], result: 'i64', pure: true },
  extractBits: { parameters: ['i64', 'i64'], result: 'i64', pure: true },
  crc32c: { parameters: ['i32', 'i64', 'i32'], result: 'i32', pure: true },

  // RDRAND and RDSEED.
  randomBits: { parameters: [], result: 'i64', pure: true },

  // Stack frames.
  pushAll: { parameters: ['i32'], result: null },
  popAll: { parameters: ['i32'], result: null },
  enterFrame: { parameters: ['i32', 'i32', 'i32'], result: null },

  // Interrupts and flags.
  softwareInterrupt: { parameters: ['i32'], result: null },
  softwareException: { parameters: ['i32'], result: null },
  debugInterrupt: { parameters: [], result: null },
  interruptOnOverflow: { parameters: ['i32'], result: null },
  interruptReturn: { parameters: ['i32'], result: null },
  cli: { parameters: [], result: null },
  sti: { parameters: [], result: null },
  halt: { parameters: [], result: null },
  pushFlags: { parameters: ['i32'], result: 'i64' },
  popFlags: { parameters: ['i64', 'i32'], result: null },
  setAccessCheck: { parameters: ['i32'], result: null },

  // Segments and descriptor tables.
  readSelector: { parameters: ['i32'], result: 'i32', pure: true },
  loadSegment: { parameters: ['i32', 'i32'], result: null },
  lgdt: { parameters: ['i64', 'i32'], result: null },
  lidt: { parameters: ['i64', 'i32'], result: null },
  sgdt: { parameters: ['i64'], result: null },
  sidt: { parameters: ['i64'], result: null },
  sldt: { parameters: [], result: 'i32' },
  str: { parameters: [], result: 'i32' },
  lldt: { parameters: ['i32'], result: null },
  ltr: { parameters: ['i32'], result: null },
  lar: { parameters: ['i32'], result: 'i64' },
  lsl: { parameters: ['i32'], result: 'i64' },
  verr: { parameters: ['i32'], result: 'i32' },
  verw: { parameters: ['i32'], result: 'i32' },

  // Far transfers and system calls.
  farJump: { parameters: ['i32', 'i64', 'i32'], result: null },
  farCall: { parameters: ['i32', 'i64', 'i32'], result: null },
  farReturn: { parameters: ['i32', 'i32'], result: null },
  syscall: { parameters: [], result: null },
  sysret: { parameters: ['i32'], result: null },
  sysenter: { parameters: [], result: null },
  sysexit: { parameters: [], result: null },

  // Ports.
  checkPort: { parameters: ['i32', 'i32'], result: null },
  portIn: { parameters: ['i32', 'i32'], result: 'i32' },
  portOut: { parameters: ['i32', 'i32', 'i32'], result: null },
  portInString: { parameters: ['i64', 'i32', 'i32'], result: null },

  // Control, debug and model-specific registers.
  movFromCr: { parameters: ['i32'], result: 'i64' },
  movToCr: { parameters: ['i32', 'i64'], result: null },
  movFromDr: { parameters: ['i32'], result: 'i64' },
  movToDr: { parameters: ['i32', 'i64'], result: null },
  clts: { parameters: [], result: null },
  lmsw: { parameters: ['i32'], result: null },
  smsw: { parameters: [], result: 'i64' },
  xgetbv: { parameters: [], result: null },
  xsetbv: { parameters: [], result: null },
  readMsr: { parameters: [], result: null },
  writeMsr: { parameters: [], result: null },
  rdtsc: { parameters: [], result: null },
  rdtscp: { parameters: [], result: null },
  rdpid: { parameters: [], result: 'i64', pure: true },
  rdpmc: { parameters: [], result: null },
  swapgs: { parameters: [], result: null },
  readSegmentBase: { parameters: ['i32'], result: 'i64' },
  writeSegmentBase: { parameters: ['i32', 'i64'], result: null },
  cpuid: { parameters: [], result: null },
  invlpg: { parameters: ['i64'], result: null },
  invpcid: { parameters: ['i64', 'i64'], result: null },

  // Images of x87 and SSE state.
  fxsave: { parameters: ['i64', 'i32'], result: null },
  fxrstor: { parameters: ['i64', 'i32'], result: null },
  xsave: { parameters: ['i64', 'i32'], result: null },
  xrstor: { parameters: ['i64', 'i32'], result: null },

  // MMX and SSE state.
  requireMmx: { parameters: [], result: null },
  enterMmx: { parameters: [], result: null },
  emms: { parameters: [], result: null },
  readMxcsr: { parameters: [], result: 'i32', pure: true },
  writeMxcsr: { parameters: ['i32'], result: null },
  storeMasked: { parameters: ['i64', 'v128', 'v128'], result: null },
  stringLength: { parameters: ['v128', 'i32'], result: 'i32', pure: true },
  compareStrings: { parameters: ['v128', 'v128', 'i32', 'i32', 'i32'], result: 'i32', pure: true },

  // Cryptography.
  aesEncrypt: { parameters: ['v128'], result: 'v128', pure: true },
  aesEncryptLast: { parameters: ['v128'], result: 'v128', pure: true },
  aesDecrypt: { parameters: ['v128'], result: 'v128', pure: true },
  aesDecryptLast: { parameters: ['v128'], result: 'v128', pure: true },
  aesInverseMixColumns: { parameters: ['v128'], result: 'v128', pure: true },
  aesSubstituteWords: { parameters: ['v128'], result: 'v128', pure: true },
  carrylessLow: { parameters: ['i64', 'i64'], result: 'i64', pure: true },
  carrylessHigh: { parameters: ['i64', 'i64'], result: 'i64', pure: true },

  // SSE floating-point arithmetic.
  addPackedSingle: { parameters: ['v128', 'v128'], result: 'v128' },
  addPackedDouble: { parameters: ['v128', 'v128'], result: 'v128' },
  addScalarSingle: { parameters: ['i32', 'i32'], result: 'i32' },
  addScalarDouble: { parameters: ['i64', 'i64'], result: 'i64' },
  subtractPackedSingle: { parameters: ['v128', 'v128'], result: 'v128' },
  subtractPackedDouble: { parameters: ['v128', 'v128'], result: 'v128' },
  subtractScalarSingle: { parameters: ['i32', 'i32'], result: 'i32' },
  subtractScalarDouble: { parameters: ['i64', 'i64'], result: 'i64' },
  multiplyPackedSingle: { parameters: ['v128', 'v128'], result: 'v128' },
  multiplyPackedDouble: { parameters: ['v128', 'v128'], result: 'v128' },
  multiplyScalarSingle: { parameters: ['i32', 'i32'], result: 'i32' },
  multiplyScalarDouble: { parameters: ['i64', 'i64'], result: 'i64' },
  dividePackedSingle: { parameters: ['v128', 'v128'], result: 'v128' },
  dividePackedDouble: { parameters: ['v128', 'v128'], result: 'v128' },
  divideScalarSingle: { parameters: ['i32', 'i32'], result: 'i32' },
  divideScalarDouble: { parameters: ['i64', 'i64'], result: 'i64' },
  minimumPackedSingle: { parameters: ['v128', 'v128'], result: 'v128' },
  minimumPackedDouble: { parameters: ['v128', 'v128'], result: 'v128' },
  minimumScalarSingle: { parameters: ['i32', 'i32'], result: 'i32' },
  minimumScalarDouble: { parameters: ['i64', 'i64'], result: 'i64' },
  maximumPackedSingle: { parameters: ['v128', 'v128'], result: 'v128' },
  maximumPackedDouble: { parameters: ['v128', 'v128'], result: 'v128' },
  maximumScalarSingle: { parameters: ['i32', 'i32'], result: 'i32' },
  maximumScalarDouble: { parameters: ['i64', 'i64'], result: 'i64' },
  squareRootPackedSingle: { parameters: ['v128'], result: 'v128' },
  squareRootPackedDouble: { parameters: ['v128'], result: 'v128' },
  squareRootScalarSingle: { parameters: ['i32'], result: 'i32' },
  squareRootScalarDouble: { parameters: ['i64'], result: 'i64' },
  comparePackedSingle: { parameters: ['v128', 'v128', 'i32'], result: 'v128' },
  comparePackedDouble: { parameters: ['v128', 'v128', 'i32'], result: 'v128' },
  compareScalarSingle: { parameters: ['i32', 'i32', 'i32'], result: 'i32' },
  compareScalarDouble: { parameters: ['i64', 'i64', 'i32'], result: 'i64' },
  orderScalarSingle: { parameters: ['i32', 'i32', 'i32'], result: 'i32' },
  orderScalarDouble: { parameters: ['i64', 'i64', 'i32'], result: 'i32' },
  reciprocalPacked: { parameters: ['v128'], result: 'v128', pure: true },
  reciprocalScalar: { parameters: ['i32'], result: 'i32', pure: true },
  reciprocalRootPacked: { parameters: ['v128'], result: 'v128', pure: true },
  reciprocalRootScalar: { parameters: ['i32'], result: 'i32', pure: true },
  addSubtractSingle: { parameters: ['v128', 'v128'], result: 'v128' },
  addSubtractDouble: { parameters: ['v128', 'v128'], result: 'v128' },
  horizontalAddSingle: { parameters: ['v128', 'v128'], result: 'v128' },
  horizontalAddDouble: { parameters: ['v128', 'v128'], result: 'v128' },
  horizontalSubtractSingle: { parameters: ['v128', 'v128'], result: 'v128' },
  horizontalSubtractDouble: { parameters: ['v128', 'v128'], result: 'v128' },
  dotProductSingle: { parameters: ['v128', 'v128', 'i32'], result: 'v128' },
  dotProductDouble: { parameters: ['v128', 'v128', 'i32'], result: 'v128' },
  int32ToSingle: { parameters: ['i32'], result: 'i32' },
  int64ToSingle: { parameters: ['i64'], result: 'i32' },
  int32ToDouble: { parameters: ['i32'], result: 'i64', pure: true },
  int64ToDouble: { parameters: ['i64'], result: 'i64' },
  singleToInt32: { parameters: ['i32', 'i32'], result: 'i32' },
  singleToInt64: { parameters: ['i32', 'i32'], result: 'i64' },
  doubleToInt32: { parameters: ['i64', 'i32'], result: 'i32' },
  doubleToInt64: { parameters: ['i64', 'i32'], result: 'i64' },
  int32sToSingles: { parameters: ['v128'], result: 'v128' },
  int32sToDoubles: { parameters: ['i64'], result: 'v128', pure: true },
  singlesToInt32s: { parameters: ['v128', 'i32'], result: 'v128' },
  doublesToInt32s: { parameters: ['v128', 'i32'], result: 'i64' },
  mmxToSingles: { parameters: ['i64'], result: 'i64' },
  mmxToDoubles: { parameters: ['i64'], result: 'v128' },
  singlesToMmx: { parameters: ['i64', 'i32'], result: 'i64' },
  doublesToMmx: { parameters: ['v128', 'i32'], result: 'i64' },
  singleToDouble: { parameters: ['i32'], result: 'i64' },
  doubleToSingle: { parameters: ['i64'], result: 'i32' },
  singlesToDoubles: { parameters: ['i64'], result: 'v128' },
  doublesToSingles: { parameters: ['v128'], result: 'i64' },
  roundPackedSingle: { parameters: ['v128', 'i32'], result: 'v128' },
  roundPackedDouble: { parameters: ['v128', 'i32'], result: 'v128' },
  roundScalarSingle: { parameters: ['i32', 'i32'], result: 'i32' },
  roundScalarDouble: { parameters: ['i64', 'i32'], result: 'i64' },
} as const satisfies Record<string, CoreRoutineSignature>;

export type CoreRoutine = keyof typeof table;
export const coreRoutines: Readonly<Record<CoreRoutine, CoreRoutineSignature>> = table;
