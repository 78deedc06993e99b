/** What an operation's operands are, so that interesting ones can be made. */
export type OperandKind = 'f32' | 'f64' | 'f80' | 'i32' | 'i64' | 'decimal' | 'none';

/** One operation of the differential test: how the processor does it, and how the core does. */
export interface Operation {
  readonly name: string;
  /** MXCSR or the x87 control word. */
  readonly control: 'sse' | 'x87';
  readonly a: OperandKind;
  readonly b: OperandKind;
  /** A statement over the macros of native.c. */
  readonly native: string;
  /** A statement over the harness of build.ts. */
  readonly core: string;
  /** Condition bits that the manual defines for it and that are compared. */
  readonly conditions?: number;
  /** Needs the host to have AVX. */
  readonly avx?: true;
  /** Units in the last place by which two right answers may differ; absent: none, and flags count. */
  readonly tolerance?: number;
}

const C1 = 0x200;
const ALL = 0x4700;

const operations: Operation[] = [];

for (const [format, suffix, bytes] of [
  ['f32', 's', 4],
  ['f64', 'd', 8],
] as const) {
  const scalar = (name: string, instruction: string, core: string): void => {
    operations.push({
      name: `${format}${name}`,
      control: 'sse',
      a: format,
      b: format,
      native: `SSE_SCALAR(${bytes}, "${instruction}")`,
      core: `${format}Result(${core}, control)`,
    });
  };
  const a = `a${bytes * 8}`;
  const b = `b${bytes * 8}`;
  for (const name of ['Add', 'Sub', 'Mul', 'Div', 'Min', 'Max']) {
    const instruction = `${name.toLowerCase()}s${suffix} %%xmm1, %%xmm0`;
    scalar(name, instruction, `${format}${name}(${a}, ${b}, control)`);
  }
  scalar('Sqrt', `sqrts${suffix} %%xmm0, %%xmm0`, `${format}Sqrt(${a}, control)`);
  for (let immediate = 0; immediate < 16; immediate++) {
    const instruction = `rounds${suffix} $${immediate}, %%xmm0, %%xmm0`;
    scalar(`Round ${immediate}`, instruction, `${format}Round(${a}, ${immediate}, control)`);
  }
  for (let predicate = 0; predicate < 8; predicate++) {
    const instruction = `cmps${suffix} $${predicate}, %%xmm1, %%xmm0`;
    scalar(`Compare ${predicate}`, instruction, `${format}Compare(${a}, ${b}, ${predicate}, control)`);
  }
  for (let predicate = 8; predicate < 32; predicate++) {
    const instruction = `vcmps${suffix} $${predicate}, %%xmm1, %%xmm0, %%xmm0`;
    scalar(`Compare ${predicate}`, instruction, `${format}Compare(${a}, ${b}, ${predicate}, control)`);
    operations.push({ ...operations.pop()!, avx: true });
  }
  for (const [prefix, quiet] of [
    ['', 0],
    ['u', 1],
  ] as const) {
    operations.push({
      name: `${format}CompareFlags ${prefix}comis${suffix}`,
      control: 'sse',
      a: format,
      b: format,
      native: `SSE_COMPARE("${prefix}comis${suffix} %%xmm1, %%xmm0")`,
      core: `flagsResult(${format}CompareFlags(${a}, ${b}, control, ${quiet}), control)`,
      conditions: 0x45,
    });
  }
  for (const [width, register] of [
    [32, '%%eax'],
    [64, '%%rax'],
  ] as const) {
    for (const [truncate, letter] of [
      [0, ''],
      [1, 't'],
    ] as const) {
      operations.push({
        name: `${format}ToI${width} ${letter}`,
        control: 'sse',
        a: format,
        b: 'none',
        native: `SSE_INTEGER("cvt${letter}s${suffix}2si %%xmm0, ${register}")`,
        core: `f64Result(${format}ToI${width}(${a}, control, ${truncate}), control)`,
      });
    }
    const control = width === 32 && format === 'f64' ? '' : ', control';
    operations.push({
      name: `i${width}To${format}`,
      control: 'sse',
      a: `i${width}`,
      b: 'none',
      native: `SSE_SCALAR(${bytes}, "cvtsi2s${suffix}${width === 64 ? 'q' : 'l'} ${register}, %%xmm0")`,
      core: `${format}Result(i${width}To${format.toUpperCase()}(a${width}${control}), control)`,
    });
  }
}

