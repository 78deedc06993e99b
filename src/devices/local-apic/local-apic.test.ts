import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { BenchBoard } from '../board/bench-board.ts';
import { createI8259Pair } from '../i8259/i8259-pair.ts';
import type { I8259Pair } from '../i8259/i8259-pair.ts';
import { createIoApic, pinOfLine } from '../io-apic/io-apic.ts';
import type { IoApic } from '../io-apic/io-apic.ts';
import { ImmediateApicBus } from './apic-bus.ts';
import { createLocalApicPage } from './local-apic-page.ts';
import type { LocalApicPage } from './local-apic-page.ts';
import { createLocalApic } from './local-apic.ts';
import type { LocalApic } from './local-apic.ts';

const PAGE = 0xfee0_0000;
const IO = 0xfec0_0000;
/** The test's processor counts 2 ticks a nanosecond. */
const tsc = {
  tscAt: (nanoseconds: number): bigint => BigInt(Math.floor(nanoseconds)) * 2n,
  timeOfTsc: (value: bigint): number => Number((value + 1n) / 2n),
};

let board: BenchBoard;
let apic: LocalApic;
let page: LocalApicPage;
let ioApic: IoApic;
let pics: I8259Pair;
let bus: ImmediateApicBus;
let signals: string[];

beforeEach(() => {
  board = new BenchBoard();
  bus = new ImmediateApicBus();
  signals = [];
  pics = createI8259Pair(board, { onOutput: (high) => apic.setLocalInterrupt(0, high) });
  apic = createLocalApic(board, {
    id: 0,
    bootstrap: true,
    bus,
    tsc,
    external: pics,
    signals: recordSignals(signals),
    onPageChanged: () => page.update(),
  });
  page = createLocalApicPage(board, apic, () => apic);
  ioApic = createIoApic(board, { bus });
  bus.connect(apic);
  bus.listen(ioApic);
  board.lines.connect((line, high) => {
    pics.setRequest(line, high);
    ioApic.setPin(pinOfLine(line), high);
  });
});

function recordSignals(into: string[]) {
  return {
    interruptChanged: () => {},
    nonMaskableInterrupt: () => void into.push('nmi'),
    systemManagementInterrupt: () => void into.push('smi'),
    init: () => void into.push('init'),
    startup: (vector: number) => void into.push(`startup ${vector}`),
  };
}

const read = (offset: number): number => board.mmio.read(PAGE + offset, 4);
const write = (offset: number, value: number): void => board.mmio.write(PAGE + offset, 4, value);
const enable = (): void => write(0xf0, 0x1ff);
const selfInterrupt = (vector: number): void => write(0x300, 0x4_0000 | vector);
const readIo = (register: number): number => {
  board.mmio.write(IO, 4, register);
  return board.mmio.read(IO + 0x10, 4);
};
const writeIo = (register: number, value: number): void => {
  board.mmio.write(IO, 4, register);
  board.mmio.write(IO + 0x10, 4, value);
};

describe('after power-on', () => {
  test('registers have the values of the manual, and LINT0 is a virtual wire', () => {
    assert.equal(read(0x30), 0x0005_0014);
    assert.deepEqual([read(0x20), read(0x80), read(0xd0), read(0xe0), read(0xf0)], [0, 0, 0, 0xffff_ffff, 0xff]);
    assert.deepEqual([read(0x320), read(0x350), read(0x360), read(0x370)], [0x1_0000, 0x700, 0x1_0000, 0x1_0000]);
    assert.equal(apic.readMsr(0x1b), 0xfee0_0900n);
  });

  test('interrupts of the 8259s come through, the APIC itself being disabled', () => {
    board.out8(0x20, 0x11);
    for (const value of [0x30, 4, 1]) board.out8(0x21, value);
    pics.setRequest(1, true);
    assert.equal(apic.pendingVector(), 0x31);
    assert.equal(apic.acknowledge(), 0x31);
    assert.equal(apic.pendingVector(), -1);
    pics.setRequest(3, true);
    assert.equal(apic.pendingVector(), -1, 'interrupt 1 is in service');
    write(0x350, 0x1_0700);
    board.out8(0x20, 0x20);
    assert.equal(apic.pendingVector(), -1, 'LINT0 is masked now');
  });

  test('a disabled APIC accepts nothing and keeps its LVT masked', () => {
    selfInterrupt(0x40);
    assert.equal(apic.pendingVector(), -1);
    write(0x320, 0x40);
    assert.equal(read(0x320), 0x1_0040);
    enable();
    assert.equal(apic.pendingVector(), -1);
  });
});

