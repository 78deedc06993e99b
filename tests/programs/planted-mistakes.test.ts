// The random programs prove something only when they can fail: here are mistakes of a translator that they must notice.
//
//   LODGE_TEST_SEED        seed of the random numbers

import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as layout from '../../src/core/layout.ts';
import type { AbstractMachine, Operand } from '../../src/isa/abstract-machine.ts';
import { instructions } from '../../src/isa/catalog.ts';
import type { Difference } from '../instructions/compare.ts';
import { Checker } from './check-program.ts';
import { compareOutcomes } from './compare-outcomes.ts';
import { assembleProgram, generateProgram } from './generate.ts';
import { ProgramCell, type Outcome } from './program-cell.ts';
import type { Assembled, Intervention, Program } from './program.ts';
import { runProgram } from './run-program.ts';

const SEED = Number(process.env['LODGE_TEST_SEED'] ?? 20_240_229);
const MOST = 300;

/** The first difference that a mistake makes. */
function noticed(make: () => ProgramCell, isOfUse = (_program: Program): boolean => true): Difference {
  const checker = new Checker(make);
  for (let index = 0; index < MOST; index++) {
    const program = generateProgram(SEED, index);
    const mismatch = isOfUse(program) ? checker.check(program, index) : null;
    if (mismatch) return mismatch.differences[0]!;
  }
  throw new Error(`None of ${MOST} programs noticed.`);
}

type Meaning = (m: AbstractMachine, ...operands: Operand[]) => void;

/** Runs with another meaning for an instruction: regions are made of meanings, while the interpreter was made before. */
function withMeaning<T>(mnemonic: string, change: (original: Meaning) => Meaning, run: () => T): T {
  const chosen = instructions.filter((instruction) => instruction.mnemonic === mnemonic) as { meaning: Meaning }[];
  const originals = chosen.map(({ meaning }) => meaning);
  try {
    for (const instruction of chosen) instruction.meaning = change(instruction.meaning);
    return run();
  } finally {
    chosen.forEach((instruction, index) => (instruction.meaning = originals[index]!));
  }
}

const translating = (): ProgramCell => new ProgramCell(1);

test('wrong translations are noticed', () => {
  const changes: readonly [string, (original: Meaning) => Meaning][] = [
    // A flag that should be kept, one that is wrong, a write that is lost, and one that goes too far.
    ['inc', (original) => (m, operand) => (original(m, operand), m.setFlag('CF', m.constant(1, 1)))],
    ['adc', (original) => (m, a, b) => (original(m, a, b), m.setFlag('AF', m.constant(0, 1)))],
    ['movzx', () => () => {}],
    ['setz', () => (m, operand) => m.write(operand, m.constant(1, 8))],
    ['pxor', (original) => (m, a, b) => (original(m, a, b), original(m, a, b))],
  ];
  for (const [mnemonic, change] of changes) {
    assert.ok(
      withMeaning(mnemonic, change, () => noticed(translating)),
      mnemonic,
    );
  }
});

/** A translator that spoils something at the end of one slice of each program. */
class Spoiling extends ProgramCell {
  readonly #spoil: (cell: ProgramCell) => void;
  #isDone = false;

  constructor(spoil: (cell: ProgramCell) => void) {
    super(1);
    this.#spoil = spoil;
  }

  override load(program: Assembled): void {
    super.load(program);
    this.#isDone = false;
  }

