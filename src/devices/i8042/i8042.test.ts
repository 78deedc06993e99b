import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { A20Gate } from '../a20-gate/a20-gate.ts';
import { BenchBoard } from '../board/bench-board.ts';
import { createI8042 } from './i8042.ts';
import type { I8042 } from './i8042.ts';
import { PAUSE } from './scan-codes.ts';

let board: BenchBoard;
let controller: I8042;
let a20: boolean[];

const make = (mouse: boolean): void => {
  board = new BenchBoard();
  a20 = [];
  controller = createI8042(board, { a20: new A20Gate((open) => a20.push(open)), mouse });
};

beforeEach(() => make(true));

const command = (value: number, ...data: number[]): void => {
  board.out8(0x64, value);
  for (const byte of data) board.out8(0x60, byte);
};

/** Everything the controller has to say, in hexadecimal. */
const output = (): string => {
  const bytes: string[] = [];
  while ((board.in8(0x64) & 1) !== 0) bytes.push(board.in8(0x60).toString(16).padStart(2, '0'));
  return bytes.join(' ');
};
const keyboard = (...values: number[]): string => {
  for (const value of values) board.out8(0x60, value);
  return output();
};
const mouse = (...values: number[]): string => {
  for (const value of values) command(0xd4, value);
  return output();
};

describe('the controller, as Linux probes it', () => {
  test('self-tests', () => {
    command(0xaa);
    assert.equal(output(), '55');
    command(0xab);
    assert.equal(output(), '00');
    command(0xa9);
    assert.equal(output(), '00');
    assert.equal(board.in8(0x64), 0x1c);
  });

  test('the command byte', () => {
    command(0x20);
    assert.equal(output(), '47');
    command(0x60, 0x74);
    command(0x20);
    assert.equal(output(), '74');
    command(0xa8);
    command(0xae);
    command(0x20);
    assert.equal(output(), '44');
    command(0xa7);
    command(0xad);
    command(0x20);
    assert.equal(output(), '74');
  });

  test('the mouse loop raises IRQ12', () => {
    command(0xd3, 0x5a);
    assert.equal(board.in8(0x64) & 0x21, 0x21);
    assert.deepEqual(board.lineChanges, ['12+']);
    assert.equal(output(), '5a');
    assert.deepEqual(board.lineChanges, ['12+', '12-']);
  });

  test('without a mouse port its commands are not answered', () => {
    make(false);
    command(0xd3, 0x5a);
    assert.equal(output(), 'fe', 'the byte went to the keyboard');
    command(0xa9);
    assert.equal(output(), '');
    command(0x60, 0x47);
    command(0x20);
    assert.equal(output(), '67');
  });

  test('A20 and reset', () => {
    command(0xd0);
    assert.equal(output(), '03');
    command(0xd1, 0xdd);
    command(0xdf);
    assert.deepEqual(a20, [false, true]);
    command(0xfe);
    assert.deepEqual(board.powerRequests, ['reset']);
    command(0xff);
    command(0xd1, 0x02);
    assert.deepEqual(board.powerRequests, ['reset', 'reset']);
  });
});