describe('priorities', () => {
  beforeEach(enable);

  test('the highest vector comes first and waits for nothing but a higher class', () => {
    selfInterrupt(0x45);
    selfInterrupt(0x52);
    assert.equal(read(0x220), 0x4_0020);
    assert.equal(apic.acknowledge(), 0x52);
    assert.equal(read(0x120), 0x4_0000);
    assert.equal(read(0xa0), 0x50);
    assert.equal(apic.pendingVector(), -1);
    selfInterrupt(0x5f);
    assert.equal(apic.pendingVector(), -1, 'the same class has to wait');
    selfInterrupt(0x60);
    assert.equal(apic.acknowledge(), 0x60);
    write(0xb0, 0);
    write(0xb0, 0);
    assert.equal(apic.acknowledge(), 0x5f);
    write(0xb0, 0);
    assert.equal(apic.acknowledge(), 0x45);
  });

  test('TPR and CR8 hold back classes up to their own', () => {
    selfInterrupt(0x45);
    write(0x80, 0x4f);
    assert.equal(apic.taskPriorityClass, 4);
    assert.equal(apic.pendingVector(), -1);
    apic.taskPriorityClass = 3;
    assert.equal(read(0x80), 0x30);
    assert.equal(apic.pendingVector(), 0x45);
  });

  test('vectors below 16 are errors', () => {
    write(0x370, 0xee);
    selfInterrupt(5);
    assert.equal(read(0x280), 0);
    write(0x280, 0);
    assert.equal(read(0x280), 0x20);
    assert.equal(apic.acknowledge(), 0xee);
    assert.equal(read(0x3d0), 0, 'a reserved register');
    write(0x280, 0);
    assert.equal(read(0x280), 0x80);
  });
});

describe('the timer', () => {
  beforeEach(enable);

  test('one-shot with a divisor', () => {
    write(0x320, 0x40);
    write(0x3e0, 0x3);
    write(0x380, 1000);
    board.advance(8000);
    assert.equal(read(0x390), 500);
    board.advance(7999);
    assert.equal(apic.pendingVector(), -1);
    board.advance(1);
    assert.equal(apic.acknowledge(), 0x40);
    assert.equal(read(0x390), 0);
    board.advance(100_000);
    assert.equal(apic.pendingVector(), -1);
  });

  test('periodic fires every period and counts on', () => {
    write(0x320, 0x2_0040);
    write(0x3e0, 0xb);
    write(0x380, 1_000_000);
    for (let n = 0; n < 3; n += 1) {
      board.advance(1_000_000);
      assert.equal(apic.acknowledge(), 0x40);
      write(0xb0, 0);
    }
    board.advance(250_000);
    assert.equal(read(0x390), 750_000);
    write(0x380, 0);
    board.advance(10_000_000);
    assert.equal(apic.pendingVector(), -1);
    assert.equal(board.events.nextDeadline(), Infinity);
  });

  test('a masked timer counts without interrupting', () => {
    write(0x320, 0x1_0040);
    write(0x3e0, 0xb);
    write(0x380, 1000);
    board.advance(2000);
    assert.equal(apic.pendingVector(), -1);
    assert.equal(read(0x390), 0);
  });

  test('TSC deadline', () => {
    assert.ok(apic.writeMsr(0x6e0, 5000n));
    assert.equal(apic.readMsr(0x6e0), 0n, 'ignored in the other modes');
    write(0x320, 0x4_0040);
    assert.ok(apic.writeMsr(0x6e0, 5000n));
    assert.equal(apic.readMsr(0x6e0), 5000n);
    board.advance(2499);
    assert.equal(apic.pendingVector(), -1);
    board.advance(1);
    assert.equal(apic.acknowledge(), 0x40);
    assert.equal(apic.readMsr(0x6e0), 0n);
    apic.writeMsr(0x6e0, 9_000_000n);
    write(0x320, 0x40);
    board.advance(9_000_000);
    assert.equal(apic.pendingVector(), -1, 'leaving the mode disarms');
  });

  test('a deadline beyond the conversion does not hold the monitor', () => {
    const confused = createLocalApic(board, {
      id: 1,
      bootstrap: false,
      bus,
      tsc: { ...tsc, timeOfTsc: () => -1 },
      signals: recordSignals([]),
    });
    confused.writePage(0xf0, 0x1ff);
    confused.writePage(0x320, 0x4_0040);
    confused.writeMsr(0x6e0, 0xffff_ffff_ffff_ffffn);
    assert.equal(board.events.runDue(1000), 1);
    assert.equal(confused.pendingVector(), -1);
    assert.equal(board.events.nextDeadline(), 20_000);
  });

  test('a hostile period of one tick does not fire more than 50,000 times a second', () => {
    write(0x320, 0x2_0040);
    write(0x3e0, 0xb);
    write(0x380, 1);
    let fired = 0;
    for (let time = 0; time < 1e6; time += 1000) {
      board.advance(1000);
      if (apic.pendingVector() < 0) continue;
      fired += 1;
      apic.acknowledge();
      write(0xb0, 0);
    }
    assert.ok(fired > 40 && fired <= 51, `${fired}`);
  });
});

