// Makes a program that fails shorter, as long as it still fails.

import type { Program, Step } from './program.ts';

/** Time for one program, in milliseconds. */
const LONGEST = 20_000;

/** The steps without some of them; labels stay, since others refer to them. */
function without(steps: readonly Step[], from: number, count: number): Step[] {
  return steps.map((step, index) => {
    if (index < from || index >= from + count) return step;
    return step.label === undefined ? { bytes: [] } : { bytes: [], label: step.label };
  });
}

const isEmpty = ({ bytes, at }: Step): boolean => bytes.length === 0 && at === undefined;

/** Forgets steps that are nothing and that nobody refers to. */
function tidy(program: Program): Program {
  const used = new Set<string>(program.alternate.map(({ label }) => label));
  for (const { target } of program.pointers) if (typeof target === 'object') used.add(target.label);
  for (const intervention of program.interventions) if (intervention.kind === 'write') used.add(intervention.label);
  for (const { patches = [] } of program.steps) {
    for (const { target, from } of patches) {
      if (typeof target === 'object') used.add(target.label);
      if (typeof from === 'object') used.add(from.label);
    }
  }
  const steps = program.steps.filter((step) => !isEmpty(step) || (step.label !== undefined && used.has(step.label)));
  return { ...program, steps };
}

/** @param fails whether a program still shows what is looked for */
export function shrink(program: Program, fails: (candidate: Program) => boolean): Program {
  const end = performance.now() + LONGEST;
  let best = program;
  const accept = (candidate: Program): boolean => {
    if (performance.now() > end || !fails(candidate)) return false;
    best = candidate;
    return true;
  };
  for (let at = best.interventions.length - 1; at >= 0; at--) {
    accept({ ...best, interventions: best.interventions.filter((_, index) => index !== at) });
  }
  // Without PCIDs there are no other spaces.
  if (best.interventions.every(({ kind }) => kind !== 'enter')) accept({ ...best, frames: null });
  const whole = best.steps.length;
  for (let removed = true; removed && performance.now() < end;) {
    removed = false;
    for (let size = whole >> 1; size >= 1; size >>= 1) {
      for (let from = 0; from < best.steps.length;) {
        const range = best.steps.slice(from, from + size);
        const worthwhile = range.some((step) => !isEmpty(step));
        if (worthwhile && accept({ ...best, steps: without(best.steps, from, size) })) removed = true;
        from += size;
      }
    }
    // What only named places of what is gone may be gone too.
    const { pointers } = best;
    for (const pointer of pointers) accept({ ...best, pointers: best.pointers.filter((other) => other !== pointer) });
    for (const change of best.alternate) {
      accept({ ...best, alternate: best.alternate.filter((other) => other !== change) });
    }
    accept(tidy(best));
  }
  return best;
}