describe('the keyboard', () => {
  test('resets, identifies itself and takes commands', () => {
    command(0x60, 0x04);
    assert.equal(keyboard(0xff), 'fa aa');
    assert.equal(keyboard(0xf2), 'fa ab 83');
    assert.equal(keyboard(0xee), 'ee');
    assert.equal(keyboard(0xed, 0x05), 'fa fa');
    assert.equal(controller.leds, 5);
    assert.equal(keyboard(0xf0, 0x00), 'fa fa 02');
    assert.equal(keyboard(0x01), 'fe');
    command(0x60, 0x44);
    assert.equal(keyboard(0xf2), 'fa ab 41', 'the answer is translated like a key');
  });

  test('a key in set 2, and translated', () => {
    command(0x60, 0x05);
    controller.pressKey(0x1c, true);
    controller.pressKey(0x1c, false);
    controller.pressKey(0xe075, true);
    controller.pressKey(0xe075, false);
    assert.equal(output(), '1c f0 1c e0 75 e0 f0 75');
    command(0x60, 0x45);
    controller.pressKey(0x1c, true);
    controller.pressKey(0x1c, false);
    controller.pressKey(0xe075, true);
    controller.pressKey(0xe075, false);
    assert.equal(output(), '1e 9e e0 48 e0 c8');
    controller.pressKey(PAUSE, true);
    controller.pressKey(PAUSE, false);
    assert.equal(output(), 'e1 1d 45 e1 9d c5');
    controller.pressKey(0x83, true);
    assert.equal(output(), '41', 'F7');
  });

  test('in set 1, untranslated', () => {
    command(0x60, 0x05);
    keyboard(0xf0, 0x01);
    controller.pressKey(0x5a, true);
    controller.pressKey(0x5a, false);
    assert.equal(output(), '1c 9c');
  });

  test('one interrupt a byte', () => {
    controller.pressKey(0xe075, true);
    assert.deepEqual(board.lineChanges, ['1+']);
    output();
    assert.deepEqual(board.lineChanges, ['1+', '1-', '1+', '1-']);
  });

  test('a held key repeats after its delay, at its rate', () => {
    keyboard(0xf3, 0x00);
    controller.pressKey(0x1c, true);
    assert.equal(output(), '1e');
    board.advance(249e6);
    assert.equal(output(), '');
    board.advance(2e6);
    assert.equal(output(), '1e');
    board.advance(100e6);
    assert.equal(output(), '1e 1e 1e');
    controller.pressKey(0x1c, false);
    assert.equal(output(), '9e');
    board.advance(1e9);
    assert.equal(output(), '');
  });

  test('a disabled keyboard is silent, and too many keys are an overrun', () => {
    keyboard(0xf5);
    controller.pressKey(0x1c, true);
    assert.equal(output(), '');
    keyboard(0xf4);
    command(0x60, 0x05);
    for (let n = 0; n < 40; n += 1) controller.pressKey(0x1c, true);
    assert.match(output(), /^(1c ){17}00$/);
  });

  test('the port keeps what comes while it is disabled', () => {
    command(0xad);
    controller.pressKey(0x1c, true);
    assert.equal(output(), '');
    command(0xae);
    assert.equal(output(), '1e');
  });
});

describe('the mouse', () => {
  test('resets and reports its status', () => {
    assert.equal(mouse(0xff), 'fa aa 00');
    assert.equal(mouse(0xf2), 'fa 00');
    assert.equal(mouse(0xe8, 0x03, 0xe7, 0xf4), 'fa fa fa fa');
    assert.equal(mouse(0xe9), 'fa 30 03 64');
    assert.equal(mouse(0xab), 'fc');
  });

  test('reports movement in stream mode', () => {
    controller.moveMouse({ x: 1, y: 1, buttons: 0 });
    assert.equal(output(), '');
    mouse(0xf4);
    controller.moveMouse({ x: 5, y: -3, buttons: 1 });
    assert.equal(output(), '29 05 fd');
    controller.moveMouse({ x: -300, y: 0, buttons: 0 });
    assert.equal(output(), '18 01 00 18 d3 00');
  });

  test('the wheel is unlocked by three rates', () => {
    mouse(0xf3, 200, 0xf3, 100, 0xf3, 80, 0xf4);
    assert.equal(mouse(0xf2), 'fa 03');
    controller.moveMouse({ x: 0, y: 0, wheel: -1, buttons: 4 });
    assert.equal(output(), '0c 00 00 ff');
  });

  test('wrap and remote mode', () => {
    assert.equal(mouse(0xee, 0x12, 0xec), 'fa 12 fa');
    assert.equal(mouse(0xf4, 0xf0), 'fa fa');
    controller.moveMouse({ x: 9, y: 9, buttons: 2 });
    assert.equal(mouse(0xeb), 'fa 0a 00 00');
  });
});

test('a restored controller goes on where the saved one was', () => {
  controller.pressKey(0xe075, true);
  mouse(0xf4);
  controller.moveMouse({ x: 1, y: 2, buttons: 0 });
  controller.pressKey(0x1c, true);
  board.in8(0x60);
  const saved = JSON.parse(JSON.stringify(controller.save()));
  const expected = output();
  make(true);
  controller.restore(saved);
  assert.deepEqual(controller.save(), saved);
  assert.equal(output(), expected);
  board.advance(2e9);
  assert.match(output(), /^1e( 1e)+/);
});

test('whatever is written, the controller answers with bytes', () => {
  let seed = 19;
  const random = (): number => (seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0) >>> 8;
  for (let step = 0; step < 20_000; step += 1) {
    const port = random() % 2 ? 0x60 : 0x64;
    if (random() % 2) assert.ok(board.in8(port) <= 0xff);
    else board.out8(port, random() & 0xff);
    if (random() % 9 === 0) controller.pressKey(random() & 0xff, random() % 2 === 0);
    if (random() % 9 === 0) controller.moveMouse({ x: random() % 900, y: random() % 9, buttons: random() });
    board.advance(random() * 10);
  }
  controller.restore(JSON.parse(JSON.stringify(controller.save())));
});