describe('x2APIC mode', () => {
  test('is entered by way of xAPIC mode and left by way of disabled', () => {
    assert.equal(apic.readMsr(0x802), undefined);
    assert.ok(apic.writeMsr(0x1b, 0xfee0_0c00n));
    assert.equal(board.mmio.find(PAGE), undefined);
    assert.equal(apic.readMsr(0x80d), 1n);
    assert.equal(apic.writeMsr(0x1b, 0xfee0_0800n), false);
    assert.ok(apic.writeMsr(0x1b, 0xfee0_0000n));
    assert.equal(apic.writeMsr(0x1b, 0xfee0_0c00n), false);
    assert.ok(apic.writeMsr(0x1b, 0xfee0_0800n));
    assert.equal(read(0x30), 0x0005_0014);
    assert.equal(apic.writeMsr(0x1b, 0xffff_ffff_f000_0800n), false);
  });

  test('registers are MSRs, and what is reserved is refused', () => {
    apic.writeMsr(0x1b, 0xfee0_0c00n);
    assert.ok(apic.writeMsr(0x80f, 0x1ffn));
    assert.ok(apic.writeMsr(0x83f, 0x45n));
    assert.equal(apic.acknowledge(), 0x45);
    assert.ok(apic.writeMsr(0x80b, 0n));
    assert.equal(apic.writeMsr(0x80b, 1n), false);
    assert.ok(apic.writeMsr(0x830, 0x46n));
    assert.equal(apic.acknowledge(), 0x46, 'destination 0 is the APIC itself');
    assert.equal(apic.readMsr(0x830), 0x46n);
    for (const index of [0x800, 0x809, 0x80b, 0x80e, 0x831, 0x840]) assert.equal(apic.readMsr(index), undefined);
    for (const index of [0x802, 0x803, 0x80d, 0x810, 0x839]) assert.equal(apic.writeMsr(index, 0n), false);
    assert.equal(apic.writeMsr(0x808, 0x100n), false);
  });
});

describe('interprocessor interrupts', () => {
  test('reach the processors they name', () => {
    enable();
    const others: string[] = [];
    const second = createLocalApic(board, { id: 1, bootstrap: false, bus, tsc, signals: recordSignals(others) });
    bus.connect(second);
    assert.equal(second.readPage(0x350), 0x1_0000, 'only the bootstrap processor has the virtual wire');
    second.writePage(0xf0, 0x1ff);
    write(0x310, 1 << 24);
    write(0x300, 0x4500);
    write(0x300, 0x4608);
    assert.deepEqual(others, ['init', 'startup 8']);
    second.writePage(0xf0, 0x1ff);
    write(0x300, 0x51);
    assert.equal(second.acknowledge(), 0x51);
    assert.equal(apic.pendingVector(), -1);
    write(0x300, 0xc_0400);
    assert.deepEqual([signals, others.slice(2)], [[], ['nmi']]);
    write(0x300, 0x8_0052);
    assert.equal(apic.acknowledge(), 0x52);
    second.endOfInterrupt();
    assert.equal(second.acknowledge(), 0x52);
    write(0xb0, 0);
    write(0xd0, 1 << 24);
    second.writePage(0xd0, 2 << 24);
    write(0x310, 2 << 24);
    write(0x300, 0x0860);
    assert.equal(second.acknowledge(), 0x60, 'logical, flat');
    write(0x310, 3 << 24);
    write(0x300, 0x0970);
    assert.equal(apic.acknowledge(), 0x70, 'lowest priority: this one has nothing in service');
    assert.equal(second.pendingVector(), -1);
  });
});

