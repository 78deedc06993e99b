import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import type { CharacterBackend, CharacterInput } from '../../base/character-backend.ts';
import { BenchBoard } from '../board/bench-board.ts';
import { createUart16550, SERIAL_PORTS } from './uart16550.ts';
import type { Uart16550 } from './uart16550.ts';

class Terminal implements CharacterBackend {
  text = '';
  input!: CharacterInput;

  write(bytes: Uint8Array): void {
    this.text += String.fromCharCode(...bytes);
  }

  connect(input: CharacterInput): void {
    this.input = input;
  }

  type(text: string): number {
    return this.input.receive(Uint8Array.from(text, (character) => character.charCodeAt(0)));
  }
}

let board: BenchBoard;
let terminal: Terminal;
let uart: Uart16550;
const read = (register: number): number => board.in8(0x3f8 + register);
const write = (register: number, value: number): void => board.out8(0x3f8 + register, value);
const interrupting = (): boolean => board.lines.level(4);

beforeEach(() => {
  terminal = new Terminal();
  board = new BenchBoard({ characterBackends: { serial0: terminal } });
  uart = createUart16550(board, SERIAL_PORTS[0]!);
});

test('registers after reset', () => {
  assert.deepEqual([1, 2, 3, 4, 5, 6].map(read), [0, 0x01, 0, 0, 0x60, 0xb0]);
});

test('a character written is a character sent', () => {
  for (const character of 'hello') write(0, character.charCodeAt(0));
  assert.equal(terminal.text, 'hello');
  assert.equal(read(5), 0x60);
});

test('the divisor latch takes the place of data and IER', () => {
  write(3, 0x83);
  write(0, 0x0c);
  write(1, 0x01);
  assert.deepEqual([read(0), read(1)], [0x0c, 0x01]);
  write(3, 0x03);
  assert.deepEqual([read(1), terminal.text], [0, '']);
});

describe("what Linux's 8250 driver tries", () => {
  test('IER keeps four bits', () => {
    write(1, 0);
    assert.equal(read(1), 0);
    write(1, 0xff);
    assert.equal(read(1), 0x0f);
  });

  test('the loopback feeds RTS and OUT2 to CTS and DCD', () => {
    write(4, 0x1a);
    assert.equal(read(6) & 0xf0, 0x90);
    write(4, 0x15);
    assert.equal(read(6) & 0xf0, 0x60);
  });

  test('FIFOs make it a 16550A and nothing newer', () => {
    assert.equal(read(2) >> 6, 0);
    write(2, 0x01);
    assert.equal(read(2) >> 6, 3);
    write(3, 0x80);
    write(2, 0x21);
    assert.equal(read(2) & 0x20, 0, 'no 64-byte FIFO');
    write(3, 0x00);
    write(2, 0x00);
    assert.equal(read(2) >> 6, 0);
  });

  test('each time THRE is enabled there is an interrupt, and IIR takes it back', () => {
    for (let n = 0; n < 2; n += 1) {
      write(1, 0x02);
      assert.equal(read(2) & 0x0f, 0x02);
      assert.equal(read(2) & 0x0f, 0x01);
      write(1, 0);
    }
  });
});

