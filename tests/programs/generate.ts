// Makes whole random programs.

import { randomState } from '../instructions/generate-cases.ts';
import { mix, Random } from '../instructions/random.ts';
import { DATA_SIZE, StateImage } from '../instructions/state-image.ts';
import { operandValue } from '../instructions/values.ts';
import { PAGES } from './address-spaces.ts';
import { INTERRUPTS } from './board.ts';
import { functionBody, part } from './flow.ts';
import { lengthAt } from './operations.ts';
import { counterAddress, makePlan, type Plan } from './plan.ts';
import { assemble, DoesNotFit, type Assembled, type Change, type Intervention, type Program } from './program.ts';
import { slotCode, type Slot } from './slots.ts';
import { withStores } from './stores.ts';
import { Writer, type Callee } from './writer.ts';

const MOST_FUNCTIONS = 4;
const PAGE = 4096;

function makeState(random: Random, { codeSize, hasDevice }: Plan): StateImage {
  const state = new StateImage();
  randomState(random, state);
  // All exceptions masked, mostly: programs full of them prove little.
  if (!random.oneIn(8)) {
    state.mxcsr |= 0x1f80;
    state.fpuControl |= 0x3f;
    state.fpuStatus &= 0x7f00;
  }
  state.flags &= ~0x400;
  // IOPL: it may use ports, and CLI and STI.
  if (hasDevice) state.flags |= 0x3000;
  state.fsBase = BigInt(random.below(0x40));
  state.gsBase = BigInt(random.below(0x40));
  if (codeSize === 32)
    for (let i = 0; i < 16; i++) state.setRegister(i, i < 8 ? BigInt.asUintN(32, state.register(i)) : 0n);
  return state;
}

function makeData(random: Random): Uint8Array {
  const data = new Uint8Array(DATA_SIZE);
  const view = new DataView(data.buffer);
  for (let at = 0; at < DATA_SIZE; at += 8) view.setBigUint64(at, operandValue(random, 64), true);
  return data;
}

/** Another content for a slot that is no call. */
function changeOf({ label, kind, at, size }: Slot, random: Random, writer: Writer): Change {
  const any = Array.from({ length: size }, () => random.below(256));
  const bytes = kind === 'code' ? slotCode(random, writer, size) : any;
  return { label, plus: at, bytes: kind === 'condition' ? [0x70 | random.below(16)] : bytes };
}

/** Changes of some slots. */
function makeWrites(random: Random, writer: Writer, slots: readonly Slot[]): Change[] {
  const changeable = slots.filter(({ kind }) => kind !== 'call');
  if (changeable.length === 0) return [];
  return Array.from({ length: 1 + random.below(3) }, () => changeOf(random.pick(changeable), random, writer));
}

/** What is other in the second frames: most of the slots. */
function makeAlternate(random: Random, writer: Writer, slots: readonly Slot[]): Change[] {
  return slots.filter(({ kind }) => kind !== 'call' && !random.oneIn(4)).map((slot) => changeOf(slot, random, writer));
}

/** Events at times at which programs mostly still run. */
function makeInterventions(random: Random, writes: readonly Change[], { usesSpaces, hasDevice }: Plan): Intervention[] {
  const after = (): number => 20 + random.below(random.pick([300, 700, 1500]));
  const written = writes.map((change): Intervention => ({ kind: 'write', after: after(), ...change }));
  const moved = Array.from({ length: usesSpaces ? 3 + random.below(8) : 0 }, (): Intervention => {
    const which = random.oneIn(2) ? 0 : 1;
    if (random.oneIn(2)) return { kind: 'map', after: after(), page: random.below(PAGES), which };
    return { kind: 'enter', after: after(), space: which, pcid: which * 16 + random.below(3), keeps: random.oneIn(2) };
  });
  const interrupts = Array.from({ length: hasDevice ? random.below(8) : 0 }, (): Intervention => ({
    kind: 'interrupt',
    after: after(),
    number: random.below(INTERRUPTS),
  }));
  return [...written, ...moved, ...interrupts].sort((a, b) => a.after - b.after);
}

const makeFrames = (random: Random): (0 | 1)[] => Array.from({ length: PAGES }, () => (random.oneIn(2) ? 1 : 0));

function attempt(random: Random, avoided: ReadonlySet<string>): Program {
  const plan = makePlan(random, avoided);
  const { codeSize, usesSpaces } = plan;
  const writer = new Writer(plan);
  const slots: Slot[] | null = !usesSpaces && random.oneIn(2) ? null : [];
  const hasStores = slots !== null && !random.oneIn(3);
  const callees = Array.from({ length: random.below(MOST_FUNCTIONS + 1) }, (): Callee => ({
    label: writer.label(),
    words: random.oneIn(4) ? 1 + random.below(2) : 0,
  }));
  const context = { random, writer, callees, slots, hasStores, loops: 0, counters: plan.counters };
  const head = writer.label();
  // Near the end of its page, so that the main part goes over it, or anywhere.
  writer.mark(writer.label(), random.oneIn(2) ? PAGE - 1 - random.below(150) : random.below(PAGE));
  writer.onMemory([0xc7], 0, counterAddress(0), [
    1 + random.below(5) + (!hasStores ? 0 : 4 + random.below(6)),
    0,
    0,
    0,
  ]);
  writer.mark(head);
  writer.setReserved();
  part(context, 0, 7);
  writer.onMemory([0xff], 1, counterAddress(0), []);
  writer.jumpIf(5, head);
  writer.emit([0xcc]);
  callees.forEach((callee, index) => {
    const place = random.below(usesSpaces ? 6 : 3);
    const near = PAGE - 1 - random.below(60);
    writer.mark(writer.label(), place === 0 ? undefined : place === 1 ? random.below(PAGE) : near);
    writer.mark(callee.label);
    functionBody({ ...context, callees: callees.slice(index + 1), loops: 1, counters: [] }, callee);
  });
  const writes = slots !== null && random.oneIn(3) ? makeWrites(random, writer, slots) : [];
  return {
    codeSize,
    state: makeState(random, plan),
    data: makeData(random),
    steps: withStores(random, writer, slots ?? [], callees),
    pointers: writer.pointers,
    interventions: makeInterventions(random, writes, plan),
    alternate: usesSpaces ? makeAlternate(random, writer, slots ?? []) : [],
    frames: usesSpaces ? [makeFrames(random), makeFrames(random)] : null,
    changesItself: (hasStores && slots.length > 0) || writes.length > 0,
    hasDevice: plan.hasDevice,
  };
}

export function assembleProgram(program: Program): Assembled {
  return assemble(program, (code, at) => lengthAt(code, at, program.codeSize));
}

const nothing: ReadonlySet<string> = new Set();

/**
 * Program number `index`: always the same for the same seed.
 * @param avoided mnemonics to leave out
 */
export function generateProgram(seed: number, index: number, avoided = nothing): Program {
  const random = new Random(mix(seed) ^ mix(index + 1));
  for (;;) {
    const program = attempt(random, avoided);
    try {
      assembleProgram(program);
      return program;
    } catch (error) {
      if (!(error instanceof DoesNotFit)) throw error;
    }
  }
}