describe('the I/O APIC', () => {
  beforeEach(enable);

  test('identifies itself', () => {
    assert.equal(readIo(1), 0x0017_0020);
    writeIo(0, 0x0f00_0000);
    assert.equal(readIo(0), 0x0f00_0000);
    assert.equal(readIo(0x10), 0x1_0000);
    assert.equal(readIo(0x40), 0);
  });

  test('an edge sends once, and is lost while the pin is masked', () => {
    const line = board.interruptLine(4);
    line.setLevel(true);
    line.setLevel(false);
    writeIo(0x18, 0x34);
    assert.equal(apic.pendingVector(), -1);
    line.setLevel(true);
    assert.equal(apic.acknowledge(), 0x34);
    write(0xb0, 0);
    assert.equal(apic.pendingVector(), -1);
  });

  test('ISA interrupt 0 is on pin 2', () => {
    writeIo(0x14, 0x30);
    board.interruptLine(0).setLevel(true);
    assert.equal(apic.acknowledge(), 0x30);
  });

  test('a level asks again at the EOI until it falls', () => {
    writeIo(0x22, 0x8039);
    const sci = board.interruptLine(9);
    sci.setLevel(true);
    assert.equal(readIo(0x22), 0xc039, 'remote IRR');
    assert.equal(apic.acknowledge(), 0x39);
    assert.equal(read(0x190), 0x0200_0000, 'TMR');
    write(0xb0, 0);
    assert.equal(apic.acknowledge(), 0x39);
    sci.setLevel(false);
    write(0xb0, 0);
    assert.equal(apic.pendingVector(), -1);
    assert.equal(readIo(0x22), 0x8039);
  });

  test('two sources share a level-triggered line', () => {
    writeIo(0x22, 0x8039);
    const [first, second] = [board.interruptLine(9), board.interruptLine(9)];
    first.setLevel(true);
    second.setLevel(true);
    assert.equal(apic.acknowledge(), 0x39);
    first.setLevel(false);
    write(0xb0, 0);
    assert.equal(apic.acknowledge(), 0x39);
    second.setLevel(false);
    write(0xb0, 0);
    assert.equal(apic.pendingVector(), -1);
  });

  test('the EOI register and a switch to edge triggering clear remote IRR', () => {
    writeIo(0x22, 0x8039);
    board.interruptLine(9).setLevel(true);
    board.mmio.write(IO + 0x40, 4, 0x39);
    assert.equal(readIo(0x22), 0xc039, 'the line is high, so it asked again');
    writeIo(0x22, 0x1_0039);
    writeIo(0x22, 0x1_8039);
    assert.equal(readIo(0x22), 0x1_8039);
    writeIo(0x22, 0x8039);
    assert.equal(readIo(0x22), 0xc039, 'a level that was masked is not lost');
  });

  test('NMI and ExtINT entries', () => {
    writeIo(0x18, 0x0400);
    board.interruptLine(4).setLevel(true);
    assert.deepEqual(signals, ['nmi']);
    write(0x350, 0x1_0700);
    board.out8(0x20, 0x11);
    for (const value of [0x30, 4, 1]) board.out8(0x21, value);
    writeIo(0x16, 0x0700);
    board.interruptLine(3).setLevel(true);
    assert.equal(apic.acknowledge(), 0x33);
  });
});

test('a restored APIC goes on where the saved one was', () => {
  enable();
  write(0x320, 0x2_0040);
  write(0x3e0, 0xb);
  write(0x380, 1_000_000);
  selfInterrupt(0x55);
  selfInterrupt(0x66);
  apic.acknowledge();
  board.advance(300_000);
  writeIo(0x22, 0x8039);
  const saved = JSON.parse(JSON.stringify([apic.save(), ioApic.save()]));
  write(0xf0, 0);
  apic.restore(saved[0]);
  ioApic.restore(saved[1]);
  assert.deepEqual([apic.save(), ioApic.save()], saved);
  write(0xb0, 0);
  assert.equal(apic.acknowledge(), 0x55);
});

test('whatever is written, nothing throws', () => {
  let seed = 3;
  const random = (): number => (seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0) >>> 4;
  const interesting = [0, 1, 0x1ff, 0xff, 0x1_0040, 0x2_0040, 0x4_0040, 0xffff_ffff];
  for (let step = 0; step < 30_000; step += 1) {
    const value = random() % 2 === 0 ? (interesting[random() % 8] as number) : random();
    const offset = (random() % 64) * 16;
    if (random() % 2 === 0) write(offset, value);
    else read(offset);
    if (random() % 3 === 0) writeIo(random() % 0x42, value);
    if (random() % 50 === 0)
      apic.writeMsr(0x1b, BigInt((random() % 2) * 0x400 + (random() % 2) * 0x800) + 0xfee0_0000n);
    if (random() % 4 === 0) apic.writeMsr(0x800 + (random() % 64), BigInt(value));
    if (random() % 8 === 0) apic.writeMsr(0x6e0, BigInt(value));
    ioApic.setPin(random() % 24, random() % 2 === 0);
    const pending = apic.pendingVector();
    if (pending >= 0) assert.equal(apic.acknowledge(), pending);
    board.advance(random() % 1000);
  }
  apic.restore(JSON.parse(JSON.stringify(apic.save())));
});
