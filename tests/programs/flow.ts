// The structure of random programs: branches, loops, calls and jumps of every kind, all of which come to an end.

import type { Random } from '../instructions/random.ts';
import { randomOperation } from './operations.ts';
import { RBP } from './plan.ts';
import { ALIAS, COPIES } from './program.ts';
import { emitSlot, type Slot } from './slots.ts';
import { emitControl, emitCopy, emitDevice, emitStackUse, emitTrap } from './special.ts';
import { emitWalk } from './walks.ts';
import type { Callee, Writer } from './writer.ts';

/** Whoever writes a part of a program. */
export interface Context {
  readonly random: Random;
  readonly writer: Writer;
  /** Functions that this part may call. */
  readonly callees: readonly Callee[];
  readonly loops: number;
  /** Registers of counters that no loop around uses. */
  readonly counters: readonly number[];
  /** Instructions that can be changed, of the whole program; null when none is to be. */
  readonly slots: Slot[] | null;
  /** The program changes them itself. */
  readonly hasStores: boolean;
}

const MOST_NESTED = 2;

function straight({ random, writer }: Context, most: number): void {
  for (let count = 1 + random.below(most); count > 0; count--) writer.add(randomOperation(random, writer.plan));
}

function branch(context: Context, depth: number): void {
  const { random, writer } = context;
  const condition = random.below(16);
  const end = writer.label();
  if (random.oneIn(2)) {
    const short = random.oneIn(2);
    writer.jumpIf(condition, end, short);
    if (short) straight(context, 2);
    else part(context, depth + 1, 2);
  } else {
    const other = writer.label();
    writer.jumpIf(condition, other);
    part(context, depth + 1, 2);
    writer.jump(end);
    writer.mark(other);
    part(context, depth + 1, 2);
  }
  writer.mark(end);
}

function loop(context: Context, depth: number): void {
  const { random, writer } = context;
  const times = 1 + random.below(random.oneIn(4) ? 12 : 4);
  const head = writer.label();
  const [register, ...counters] = context.counters;
  const inner = { ...context, loops: context.loops + 1, counters };
  const inMemory = register === undefined || random.oneIn(3);
  const counter = writer.counter();
  if (inMemory) writer.onMemory([0xc7], 0, counter, [times, 0, 0, 0]);
  else writer.load(register, times);
  writer.mark(head);
  part(inner, depth + 1, 3);
  if (inMemory) writer.onMemory([0xff], 1, counter, []);
  else writer.decrement(register);
  // JNZ, or JG: both go round until the counter is zero.
  writer.jumpIf(random.oneIn(3) ? 15 : 5, head);
}

/** Calls a function again and again, each time at another of its addresses. */
function callEverywhere(context: Context, callee: Callee): void {
  const { random, writer } = context;
  const first = random.below(COPIES);
  const table = writer.table(
    Array.from({ length: 4 }, (_, index) => ({ label: callee.label, plus: ALIAS * ((first + index) % COPIES) })),
  );
  if (table === null) return writer.call(callee.label);
  const [head, counter, register] = [writer.label(), writer.counter(), random.below(3)];
  writer.onMemory([0xc7], 0, counter, [3 + random.below(6), 0, 0, 0]);
  writer.mark(head);
  for (let word = 0; word < callee.words; word++) writer.emit([0x6a, random.below(256)]);
  // MOV, AND: which of them the counter tells.
  writer.onMemory([0x8b], register, counter, []);
  writer.emit([0x83, 0xe0 | register, 3]);
  writer.throughTable(2, table, register);
  writer.onMemory([0xff], 1, counter, []);
  writer.jumpIf(5, head);
}

/** A register that may be spoilt. */
function free({ random, writer: { plan } }: Context): number {
  for (;;) {
    const register = random.below(plan.codeSize === 64 ? 16 : 8);
    if (!plan.reserved.has(register)) return register;
  }
}