describe('interrupts', () => {
  beforeEach(() => {
    write(4, 0x0b);
    write(2, 0x81);
  });

  test('OUT2 gates them', () => {
    write(1, 0x02);
    assert.equal(interrupting(), true);
    write(4, 0x03);
    assert.equal(interrupting(), false);
    write(4, 0x0b);
    assert.equal(interrupting(), true);
  });

  test('a written character empties the transmitter again', () => {
    write(1, 0x02);
    read(2);
    assert.equal(interrupting(), false);
    write(0, 0x41);
    assert.equal(interrupting(), true);
  });

  test('received data interrupts at the trigger level', () => {
    write(1, 0x01);
    terminal.type('1234567');
    assert.equal(interrupting(), false);
    terminal.type('8');
    assert.deepEqual([interrupting(), read(2)], [true, 0xc4]);
    assert.equal(read(0), 0x31);
    assert.equal(interrupting(), false);
  });

  test('what stays below the trigger level interrupts after four character times', () => {
    write(3, 0x83);
    write(0, 12);
    write(3, 0x03);
    write(1, 0x01);
    terminal.type('ab');
    board.advance(4 * 10 * (1e9 / 9600) - 1000);
    assert.equal(interrupting(), false);
    board.advance(2000);
    assert.deepEqual([interrupting(), read(2)], [true, 0xcc]);
    assert.equal(read(0), 0x61);
    assert.equal(interrupting(), false);
    board.advance(10e6);
    assert.deepEqual([interrupting(), read(0), interrupting()], [true, 0x62, false]);
  });

  test('priorities: line status, data, transmitter, modem', () => {
    write(2, 0x01);
    write(1, 0x0f);
    write(4, 0x1a);
    write(4, 0x0b);
    terminal.input.receiveBreak();
    assert.equal(read(2) & 0x0f, 0x06);
    assert.equal(read(5), 0xf1);
    assert.equal(read(5), 0x61);
    assert.equal(read(2) & 0x0f, 0x04);
    read(0);
    assert.equal(read(2) & 0x0f, 0x02);
    assert.equal(read(2) & 0x0f, 0x00);
    assert.equal(read(6), 0xb2, 'DSR changed and changed back');
    assert.equal(read(2) & 0x0f, 0x01);
    assert.equal(interrupting(), false);
  });
});

describe('the host', () => {
  test('is told how much room there is and when there is some again', () => {
    write(2, 0x01);
    assert.equal(terminal.input.room, 16);
    const text = 'The quick brown fox jumps over the lazy dog.';
    let sent = terminal.type(text);
    assert.deepEqual([sent, terminal.input.room], [16, 0]);
    terminal.input.onRoom(() => {
      sent += terminal.type(text.slice(sent));
    });
    let received = '';
    while (read(5) & 1) received += String.fromCharCode(read(0));
    assert.equal(received, text);
  });

  test('has room for one character without FIFOs, and none in loopback', () => {
    assert.equal(terminal.type('ab'), 1);
    write(4, 0x10);
    read(0);
    assert.equal(terminal.type('b'), 0);
    let offered = 0;
    terminal.input.onRoom(() => (offered += 1));
    write(4, 0x00);
    assert.equal(offered, 1);
  });
});

test('the loopback returns what is sent, and counts overruns', () => {
  write(4, 0x10);
  write(0, 0x55);
  assert.deepEqual([read(5) & 1, read(0), terminal.text], [1, 0x55, '']);
  write(0, 1);
  write(0, 2);
  assert.deepEqual([read(5), read(0)], [0x63, 2]);
  write(2, 0x01);
  for (let n = 0; n < 17; n += 1) write(0, n);
  assert.equal(read(5), 0x63);
  assert.equal(read(0), 0, 'a full FIFO keeps what it has');
  write(2, 0x03);
  assert.equal(read(5), 0x60);
});

test('a port without a terminal has no carrier and swallows what is sent', () => {
  createUart16550(board, SERIAL_PORTS[1]!);
  board.out8(0x2f8, 0x41);
  assert.equal(board.in8(0x2fe), 0);
});

test('a restored port goes on where the saved one was', () => {
  write(2, 0x81);
  write(4, 0x0b);
  write(1, 0x03);
  terminal.type('xyz');
  const saved = JSON.parse(JSON.stringify(uart.save()));
  const other = new BenchBoard({ characterBackends: { serial0: new Terminal() } });
  const copy = createUart16550(other, SERIAL_PORTS[0]!);
  copy.restore(saved);
  assert.deepEqual(copy.save(), saved);
  assert.equal(other.lines.level(4), true);
  other.in8(0x3fa);
  other.advance(1e9);
  assert.equal(other.in8(0x3fa), 0xcc);
});

test('whatever is written, the port answers with bytes', () => {
  let seed = 11;
  const random = (): number => (seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0) >>> 8;
  for (let step = 0; step < 20_000; step += 1) {
    if (random() % 2 === 0) assert.ok(read(random() % 8) <= 0xff);
    else write(random() % 8, random() & 0xff);
    if (random() % 5 === 0) terminal.type('abcdef');
    board.advance(random() % 100_000);
  }
  uart.restore(JSON.parse(JSON.stringify(uart.save())));
});
