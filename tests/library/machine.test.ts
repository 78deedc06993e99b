// Machines as a program has them, on the engine that the build made.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { buffer } from 'node:stream/consumers';
import { Machine, UserError } from '../../src/library/index.ts';
import type { EngineName, MachineOptions } from '../../src/library/index.ts';
import { echoes, exits, halts, sends, sent, sleeps, spins, wanders } from './guests.ts';

const machine = (kernel: Uint8Array, options: Partial<MachineOptions> = {}): Machine =>
  new Machine({ kernel, memory: '16M', devices: ['debug-exit'], ...options });

test('a machine starts, runs and ends with the outcome that its event and its promise tell', async () => {
  const guest = machine(exits(5));
  const events: unknown[] = [];
  guest.on('end', (outcome) => events.push(outcome, guest.state));
  assert.equal(guest.state, 'created');
  await guest.start();
  assert.equal(guest.state, 'running');
  const outcome = await guest.ended;
  assert.deepEqual(outcome, { kind: 'exit', status: 11 });
  assert.deepEqual(events, [outcome, 'ended']);
});

test('a guest that cannot go on ends with the state of its processor', async () => {
  const guest = machine(halts);
  await guest.start();
  const outcome = await guest.ended;
  assert.equal(outcome.kind, 'halted');
  assert.match('state' in outcome ? outcome.state : '', /RIP 0{10}100021/);
});

test('the serial port carries every byte both ways, at the pace of the guest and of the reader', async () => {
  const guest = machine(echoes);
  const all = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte).filter((byte) => byte !== 0x71));
  const input = Buffer.concat([...Array.from({ length: 800 }, () => all), Buffer.from('q')]);
  assert.equal(guest.serial.write(input), false, 'a write of this size asks to wait');
  await guest.start();
  const output = await buffer(guest.serial);
  assert.ok(output.equals(input));
  assert.deepEqual(await guest.ended, { kind: 'exit', status: 1 });
});

test('the guest stands still while a reader that has begun leaves much unread', async () => {
  const count = 1_000_000;
  const guest = machine(sends(count));
  const chunks: Buffer[] = [];
  guest.serial.once('data', (chunk: Buffer) => {
    chunks.push(chunk);
    guest.serial.pause();
  });
  await guest.start();
  await delay(100);
  let { instructions } = guest.statistics();
  while ((await delay(100), guest.statistics().instructions !== instructions)) ({ instructions } = guest.statistics());
  assert.equal(guest.state, 'running');
  assert.ok(instructions < 3 * count, `${instructions} of ${3 * count} instructions`);
  // A pause of the user's own, meanwhile, outlasts the wait for the reader.
  guest.pause();
  guest.serial.on('data', (chunk: Buffer) => chunks.push(chunk));
  guest.serial.resume();
  await delay(50);
  assert.equal(guest.statistics().instructions, instructions);
  guest.resume();
  await once(guest.serial, 'end');
  assert.ok(Buffer.concat(chunks).equals(sent(count)));
});

test('of a port that nobody reads the last 64 KiB are kept, and the guest is not held up', async () => {
  const count = 300_000;
  const guest = machine(sends(count, 0x2f8));
  await guest.start();
  assert.equal((await guest.ended).kind, 'exit');
  const kept = await buffer(guest.serials[1]);
  assert.ok(kept.equals(sent(count).subarray(-65536)));
  assert.equal((await buffer(guest.serial)).length, 0);
});

test('what is written to a port before the end is the guest’s, after it nobody’s; sources are unpiped', async () => {
  const guest = machine(exits(0));
  let unpiped = false;
  guest.serial.on('unpipe', () => (unpiped = true));
  process.stdin.pipe(guest.serial);
  guest.serial.write(Buffer.alloc(200_000), (error) => assert.ifError(error));
  await guest.start();
  await guest.ended;
  assert.ok(unpiped);
  await new Promise<void>((resolve, reject) => {
    guest.serial.write('late', (error) => (error ? reject(error) : resolve()));
  });
});

test('pause stops the guest and its clock, resume lets them go on', async () => {
  const guest = machine(spins);
  const events: string[] = [];
  guest.on('pause', () => events.push('pause')).on('resume', () => events.push('resume'));
  await guest.start();
  await delay(50);
  guest.pause();
  guest.pause();
  assert.equal(guest.state, 'paused');
  const before = guest.statistics();
  assert.ok(before.instructions > 0);
  await delay(100);
  const after = guest.statistics();
  assert.equal(after.instructions, before.instructions);
  assert.equal(after.virtualTime, before.virtualTime);
  assert.ok(after.wallTime > before.wallTime + 90e6);
  guest.resume();
  guest.resume();
  await delay(50);
  assert.ok(guest.statistics().instructions > before.instructions);
  assert.ok(guest.statistics().virtualTime < before.virtualTime + 1e9);
  assert.deepEqual(events, ['pause', 'resume']);
  guest.pause();
  guest.stop();
  assert.deepEqual(await guest.ended, { kind: 'stopped' });
});

test('a guest paused before its first instruction has none retired until it is resumed', async () => {
  const guest = machine(exits(1));
  await guest.start();
  guest.pause();
  await delay(30);
  assert.equal(guest.statistics().instructions, 0);
  guest.resume();
  assert.deepEqual(await guest.ended, { kind: 'exit', status: 3 });
});