function call(context: Context): void {
  const { random, writer, callees } = context;
  if (callees.length === 0) return straight(context, 3);
  const callee = random.pick(callees);
  if (writer.plan.hasAlias && context.loops === 0 && random.oneIn(2)) return callEverywhere(context, callee);
  for (let word = 0; word < callee.words; word++) writer.emit([0x6a, random.below(256)]);
  const register = free(context);
  switch (random.below(writer.plan.hasAlias ? 5 : 8)) {
    case 4: {
      // Where the call returns to is not behind it.
      const [after, skipped] = [writer.label(), writer.label()];
      if (callee.words > 0) return writer.call(callee.label);
      writer.pushTarget(writer.somewhere(random, random.oneIn(2) ? after : skipped));
      writer.jump(callee.label);
      writer.mark(after);
      straight(context, 2);
      return writer.mark(skipped);
    }
    case 0:
      writer.load(register, writer.somewhere(random, callee.label));
      return writer.throughRegister(2, register);
    case 1: {
      const table = writer.table([writer.somewhere(random, callee.label)]);
      return table === null ? writer.call(callee.label) : writer.throughMemory(2, table);
    }
    case 2:
    case 3: {
      // One of two, as flags or a register have it.
      const others = callees.filter(({ words }) => words === callee.words);
      const table = writer.table([callee, random.pick(others)].map(({ label }) => writer.somewhere(random, label)));
      if (table === null) return writer.call(callee.label);
      return chosen(context, register, table, 2);
    }
    default:
      return writer.call(callee.label, writer.nextCopy(random));
  }
}

/** A jump or call by a table of two entries, that a flag or a bit of a register chooses from. */
function chosen({ random, writer }: Context, register: number, table: number, operation: 2 | 4): void {
  const rex = register >= 8 ? [0x41] : [];
  if (random.oneIn(2) && (writer.plan.codeSize === 64 || register < 4)) {
    // SETcc; MOVZX
    const condition = random.below(16);
    const prefix = writer.plan.codeSize === 64 ? [0x40 | (register >> 3)] : [];
    const twice = writer.plan.codeSize === 64 ? [0x40 | ((register >> 3) * 5)] : [];
    writer.emit([...prefix, 0x0f, 0x90 | condition, 0xc0 | (register & 7)]);
    writer.emit([...twice, 0x0f, 0xb6, 0xc0 | ((register & 7) * 9)]);
  } else writer.emit([...rex, 0x83, 0xe0 | (register & 7), 1]);
  writer.throughTable(operation, table, register);
}

function jump(context: Context, depth: number): void {
  const { random, writer } = context;
  const [first, second, end] = [writer.label(), writer.label(), writer.label()];
  const register = free(context);
  const table = random.oneIn(2) ? writer.table([first, second].map((label) => writer.somewhere(random, label))) : null;
  if (table !== null) chosen(context, register, table, 4);
  else if (random.oneIn(3)) {
    writer.pushTarget(writer.somewhere(random, random.oneIn(2) ? first : second));
    writer.emit([0xc3]);
  } else if (random.oneIn(2)) {
    writer.load(register, writer.somewhere(random, random.oneIn(2) ? first : second));
    writer.throughRegister(4, register);
  } else writer.jump(random.oneIn(2) ? first : second, writer.nextCopy(random));
  writer.mark(first);
  part(context, depth + 1, 2);
  writer.jump(end);
  // What comes next may lie elsewhere, such as at the end of a page.
  writer.mark(second, random.oneIn(3) ? 4096 - 1 - random.below(40) : undefined);
  part(context, depth + 1, 2);
  writer.mark(end);
}

/** A loop around a switch, whose cases a register chooses from; it comes round often enough for a region to take them in. */
function switchLoop(context: Context): void {
  const { random, writer } = context;
  const cases = Array.from({ length: 8 }, () => writer.label());
  const table = writer.table(cases.map((label) => writer.somewhere(random, label)));
  if (table === null) return straight(context, 4);
  const [head, next] = [writer.label(), writer.label()];
  const counter = writer.counter();
  let register = free(context);
  while (register >= 8) register = free(context);
  writer.onMemory([0xc7], 0, counter, [40 + random.below(80), 0, 0, 0]);
  writer.mark(head);
  // What the cases and the counter leave in the register chooses.
  writer.onMemory([0x03], register, counter, []);
  writer.emit([0x83, 0xe0 | register, 7]);
  writer.throughTable(4, table, register);
  for (const label of cases) {
    writer.mark(label);
    straight(context, 1);
    writer.jump(next);
  }
  writer.mark(next);
  writer.onMemory([0xff], 1, counter, []);
  writer.jumpIf(5, head);
}