const sseConversions: readonly Operation[] = [
  {
    name: 'f32ToF64',
    control: 'sse',
    a: 'f32',
    b: 'none',
    native: 'SSE_SCALAR(8, "cvtss2sd %%xmm0, %%xmm0")',
    core: 'f64Result(f32ToF64(a32, control), control)',
  },
  {
    name: 'f64ToF32',
    control: 'sse',
    a: 'f64',
    b: 'none',
    native: 'SSE_SCALAR(4, "cvtsd2ss %%xmm0, %%xmm0")',
    core: 'f32Result(f64ToF32(a64, control), control)',
  },
];
operations.push(...sseConversions);

const unary = (name: string, instruction: string, core: string, conditions = C1): void => {
  operations.push({
    name,
    control: 'x87',
    a: 'f80',
    b: 'none',
    native: `X87_UNARY("${instruction}")`,
    core: `${core}; x87Result(control)`,
    conditions,
  });
};
const binary = (name: string, instruction: string, conditions = C1): void => {
  operations.push({
    name,
    control: 'x87',
    a: 'f80',
    b: 'f80',
    native: `X87_BINARY("${instruction}")`,
    core: `f80Copy(first, a); ${name}(first, a, b, control); x87Result(control)`,
    conditions,
  });
};

binary('f80Add', 'fadd %%st(1), %%st');
binary('f80Sub', 'fsub %%st(1), %%st');
binary('f80SubReversed', 'fsubr %%st(1), %%st');
binary('f80Mul', 'fmul %%st(1), %%st');
binary('f80Div', 'fdiv %%st(1), %%st');
binary('f80DivReversed', 'fdivr %%st(1), %%st');
binary('f80Remainder', 'fprem', ALL);
binary('f80RemainderNearest', 'fprem1', ALL);
binary('f80Scale', 'fscale');
unary('f80Sqrt', 'fsqrt', 'f80Copy(first, a); f80Sqrt(first, a, control)');
unary('f80RoundToInteger', 'frndint', 'f80Copy(first, a); f80RoundToInteger(first, a, control)');
unary('f80Abs', 'fabs', 'f80Abs(first, a)');
unary('f80Chs', 'fchs', 'f80Chs(first, a)');
unary('f80Examine', 'fxam', 'f80Copy(first, a); f80Examine(a)', ALL);
unary('f80Test', 'ftst', 'f80Copy(first, a); f80Test(a)', ALL);
for (const [quiet, instruction] of ['fcom', 'fucom'].entries()) {
  operations.push({
    name: `f80Compare ${instruction}`,
    control: 'x87',
    a: 'f80',
    b: 'f80',
    native: `X87_BINARY("${instruction} %%st(1)")`,
    core: `f80Copy(first, a); f80Compare(a, b, control, ${quiet}); x87Result(control)`,
    conditions: ALL,
  });
  operations.push({
    name: `f80CompareFlags ${instruction}i`,
    control: 'x87',
    a: 'f80',
    b: 'f80',
    native: `X87_FLAGS("${instruction}i %%st(1), %%st")`,
    core: `const eflags = f80CompareFlags(a, b, control, ${quiet}); x87Flags(eflags, control)`,
    conditions: C1,
  });
}
operations.push({
  name: 'f80Extract',
  control: 'x87',
  a: 'f80',
  b: 'none',
  native: 'X87_TWO_RESULTS("fxtract")',
  core: `f80Copy(second, a); f80Set(first, 0, 0); f80Extract(second, first, a, control);
    if (f80Blocked(control)) { f80Copy(first, a); f80Set(second, 0xffff, 0xc000000000000000); } x87Result(control)`,
  conditions: C1,
});
for (const [bits, suffix] of [
  [32, 's'],
  [64, 'l'],
] as const) {
  operations.push({
    name: `f80FromF${bits}`,
    control: 'x87',
    a: `f${bits}`,
    b: 'none',
    native: `X87_LOAD("fld${suffix} %[a]")`,
    core: `f80FromF${bits}(first, a${bits});
      if (floatFlags & ~control & 1) f80Set(first, 0xffff, 0xc000000000000000); x87Result(control)`,
    conditions: C1,
  });
  operations.push({
    name: `f80ToF${bits}`,
    control: 'x87',
    a: 'f80',
    b: 'none',
    native: `X87_STORE("fst${suffix} %[first]")`,
    core: `const bits = f80ToF${bits}(a, control); store<u64>(first, f80StoreFault(control) ? 0 : bits); x87Result(control)`,
    conditions: C1,
  });
  for (const name of ['Add', 'Div', 'SubReversed']) {
    const instruction = name === 'SubReversed' ? 'fsubr' : `f${name.toLowerCase()}`;
    operations.push({
      name: `f80${name} m${bits}`,
      control: 'x87',
      a: 'f80',
      b: `f${bits}`,
      native: `X87("fldt %[a]", "${instruction}${suffix} %[b]", "fstpt %[first]")`,
      core: `const denormal = f80OperandF${bits}(scratch, b${bits}); f80Copy(first, a);
        f80${name}(first, a, scratch, control | denormal); x87Result(control)`,
      conditions: C1,
    });
  }
  operations.push({
    name: `f80Compare m${bits}`,
    control: 'x87',
    a: 'f80',
    b: `f${bits}`,
    native: `X87("fldt %[a]", "fcom${suffix} %[b]", "fstpt %[first]")`,
    core: `const denormal = f80OperandF${bits}(scratch, b${bits}); f80Copy(first, a);
        f80Compare(a, scratch, control | denormal, 0); x87Result(control)`,
    conditions: ALL,
  });
}
for (const [bits, suffix] of [
  [16, 's'],
  [32, 'l'],
  [64, 'll'],
] as const) {
  for (const [truncate, letters] of [
    [0, ''],
    [1, 't'],
  ] as const) {
    operations.push({
      name: `f80ToInteger ${bits} ${letters}`,
      control: 'x87',
      a: 'f80',
      b: 'none',
      native: `X87_STORE("fist${letters}p${suffix} %[first]")`,
      core: `const bits = f80ToInteger(a, ${bits}, control, ${truncate});
        store<u64>(first, f80StoreFault(control) ? 0 : bits & (<u64>-1 >> ${64 - bits})); x87Result(control)`,
      conditions: C1,
    });
  }
}
operations.push(
  {
    name: 'f80FromI64',
    control: 'x87',
    a: 'i64',
    b: 'none',
    native: 'X87_LOAD("fildll %[a]")',
    core: 'f80FromI64(first, a64); x87Result(control)',
    conditions: C1,
  },
  {
    name: 'f80FromDecimal',
    control: 'x87',
    a: 'decimal',
    b: 'none',
    native: 'X87_LOAD("fbld %[a]")',
    core: 'f80FromDecimal(first, a); x87Result(control)',
    conditions: C1,
  },
  {
    name: 'f80ToDecimal',
    control: 'x87',
    a: 'f80',
    b: 'none',
    native: 'X87_STORE("fbstp %[first]")',
    core: 'f80ToDecimal(first, a, control); x87Result(control)',
    conditions: C1,
  },
);
for (const [index, instruction] of ['fld1', 'fldl2t', 'fldl2e', 'fldpi', 'fldlg2', 'fldln2', 'fldz'].entries()) {
  operations.push({
    name: `f80Constant ${instruction}`,
    control: 'x87',
    a: 'none',
    b: 'none',
    native: `X87_LOAD("${instruction}")`,
    core: `f80Constant(first, ${index}, control); x87Result(control)`,
    conditions: C1,
  });
}

