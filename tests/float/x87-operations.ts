// The x87 operations of the comparison with the processor that are bit-exact.

import type { Operation } from './operation.ts';

const C1 = 0x200;
const ALL = 0x4700;

const operations: Operation[] = [];

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
    core: `f80Copy(first, a); ${name}(first, first, b, control); x87Result(control)`,
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
unary('f80Sqrt', 'fsqrt', 'f80Copy(first, a); f80Sqrt(first, first, control)');
unary('f80RoundToInteger', 'frndint', 'f80Copy(first, a); f80RoundToInteger(first, first, control)');
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
        f80${name}(first, first, scratch, control | denormal); x87Result(control)`,
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

/** Every x87 operation whose result IEEE 754 or the manual fixes to the bit. */
export const x87Operations: readonly Operation[] = operations;
