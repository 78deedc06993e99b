import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BenchHost, BenchMedium, NAMES } from './bench-host.ts';

/** Pseudo-random numbers below `limit` (mulberry32). */
function randomNumbers(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  };
}

const COMMANDS = [
  0x20, 0x24, 0x29, 0x30, 0x34, 0x39, 0x40, 0xa0, 0xc4, 0xc5, 0xc6, 0xc8, 0xca, 0x25, 0x35, 0xec, 0xa1, 0xef, 0x08,
  0x90, 0x91, 0xe7,
];
const PACKETS = [
  0x00, 0x03, 0x12, 0x1b, 0x1e, 0x25, 0x28, 0x2b, 0x43, 0x46, 0x4a, 0x51, 0x52, 0x5a, 0xa8, 0xbb, 0xbd, 0xbe,
];

/** A packet that mostly means something. */
function randomPacket(random: (limit: number) => number): Uint8Array {
  const packet = Uint8Array.from({ length: 12 }, (_, at) => (at === 8 || at === 9 || random(8) === 0 ? random(3) : 0));
  packet[0] = PACKETS[random(PACKETS.length)] as number;
  return packet;
}

test('random accesses throw nothing, leave the media, and a reset makes the drives usable again', async (context) => {
  const seed = Number(process.env.LODGE_SEED ?? 20_251_127);
  context.diagnostic(`seed ${seed}`);
  const random = randomNumbers(seed);
  const media = [new BenchMedium(3000 * 512), new BenchMedium(1000 * 2048, true), new BenchMedium(77 * 512, true)];
  const [first, second, third] = media as [BenchMedium, BenchMedium, BenchMedium];
  const host = new BenchHost(
    { kind: 'disk', backend: first, names: NAMES },
    { kind: 'cdrom', medium: second, names: NAMES },
    { kind: 'cdrom', medium: undefined, names: NAMES },
    { kind: 'disk', backend: third, names: NAMES },
  );
  const sizes = [1, 2, 4] as const;
  const seen = new Set<number>();
  for (let step = 0; step < 100_000; step++) {
    host.port = random(2) === 0 ? 0x1f0 : 0x170;
    // A drive waits for the rest of what it was told to expect until it is reset.
    if (random(25) === 0) {
      host.control(0x04);
      host.control(0x00);
      host.device = 0xe0 | (random(2) << 4);
      await host.command(COMMANDS[random(COMMANDS.length)] as number, { sector: random(3200), count: random(4) });
    }
    const size = sizes[random(3)] as 1 | 2 | 4;
    switch (random(8)) {
      case 0:
        host.out(7, COMMANDS[random(COMMANDS.length)] as number);
        if (random(10) === 0) host.out(7, random(256));
        break;
      case 1:
        // A whole packet.
        if (random(2) === 0) host.out(7, 0xa0);
        host.writeData(randomPacket(random));
        break;
      case 2:
        for (let count = random(2000); count > 0; count--) host.board.ports.read(host.port, size);
        break;
      case 3:
        for (let count = random(300); count > 0; count--) host.board.ports.write(host.port, size, random(2 ** 31));
        break;
      case 4:
        host.board.ports.write(host.port + 1 + random(6), size, random(4) === 0 ? random(2 ** 31) : random(4));
        break;
      case 5:
        host.board.ports.write(host.port + 6, 1, 0xa0 | (random(2) << 4) | (random(2) << 6));
        break;
      case 6:
        if (random(4) === 0) host.control(random(4) === 0 ? random(256) : 0);
        host.controller.busMaster.write(random(16), size, random(3) === 0 ? random(2 ** 31) : random(16));
        break;
      default:
        seen.add(host.in(random(8)));
        seen.add(host.controller.busMaster.read(random(16), size));
        if (random(2) === 0) await host.controller.settled();
    }
  }
  await host.controller.settled();
  for (const medium of media) {
    for (const request of medium.requests) {
      const [, offset, length] = /(\d+)\+(\d+)/.exec(request) ?? [];
      assert.ok(offset === undefined || Number(offset) + Number(length) <= medium.size, request);
    }
  }
  context.diagnostic(`${first.requests.length} and ${second.requests.length} requests`);
  assert.ok(first.requests.length > 200, `${first.requests.length} requests`);
  assert.ok(second.requests.length > 20, `${second.requests.length} requests`);
  assert.ok(seen.size > 20);
  const saved = host.controller.save();
  host.controller.restore(saved);
  assert.deepEqual(host.controller.save(), saved);
  host.controller.reset();
  host.port = 0x1f0;
  host.device = 0xe0;
  assert.equal(await host.command(0x20, { sector: 2999, count: 1 }), 0x58);
  assert.deepEqual(host.readData(512), first.sector(2999));
});