/** Every operation of the bit-exact comparison; its index is its number in cases. */
export const exactOperations: readonly Operation[] = operations;

const transcendentals: Operation[] = [];
const C2 = 0x400;
for (const [name, instruction] of [
  ['f80Sin', 'fsin'],
  ['f80Cos', 'fcos'],
  ['f80Exp2Minus1', 'f2xm1'],
] as const) {
  transcendentals.push({
    name,
    control: 'x87',
    a: 'f80',
    b: 'none',
    native: `X87_UNARY("${instruction}")`,
    core: `f80Copy(first, a); ${name}(first, a, control); x87Result(control)`,
    conditions: C2,
    tolerance: 1,
  });
}
for (const [name, instruction] of [
  ['f80SinCos', 'fsincos'],
  ['f80Tan', 'fptan'],
] as const) {
  transcendentals.push({
    name,
    control: 'x87',
    a: 'f80',
    b: 'none',
    native: `X87_TWO_RESULTS("${instruction}")`,
    core: `${name}(second, first, a, control); if (f80Blocked(control) || floatCondition & ${C2}) {
      f80Copy(first, a); f80Set(second, 0xffff, 0xc000000000000000); } x87Result(control)`,
    conditions: C2,
    tolerance: 1,
  });
}
for (const [name, instruction] of [
  ['f80Atan2', 'fpatan'],
  ['f80Log2', 'fyl2x'],
  ['f80Log2Plus1', 'fyl2xp1'],
] as const) {
  transcendentals.push({
    name,
    control: 'x87',
    a: 'f80',
    b: 'f80',
    native: `X87_BINARY("${instruction}")`,
    core: `f80Copy(first, a); ${name}(first, a, b, control); x87Result(control)`,
    tolerance: 1,
  });
}

/** The operations whose results processors round within one unit, not exactly. */
export const transcendentalOperations: readonly Operation[] = transcendentals;