  override run(budget: number): void {
    super.run(budget);
    if (this.#isDone || this.ended) return;
    this.#isDone = true;
    this.#spoil(this);
  }
}

test('what a slice loses at its end is noticed', () => {
  const add32 = (address: number, value: number) => (cell: ProgramCell) => {
    const { view } = cell.test;
    view.setUint32(address, view.getUint32(address, true) + value, true);
  };
  const spoilers: readonly [RegExp, (cell: ProgramCell) => void][] = [
    [/^register 14$/, add32(layout.GPR + 14 * 8, 1)],
    [/^xmm9, high half$/, add32(layout.XMM + 9 * layout.XMM_STRIDE + 8, 1)],
    [/^x87 state/, add32(layout.MXCSR, 1)],
    [/^rflags$/, (cell) => cell.test.core['setFlags'](cell.test.core['getFlags']() ^ 0x10, 0x10)],
    // The engines then never stand at the same place.
    [/./, add32(layout.RETIRED, 1)],
  ];
  for (const [field, spoil] of spoilers) assert.match(noticed(() => new Spoiling(spoil)).field, field);
});

test('code that was changed, but is still run as it was, is noticed', () => {
  /** The frames of the area are no longer known to hold code, so that stores do not drop it. */
  const forgetCode = (cell: ProgramCell): void => {
    const { view } = cell.test;
    const flags = view.getUint32(layout.FRAME_FLAGS, true);
    const frames = view.byteLength / 4096;
    for (let frame = 0; frame < frames; frame++) {
      view.setUint8(flags + frame, view.getUint8(flags + frame) & ~layout.FRAME_CODE);
    }
  };
  class Forgetful extends ProgramCell {
    override run(budget: number): void {
      super.run(budget);
      forgetCode(this);
    }
  }
  assert.ok(
    noticed(
      () => new Forgetful(1),
      ({ changesItself }) => changesItself,
    ),
  );
});

test('what happens to the address space or the processor without being noticed is noticed', () => {
  /** Does not hear what the core is told when something of a kind happens. */
  class Deaf extends ProgramCell {
    readonly #kind: Intervention['kind'];
    readonly #routine: string;

    constructor(kind: Intervention['kind'], routine: string) {
      super(1);
      this.#kind = kind;
      this.#routine = routine;
    }

    override intervene(intervention: Intervention, program: Assembled): void {
      const cell = this.test as { core: ProgramCell['test']['core'] };
      const { core } = cell;
      if (intervention.kind === this.#kind) cell.core = { ...core, [this.#routine]: () => {} };
      super.intervene(intervention, program);
      cell.core = core;
    }
  }
  const silenced = [
    ['map', 'flushPage'],
    ['interrupt', 'requestInterrupt'],
  ] as const;
  for (const [kind, routine] of silenced) {
    const happens = ({ interventions }: Program): boolean => interventions.some((event) => event.kind === kind);
    assert.ok(noticed(() => new Deaf(kind, routine), happens));
  }
});

test('a change of any part of an outcome is a difference', () => {
  const cell = new ProgramCell(null);
  const program = assembleProgram(generateProgram(SEED, 0));
  const [one, other] = [runProgram(cell, program), runProgram(cell, program)];
  assert.deepEqual(compareOutcomes(one, other, 64), []);
  const flipped = (bytes: Uint8Array): Uint8Array => bytes.map((byte, index) => (index === 100 ? byte ^ 1 : byte));
  const fault = { vector: 13, error: 0, rip: 1n, address: 0n, flags: 2, rsp: 3n };
  const changes: readonly [string, Partial<Outcome>][] = [
    ['retired instructions', { retired: one.retired + 1 }],
    ['ended', { ended: !one.ended }],
    ['exceptions', { faultCount: one.faultCount + 1 }],
    ['data 20000064', { data: flipped(one.data) }],
    ['code 10004064', { code: [flipped(one.code[0]), one.code[1]] }],
    ['code in second frames 10004064', { code: [one.code[0], flipped(one.code[1])] }],
    [`exception ${one.faults.length}`, { faults: [...one.faults, fault] }],
  ];
  for (const [field, change] of changes) {
    const fields = compareOutcomes({ ...one, ...change }, other, 64).map((difference) => difference.field);
    assert.deepEqual(fields, [field]);
  }
  for (const change of [{ error: 1 }, { rip: 2n }, { flags: 3 }, { rsp: 4n }]) {
    const changed = compareOutcomes({ ...one, faults: [{ ...fault, ...change }] }, { ...one, faults: [fault] }, 64);
    assert.equal(changed.length, 1);
  }
});