/** An instruction that can be changed, a store that changes one, or both. */
function changeOrSlot(context: Context, slots: Slot[]): void {
  const { random, writer, callees } = context;
  const kind = context.hasStores ? random.below(3) : 0;
  if (kind === 0) return emitSlot(random, writer, slots, callees, writer.label());
  if (kind === 1) return writer.add({ bytes: [], storeTo: 'any' });
  // The store comes just before what it changes, or behind it.
  const label = writer.label();
  const store = (): void => writer.add({ bytes: [], storeTo: label });
  const before = !random.oneIn(4);
  if (before) store();
  if (random.oneIn(3)) straight(context, 2);
  emitSlot(random, writer, slots, callees, label);
  if (!before) store();
}

/** Writes a few elements. */
export function part(context: Context, depth: number, most: number): void {
  const { random, slots } = context;
  for (let count = 1 + random.below(most); count > 0; count--) {
    const { plan } = context.writer;
    if (plan.usesSpaces && random.oneIn(3)) changeOrSlot(context, slots ?? []);
    if (plan.hasDevice && random.oneIn(2)) emitDevice(random, context.writer);
    const kind = random.below(depth > MOST_NESTED ? 10 : 20);
    if (kind < 5) {
      if (random.oneIn(6)) emitControl(random, context.writer);
      if (random.oneIn(4)) emitWalk(random, context.writer);
      else straight(context, 4);
    } else if (kind < 6) emitTrap(random, context.writer);
    else if (kind < 7) emitStackUse(random, context.writer, () => part(context, depth + 1, 1));
    else if (kind < 8) emitCopy(random, context.writer);
    else if (kind < 10) {
      if (slots === null) straight(context, 2);
      else changeOrSlot(context, slots);
    } else if (kind < 13) branch(context, depth);
    else if (kind < 15 && context.loops < 2) {
      if (context.loops === 0 && random.oneIn(6)) switchLoop(context);
      else loop(context, depth);
    } else if (kind < 18) call(context);
    else jump(context, depth);
  }
}

/** Writes a function that calls itself a few times. */
function recursion(context: Context): void {
  const { random, writer } = context;
  const [again, out] = [writer.label(), writer.label()];
  const counter = writer.counter();
  writer.onMemory([0xc7], 0, counter, [1 + random.below(5), 0, 0, 0]);
  writer.mark(again);
  if (random.oneIn(2)) straight(context, 2);
  writer.onMemory([0xff], 1, counter, []);
  writer.jumpIf(random.oneIn(2) ? 14 : 4, out);
  writer.call(again);
  part(context, 2, 1);
  writer.mark(out);
  if (random.oneIn(2)) straight(context, 2);
  writer.emit([0xc3]);
}

/** Writes a function. */
export function functionBody(context: Context, callee: Callee): void {
  const { random, writer } = context;
  if (callee.words === 0 && random.oneIn(5)) return recursion(context);
  const hasFrame = !writer.plan.reserved.has(RBP) && random.oneIn(3);
  const saved = random.oneIn(2) ? free(context) : -1;
  if (hasFrame) writer.emit([0xc8, 16, 0, random.oneIn(4) ? 1 : 0]);
  else if (saved >= 0) writer.push(saved);
  part(context, 1, 3);
  if (hasFrame) writer.emit([0xc9]);
  else if (saved >= 0) writer.pop(saved);
  const bytes = (callee.words * writer.plan.codeSize) / 8;
  writer.emit(bytes > 0 ? [0xc2, bytes, 0] : [0xc3]);
}
