// Whatever a guest sends, the network neither throws nor grows.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { writeU16 } from './big-endian.ts';
import { address, BenchNetwork } from './bench/bench-network.ts';
import { Random } from './bench/random.ts';
import { complement, pseudoHeaderSum, sumWords } from './checksum.ts';
import { advance } from './sequence.ts';
import { SUBNET } from './subnet.ts';
import { TCP } from './tcp-segment.ts';

const FRAMES = 100_000;
const DESTINATIONS = ['10.0.2.2', '10.0.2.3', '93.184.216.34', '255.255.255.255', '10.0.2.77', '224.0.0.1'].map(
  address,
);

/** Corrects IPv4's and the transport's checksum, so that what is wrong lies deeper. */
function repair(frame: Uint8Array): void {
  const header = ((frame[14] ?? 0) & 15) * 4;
  const transport = 14 + header;
  if (header < 20 || transport + 20 > frame.length) return;
  writeU16(frame, 16, frame.length - 14);
  writeU16(frame, 24, 0);
  writeU16(frame, 24, complement(sumWords(frame, 14, transport)));
  const protocol = frame[23] ?? 0;
  const field = transport + (protocol === 6 ? 16 : protocol === 17 ? 6 : 2);
  if (protocol === 17) writeU16(frame, transport + 4, frame.length - transport);
  writeU16(frame, field, 0);
  const view = (at: number): number =>
    (frame[at] ?? 0) * 2 ** 24 + ((frame[at + 1] ?? 0) << 16) + ((frame[at + 2] ?? 0) << 8) + (frame[at + 3] ?? 0);
  const pseudo = protocol === 1 ? 0 : pseudoHeaderSum(view(26), view(30), protocol, frame.length - transport);
  writeU16(frame, field, complement(sumWords(frame, transport, frame.length, pseudo)));
}

function randomFrame(random: Random, bench: BenchNetwork): Uint8Array {
  const destination = DESTINATIONS[random.below(DESTINATIONS.length)] as number;
  const kind = random.below(10);
  if (kind === 0) return random.bytes(random.below(200));
  if (kind === 1) {
    const frame = random.bytes(14 + random.below(60));
    frame.set([0x52, 0x55, 0x0a, 0, 2, 2]);
    frame.set([8, random.below(2) * 6], 12);
    return frame;
  }
  const protocol = [6, 17, 1, 47][random.below(4)] as number;
  const payload = random.bytes(random.below(100));
  if (protocol === 6)
    payload.set([5 << 4, random.below(64)].slice(0, Math.max(0, payload.length - 12)), Math.min(12, payload.length));
  // Few ports, so that segments meet connections.
  if (payload.length >= 4) payload.set([0x10, random.below(4), 0, [53, 80, 67, 7][random.below(4)] as number]);
  const header = random.below(10) === 0 ? { moreFragments: true, fragmentOffset: random.below(8192) * 8 } : {};
  const frame = bench.guest.frame(destination, protocol, payload, header);
  if (random.below(5) === 0) frame[random.below(frame.length)] = random.below(256);
  if (random.below(4) > 0) repair(frame);
  return frame;
}

test(`${FRAMES} frames of a hostile guest`, async () => {
  const seed = Number(process.env['SEED'] ?? 1);
  const random = new Random(seed);
  const bench = new BenchNetwork({ mostConnections: 50, allow: random.below(2) === 0 ? ['0.0.0.0/0', 'gateway'] : [] });
  let answered = 0;
  for (let count = 0; count < FRAMES; count += 1) {
    const bytes = randomFrame(random, bench);
    const offloads =
      random.below(8) === 0 ? { checksum: { start: random.below(70_000), offset: random.below(100) } } : {};
    const size = random.below(8) === 0 ? { segmentSize: random.below(65_536) } : {};
    bench.guest.send({ bytes, ...offloads, ...size });
    if (random.below(10) === 0) bench.time.advance(random.below(3) * 1e9);
    const stream = bench.host.streams.at(-1);
    if (stream !== undefined && random.below(3) === 0) {
      const deed = random.below(6);
      if (deed === 0) stream.events.onConnect();
      else if (deed === 1 && !stream.isPaused) stream.events.onData(random.bytes(50));
      else if (deed === 2) stream.drain();
      else if (deed === 3 && stream.waiting === 0) {
        stream.close('refused');
        bench.host.streams.pop();
      }
    }
    const socket = bench.host.datagrams.at(-1);
    if (socket?.isOpen === true) socket.listener(random.bytes(20), { address: address('93.184.216.34'), port: 80 });
    const { connections, flows, datagramsInPart, memory } = bench.network.usage;
    const isBounded = connections <= 50 && flows <= 512 && datagramsInPart <= 16 && memory < 64 * 1024 * 1024;
    assert.ok(isBounded && memory >= 0, `SEED=${seed}, frame ${count}`);
    answered += bench.guest.packets.length;
    bench.guest.packets.length = 0;
    bench.guest.arps.length = 0;
    bench.strays.length = 0;
    bench.host.queries.length = 0;
    if (count % 1000 === 0) {
      // oxlint-disable-next-line no-await-in-loop -- lets the name server's promises run
      await bench.promises();
      bench.host.datagrams.splice(0, Math.max(0, bench.host.datagrams.length - 600));
    }
  }
  assert.ok(answered > FRAMES / 20, `${answered} answers`);
  bench.network.close();
  assert.deepEqual(bench.network.usage, { connections: 0, flows: 0, datagramsInPart: 0, memory: 0 });
});

test('a flood of single bytes out of order, and of tiny segments to a host that takes nothing, is bounded', () => {
  const bench = new BenchNetwork();
  const { tcp, stream } = bench.open();
  for (let index = 0; index < 20_000; index += 1) tcp.send(TCP.ack, advance(tcp.next, 2 + index * 2), Uint8Array.of(1));
  bench.time.settle();
  assert.ok(bench.network.usage.memory < 1024 * 200, `${bench.network.usage.memory} bytes`);
  for (let index = 0; index < 20_000; index += 1) tcp.send(TCP.ack, advance(tcp.next, index), Uint8Array.of(1));
  bench.time.settle();
  assert.ok(stream.written.length < (2 * 1024 * 1024) / 256 + 100, `${stream.written.length} writes held`);
  assert.ok(bench.network.usage.memory <= 2_300_000, `${bench.network.usage.memory} bytes`);
});

test('many connections to hosts that take nothing share the memory', () => {
  const bench = new BenchNetwork();
  const payload = new Uint8Array(1400);
  for (let index = 0; index < 100; index += 1) {
    const { tcp } = bench.open({ port: 10_000 + index });
    for (let count = 0; count < 800; count += 1) tcp.send(TCP.ack, advance(tcp.next, count * 1400), payload);
    bench.time.settle();
  }
  assert.ok(bench.network.usage.memory <= 64 * 1024 * 1024, `${bench.network.usage.memory} bytes`);
  assert.ok(bench.network.usage.memory > 32 * 1024 * 1024);
  bench.network.close();
  assert.equal(bench.network.usage.memory, 0);
});

test('frames for other machines and from groups are not heard', () => {
  const bench = new BenchNetwork();
  const frame = bench.guest.frame(SUBNET.gateway, 1, new Uint8Array(8));
  frame[5] = 0x77;
  bench.guest.send({ bytes: frame });
  bench.time.settle();
  assert.equal(bench.guest.packets.length, 0);
});