test('input wakes an idle guest, even when the port tells of it only by a timeout', async () => {
  for (const clock of ['host', 'instructions'] as const) {
    const guest = machine(sleeps, { clock });
    await guest.start();
    const [prompt] = (await once(guest.serial, 'data')) as [Buffer];
    assert.equal(String(prompt), '>');
    await delay(20);
    guest.serial.write('x');
    const outcome = await Promise.race([guest.ended, delay(5000, 'asleep', { ref: false })]);
    guest.stop();
    assert.deepEqual(outcome, { kind: 'exit', status: ((0x78 << 1) | 1) & 0xff }, clock);
  }
});

test('machines run side by side, and each ends alone', async () => {
  const guests = ['first', 'second', 'third'].map((name) => ({ name, guest: machine(echoes) }));
  const endless = machine(spins);
  await Promise.all([endless, ...guests.map(({ guest }) => guest)].map((guest) => guest.start()));
  const texts = guests.map(async ({ name, guest }) => {
    guest.serial.write(`${name} q`);
    return String(await buffer(guest.serial));
  });
  assert.deepEqual(await Promise.all(texts), ['first q', 'second q', 'third q']);
  assert.equal(endless.state, 'running');
  endless.stop();
  assert.deepEqual(await endless.ended, { kind: 'stopped' });
});

test('on the clock of instructions the same run comes twice, however the host interrupts it', async () => {
  const run = async (engine: EngineName, disturb: (guest: Machine) => void) => {
    const guest = machine(wanders, { clock: 'instructions', engine });
    await guest.start();
    disturb(guest);
    const output = (await buffer(guest.serial)).toString('hex');
    const { instructions, virtualTime } = guest.statistics();
    return { output, instructions, virtualTime };
  };
  for (const engine of ['interpreter', 'translator', 'auto'] as const) {
    const first = await run(engine, () => {});
    const second = await run(engine, (guest) => {
      guest.pause();
      setTimeout(() => guest.resume(), 30);
    });
    assert.deepEqual(second, first, engine);
    assert.equal(first.output.length, 4000);
    // It is not the same output because it is all the same.
    assert.ok(new Set(first.output.match(/..../g)).size > 900, engine);
  }
});

test('every engine runs a guest to the same end', async () => {
  for (const engine of ['interpreter', 'translator', 'auto'] as const) {
    const guest = machine(sends(100_000), { engine });
    await guest.start();
    assert.ok((await buffer(guest.serial)).equals(sent(100_000)), engine);
    assert.deepEqual(await guest.ended, { kind: 'exit', status: 1 }, engine);
  }
});

test('what cannot be booted as asked rejects with a sentence for the user', async () => {
  const cases: [options: MachineOptions, message: RegExp][] = [
    [{ kernel: Buffer.from('no kernel at all') }, /^The file is no kernel that Lodge knows/],
    [{ kernel: new Uint8Array(0) }, /^The kernel file is empty/],
    [{ kernel: join(tmpdir(), 'no-such-kernel') }, /^The kernel .*no-such-kernel does not exist/],
    [{ kernel: spins, initrd: join(tmpdir(), 'no-such-initrd') }, /^The initrd .*no-such-initrd does not exist/],
    [{ kernel: spins, modules: [{ data: tmpdir() }] }, /^The module .* is a directory/],
    [{ kernel: spins, memory: '16 apples' }, /cannot be 16 apples; give bytes, or a size/],
    [{ kernel: spins, memory: 1.5 }, /cannot be 1\.5; give bytes/],
    [{ kernel: spins, memory: 4096 }, /needs at least 1 MiB of memory/],
    [{ kernel: spins, devices: ['abacus'] }, /^There is no device "abacus"/],
    [{ kernel: spins, clock: 'sundial' } as unknown as MachineOptions, /^There is no clock 'sundial'; use 'host' or/],
    [{ kernel: spins, engine: 'steam' } as unknown as MachineOptions, /^There is no engine 'steam'/],
  ];
  for (const [options, message] of cases) {
    const guest = new Machine(options);
    guest.on('end', () => assert.fail('it never began'));
    await assert.rejects(guest.start(), (error) => error instanceof UserError && message.test(error.message));
    assert.equal(guest.state, 'ended');
    await assert.rejects(guest.ended, UserError);
    assert.equal((await buffer(guest.serial)).length, 0);
    guest.stop();
  }
});

test('what is asked at the wrong time is refused in words, or does nothing where it may well happen', async () => {
  const guest = machine(spins);
  assert.throws(() => guest.pause(), /nothing to pause: the machine has not been started/);
  assert.throws(() => guest.resume(), /nothing to resume: the machine has not been started/);
  assert.throws(() => guest.statistics(), /not been started/);
  guest.serial.sendBreak();
  await guest.start();
  await assert.rejects(guest.start(), /started already/);
  guest.stop();
  await guest.ended;
  guest.stop();
  guest.pause();
  guest.resume();
  guest.serial.sendBreak();
  assert.equal(guest.state, 'ended');
  assert.ok(guest.statistics().wallTime > 0);
  await assert.rejects(guest.start(), /has ended and cannot be started again/);
  const unstarted = machine(spins);
  unstarted.stop();
  assert.deepEqual(await unstarted.ended, { kind: 'stopped' });
  await assert.rejects(unstarted.start(), /has ended/);
});
