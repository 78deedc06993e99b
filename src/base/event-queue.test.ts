import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { EventQueue } from './event-queue.ts';
import { ticksIn, timeOfTick } from './frequency.ts';

describe('the event queue', () => {
  test('runs timers in the order of their deadlines, ties in the order of arming', () => {
    const queue = new EventQueue();
    const ran: string[] = [];
    for (const [name, deadline] of [
      ['a', 30],
      ['b', 10],
      ['c', 20],
      ['d', 10],
    ] as const) {
      queue.timer((at) => ran.push(`${name}${at}`)).arm(deadline);
    }
    assert.equal(queue.nextDeadline(), 10);
    assert.equal(queue.runDue(20), 3);
    assert.deepEqual(ran, ['b10', 'd10', 'c20']);
    assert.equal(queue.nextDeadline(), 30);
    assert.equal(queue.runDue(29), 0);
  });

  test('a timer runs once, can be moved and cancelled', () => {
    const queue = new EventQueue();
    let ran = 0;
    const timer = queue.timer(() => (ran += 1));
    timer.arm(10);
    timer.arm(20);
    queue.runDue(15);
    assert.equal(ran, 0);
    queue.runDue(100);
    queue.runDue(100);
    assert.deepEqual([ran, timer.deadline, queue.nextDeadline()], [1, Infinity, Infinity]);
    timer.arm(30);
    timer.cancel();
    timer.cancel();
    timer.arm(Infinity);
    timer.arm(NaN);
    queue.runDue(1000);
    assert.deepEqual([ran, queue.nextDeadline()], [1, Infinity]);
  });

  test('what a callback arms runs too, if it is due, but not without end', () => {
    const queue = new EventQueue();
    let ran = 0;
    const timer = queue.timer((at) => {
      ran += 1;
      timer.arm(at + 10);
    });
    timer.arm(0);
    queue.runDue(95);
    assert.equal(ran, 10);
    const hostile = queue.timer((at) => hostile.arm(at));
    hostile.arm(0);
    assert.equal(queue.runDue(95), 10_000);
  });

  test('tells when the earliest deadline moves forward, but not while it runs timers', () => {
    const queue = new EventQueue();
    const told: number[] = [];
    queue.onSooner((deadline) => told.push(deadline));
    const [first, second] = [queue.timer((at) => first!.arm(at + 5)), queue.timer(() => {})];
    first!.arm(100);
    second!.arm(200);
    second!.arm(50);
    second!.arm(60);
    assert.deepEqual(told, [100, 50, 60], 'a timer that is moved was taken out first');
    queue.runDue(100);
    assert.equal(told.length, 3);
  });

  test('agrees with a sorted list over many random changes', () => {
    const queue = new EventQueue();
    let seed = 1;
    const random = (): number => (seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0) >>> 8;
    let order = 0;
    const expected = new Map<number, { deadline: number; order: number }>();
    const ran: number[] = [];
    const timers = Array.from({ length: 50 }, (_, n) => queue.timer(() => ran.push(n)));
    for (let now = 0; now < 5000; now += 1) {
      const n = random() % 50;
      if (random() % 4 === 0) {
        timers[n]!.cancel();
        expected.delete(n);
      } else {
        const deadline = now + (random() % 100);
        timers[n]!.arm(deadline);
        expected.set(n, { deadline, order: (order += 1) });
      }
      const due = [...expected].filter(([, at]) => at.deadline <= now);
      due.sort(([, a], [, b]) => a.deadline - b.deadline || a.order - b.order);
      ran.length = 0;
      queue.runDue(now);
      assert.deepEqual(
        ran,
        due.map(([timer]) => timer),
      );
      for (const timer of ran) expected.delete(timer);
      assert.equal(queue.nextDeadline(), Math.min(Infinity, ...[...expected.values()].map((at) => at.deadline)));
    }
  });
});

describe('frequencies', () => {
  test('the time of a tick is the first instant that has it', () => {
    for (const hertz of [1_193_182, 3_579_545, 32_768, 1_000_000_000]) {
      for (const tick of [0, 1, 2, 1193, 65_536, 1_193_182, 123_456_789, 98_765_432_101]) {
        const time = timeOfTick(tick, hertz);
        assert.ok(ticksIn(time, hertz) >= tick, `${tick} at ${hertz}`);
        if (time > 0) assert.ok(ticksIn(time - 1, hertz) < tick, `${tick} at ${hertz}`);
      }
    }
  });

  test('ticks are exact over months', () => {
    assert.equal(ticksIn(86_400e9 * 100, 1_193_182), 86_400 * 100 * 1_193_182);
  });
});
