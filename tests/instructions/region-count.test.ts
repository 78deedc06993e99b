// What the translator tells about its regions: their text, and how many instructions retire in them.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forms } from '../../src/isa/catalog.ts';
import { whyNotTested } from './exclusions.ts';
import { generateCase } from './generate-cases.ts';
import { runPlaced, runTranslated } from './run-translated.ts';
import { CODE, DATA, StateImage } from './state-image.ts';
import { TestCell } from './test-cell.ts';

const MXCSR = 0x1f80;
/** HLT of the handler that INT3 or a fault leads to is always interpreted, and so is the INT3 behind code without a fault. */
const HANDLER = 1;
const INT3 = 1;
const RCX = 1;
const RSI = 6;
const RDI = 7;

// oxfmt-ignore
const loop = [
  0xb9, 0x05, 0x00, 0x00, 0x00, // mov ecx, 5
  0x48, 0x01, 0xc8, //             add rax, rcx
  0xff, 0xc9, //                   dec ecx
  0x75, 0xf9, //                   jnz to the add
];

function programOf(instruction: readonly number[], registers: Readonly<Record<number, bigint>> = {}): StateImage {
  const image = new StateImage();
  image.rip = BigInt(CODE);
  image.mxcsr = MXCSR;
  for (const [number, value] of Object.entries(registers)) image.setRegister(Number(number), value);
  image.setInstruction(64, instruction);
  return image;
}

function counting(dump?: { address: bigint; write: (text: string) => void }): TestCell {
  return new TestCell(1, undefined, { countRetired: true, dump });
}

test('a region is shown with its instructions, their nodes and their WebAssembly', () => {
  const texts: string[] = [];
  const cell = counting({ address: BigInt(CODE), write: (text) => void texts.push(text) });
  runTranslated(cell, programOf(loop));
  assert.equal(texts.length, 1);
  const [text] = texts as [string];
  assert.match(text, /^Region at 0x10000000: 2 blocks, \d+ instructions, \d+ bytes of WebAssembly\n/);
  assert.match(text, /\n0{8}10000000 {2}mov ecx, 0x5 +\| .*\| +[\da-f]+ +\S/);
  assert.match(text, /\n0{8}10000005 {2}add rax, rcx +\| n0:64 = readRegister .*\| +[\da-f]+ +\S/);
  assert.match(text, /\n.* \| n2:64 = add n\d, n\d +\| +[\da-f]+ +\S/);
  assert.match(text, /\| writeRegister rax general n2 +\|/);
  assert.match(text, /\n0{8}1000000a {2}jnz 0x10000005 +\| n0:1 = condition code=5 +\|/);
  assert.match(text, /i64\.add\n/);
  assert.match(text, /\n\(ways out\)/);
  const offsets = [...text.matchAll(/\| +([\da-f]+) {2,}[a-z]/g)].map(([, offset]) => Number.parseInt(offset!, 16));
  const size = Number(/(\d+) bytes/.exec(text)![1]);
  assert.equal(new Set(offsets).size, offsets.length, 'each instruction of the function stands there once');
  assert.equal(Math.min(...offsets), 0);
  assert.ok(Math.max(...offsets) < size);
});

test('an address without code, or inside a region, shows nothing', () => {
  for (const address of [BigInt(CODE) + 1n, BigInt(DATA), 0xffff_ffff_ffff_ffffn]) {
    const cell = counting({ address, write: () => assert.fail('it was shown') });
    runTranslated(cell, programOf(loop));
  }
  const entries: bigint[] = [];
  const options = { address: BigInt(CODE) + 8n, write: () => assert.fail('it was shown') };
  const dump = { ...options, isInside: (entry: bigint) => void entries.push(entry) };
  runTranslated(new TestCell(1, undefined, { dump }), programOf(loop));
  assert.ok(entries.includes(BigInt(CODE)));
});

test('nothing is counted unless it is asked for', () => {
  const cell = new TestCell(1);
  runTranslated(cell, programOf(loop));
  assert.equal(cell.vcpu.translator!.retired, undefined);
});

/** Instructions that retire when the code runs as regions: in all, which loading a case sets to 0, and in the regions. */
function countOf(cell: TestCell, image: StateImage): { all: number; inRegions: number } {
  const { vcpu } = cell;
  const before = vcpu.translator!.retired!;
  runPlaced(cell, image);
  return { all: vcpu.retired, inRegions: vcpu.translator!.retired! - before };
}

const programs: readonly [name: string, image: StateImage, retired: number, interpreted: number][] = [
  ['a loop', programOf(loop), 1 + 3 * 5, INT3 + HANDLER],
  // inc eax; mov eax, [rcx]; inc eax
  ['a page fault', programOf([0xff, 0xc0, 0x8b, 0x01, 0xff, 0xc0], { [RCX]: 0x5000n }), 1, HANDLER],
  // inc eax; xor edx, edx; div ecx; inc eax
  ['a division by zero', programOf([0xff, 0xc0, 0x31, 0xd2, 0xf7, 0xf1, 0xff, 0xc0], { [RCX]: 0n }), 2, HANDLER],
  // inc eax; fxsave [rcx]; inc eax, with an address that is no multiple of 16
  [
    'a fault in a core routine',
    programOf([0xff, 0xc0, 0x0f, 0xae, 0x01, 0xff, 0xc0], { [RCX]: BigInt(DATA) + 1n }),
    1,
    HANDLER,
  ],
  // inc eax; rep movsb; inc eax: each repetition retires as an instruction of its own
  [
    'a repeated move',
    programOf([0xff, 0xc0, 0xf3, 0xa4, 0xff, 0xc0], { [RCX]: 4n, [RSI]: BigInt(DATA), [RDI]: BigInt(DATA) + 64n }),
    1 + 1 + 4 + 1,
    INT3 + HANDLER,
  ],
];

for (const [name, image, retired, interpreted] of programs) {
  test(`instructions that retire in a region: ${name}`, () => {
    const cell = counting();
    cell.load(image);
    // More than once, for what was only decoded late.
    for (let times = 0; times < 3; times++) runPlaced(cell, image);
    const { all, inRegions } = countOf(cell, image);
    assert.equal(inRegions, retired);
    assert.equal(all, retired + interpreted);
  });
}

test('no form retires more in regions than at all', () => {
  let cell = counting();
  let cases = 0;
  for (const form of forms) {
    if (whyNotTested(form) !== null) continue;
    const made = generateCase(form, 1, 0);
    if (!made) continue;
    if (++cases % 400 === 0) cell = counting();
    cell.load(made.image);
    runPlaced(cell, made.image);
    const { all, inRegions } = countOf(cell, made.image);
    cell.clear(made.image);
    assert.ok(inRegions >= 0 && inRegions <= all - HANDLER, `${form.instruction.mnemonic}: ${inRegions} of ${all}`);
  }
});
