// Random streams both ways over a wire that loses, doubles and reorders: every byte arrives, once and in order.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SECOND } from '../base/units.ts';
import { BenchNetwork } from './bench/bench-network.ts';
import type { Wire } from './bench/bench-network.ts';
import { Random } from './bench/random.ts';

const ROUNDS = 60;

function wire(random: Random, loss: number, doubles: number, late: number): Wire {
  return () => {
    const chance = random.below(1000);
    const delay = random.below(1000) < late ? random.below(40_000_000) : 0;
    if (chance < loss) return [];
    return chance < loss + doubles ? [delay, delay + random.below(5_000_000)] : [delay];
  };
}

function round(seed: number): void {
  const random = new Random(seed);
  const bench = new BenchNetwork({ offloads: random.below(2) === 0 });
  const scale = random.below(4);
  const { tcp, stream } = bench.open({
    segmentSize: [88, 536, 1000, 1460, 9000][random.below(5)] as number,
    initial: random.below(2) === 0 ? 0xffff_ffff - random.below(5000) : random.below(2 ** 31),
    ...(scale === 0 ? { windowScale: undefined as never } : { windowScale: scale * 3 }),
  });
  bench.wireOut = wire(random, random.below(80), random.below(80), random.below(300));
  bench.wireIn = wire(random, random.below(80), random.below(80), random.below(300));
  const upstream = random.bytes(random.below(60_000));
  const downstream = random.bytes(random.below(60_000));
  const largestRoom = [300, 4000, 65_535, 500_000][random.below(4)] as number;
  let up = 0;
  let down = 0;
  for (let turn = 0; turn < 3000; turn += 1) {
    if (up < upstream.length) {
      const part = upstream.subarray(up, up + 1 + random.below(8000));
      tcp.write(part);
      up += part.length;
      if (up === upstream.length) tcp.end();
    }
    if (down < downstream.length && !stream.isPaused) {
      const part = downstream.slice(down, down + 1 + random.below(20_000));
      stream.events.onData(part);
      down += part.length;
      if (down === downstream.length) stream.events.onEnd();
    }
    if (random.below(20) === 0) bench.guest.buffers = random.below(5);
    bench.time.advance(random.below(50_000_000));
    if (random.below(2) === 0) stream.drain(random.below(20));
    if (random.below(3) === 0) {
      tcp.room = Math.max(tcp.room, random.below(largestRoom));
      tcp.update();
    }
    if (bench.guest.buffers !== Infinity && random.below(5) === 0) bench.guest.refill(Infinity);
    if (tcp.peerEnded && stream.isEnded) break;
    if (turn > 500) bench.time.advance(SECOND);
    if (upstream.length === 0 && turn === 0) tcp.end();
    if (downstream.length === 0 && turn === 0) stream.events.onEnd();
  }
  bench.guest.refill(Infinity);
  bench.wireIn = () => [0];
  bench.wireOut = () => [0];
  tcp.room = 1_000_000;
  tcp.update();
  bench.time.advance(300 * SECOND);
  stream.drain();
  assert.equal(stream.isReset, false);
  assert.deepEqual(Uint8Array.from(stream.written), upstream, 'to the host');
  assert.deepEqual(Uint8Array.from(tcp.received), downstream, 'to the guest');
  assert.deepEqual([tcp.peerEnded, stream.isEnded, tcp.endAcknowledged], [true, true, true]);
  assert.equal(bench.guest.damaged, 0);
  stream.close();
  bench.time.advance(100 * SECOND);
  assert.deepEqual([bench.network.usage.connections, bench.network.usage.memory], [0, 0]);
}

test(`${ROUNDS} random pairs of streams`, () => {
  const first = Number(process.env['SEED'] ?? 1);
  for (let seed = first; seed < first + ROUNDS; seed += 1) {
    try {
      round(seed);
    } catch (error) {
      throw new Error(`SEED=${seed}`, { cause: error });
    }
  }
});
