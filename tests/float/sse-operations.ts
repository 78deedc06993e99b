// The SSE operations of the comparison with the processor.

import type { Operation } from './operation.ts';

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

/** Every SSE operation, all bit-exact. */
export const sseOperations: readonly Operation[] = operations;
