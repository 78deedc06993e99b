import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { BenchHost, BenchMedium, NAMES } from './bench-host.ts';
import { REGISTER } from './ide-registers.ts';

const FRAMES = 5000;
const FRAME = 2048;

let medium: BenchMedium;
let host: BenchHost;

interface Outcome {
  readonly data: Uint8Array;
  /** The lengths of the blocks in which it came. */
  readonly blocks: readonly number[];
  /** Sense key, and code with qualifier; zeroes when it went well. */
  readonly sense: readonly [number, number];
}

/** Does a packet as a driver does by the data register, and asks why if it fails. */
async function packet(bytes: readonly number[], limit = 0xfffe): Promise<Outcome> {
  host.out(REGISTER.device, 0xa0);
  host.out(REGISTER.error, 0);
  host.out(REGISTER.mid, limit & 0xff);
  host.out(REGISTER.high, limit >>> 8);
  host.out(REGISTER.status, 0xa0);
  assert.deepEqual([host.in(REGISTER.status), host.in(REGISTER.count) & 3], [0x58, 1]);
  host.writeData(Uint8Array.from({ length: 12 }, (_, at) => bytes[at] ?? 0));
  const data: number[] = [];
  const blocks: number[] = [];
  for (;;) {
    await host.settle();
    assert.ok(host.line);
    const status = host.in(REGISTER.status);
    if ((status & 0x08) === 0) {
      assert.equal(host.in(REGISTER.count) & 3, 3);
      if ((status & 1) === 0) return { data: Uint8Array.from(data), blocks, sense: [0, 0] };
      const key = host.in(REGISTER.error) >> 4;
      const sense = bytes[0] === 0x03 ? undefined : (await packet([0x03, 0, 0, 0, 18])).data;
      assert.equal(sense?.[2], key);
      return { data: Uint8Array.from(data), blocks, sense: [key, ((sense?.[12] ?? 0) << 8) | (sense?.[13] ?? 0)] };
    }
    assert.equal(host.in(REGISTER.count) & 3, 2);
    const length = host.in(REGISTER.mid) | (host.in(REGISTER.high) << 8);
    blocks.push(length);
    data.push(...host.readData(length + (length & 1)).subarray(0, length));
  }
}

const frames = (first: number, count: number): Uint8Array =>
  Uint8Array.from(Array.from({ length: count * 4 }, (_, index) => [...medium.sector(first * 4 + index)]).flat());

beforeEach(async () => {
  medium = new BenchMedium(FRAMES * FRAME, true);
  host = new BenchHost({ kind: 'cdrom', medium, names: NAMES });
  assert.deepEqual((await packet([0x00])).sense, [6, 0x2900]);
});

test('it is found by its signature, and by IDENTIFY PACKET DEVICE', async () => {
  host.control(0x04);
  host.control(0x00);
  assert.deepEqual(
    [1, 2, 3, 4, 5, 7].map((register) => host.in(register)),
    [1, 1, 1, 0x14, 0xeb, 0],
  );
  host.out(REGISTER.mid, 0);
  assert.equal((await host.command(0xec)) & 1, 1);
  assert.deepEqual([host.in(REGISTER.mid), host.in(REGISTER.high), host.in(REGISTER.error)], [0x14, 0xeb, 4]);
  assert.equal(await host.command(0xa1), 0x58);
  const words = new Uint16Array(host.readData(512).buffer);
  assert.equal(words[0], 0x85c0);
  host.out(REGISTER.status, 0x08);
  assert.deepEqual([host.in(REGISTER.status), host.in(REGISTER.mid)], [0, 0x14]);
});

test('changes are told once, and not by commands that ask for none', async () => {
  host.control(0x04);
  host.control(0x00);
  assert.deepEqual((await packet([0x12, 0, 0, 0, 36])).sense, [0, 0]);
  assert.deepEqual([...(await packet([0x03, 0, 0, 0, 18])).data.subarray(12, 14)], [0x29, 0]);
  assert.deepEqual((await packet([0x00])).sense, [0, 0]);
});

test('inquiry, capacity and mode pages', async () => {
  const inquiry = await packet([0x12, 0, 0, 0, 36]);
  assert.equal(inquiry.data.length, 36);
  assert.deepEqual([...inquiry.data.subarray(0, 5)], [5, 0x80, 0, 0x21, 31]);
  assert.equal((await packet([0x12, 0, 0, 0, 5])).data.length, 5);
  assert.deepEqual((await packet([0x12, 1, 0x80, 0, 36])).sense, [5, 0x2400]);
  const capacity = new DataView((await packet([0x25])).data.buffer);
  assert.deepEqual([capacity.getUint32(0), capacity.getUint32(4)], [FRAMES - 1, FRAME]);
  const mode = (await packet([0x5a, 0, 0x2a, 0, 0, 0, 0, 0, 128])).data;
  assert.equal(((mode[0] ?? 0) << 8) | (mode[1] ?? 0), mode.length - 2);
  assert.equal(mode[8], 0x2a);
  assert.equal(mode[9], mode.length - 10);
  assert.deepEqual((await packet([0x5a, 0, 0x15, 0, 0, 0, 0, 0, 128])).sense, [5, 0x2400]);
  const all = (await packet([0x5a, 0, 0x3f, 0, 0, 0, 0, 1, 0])).data;
  for (let at = 8; at < all.length; at += 2 + (all[at + 1] ?? 0))
    assert.ok([1, 0x0e, 0x1a, 0x2a].includes(all[at] ?? 0));
});

test('frames come in blocks that the host has room for', async () => {
  const one = await packet([0x28, 0, 0, 0, 0, 100, 0, 0, 3], FRAME);
  assert.deepEqual(one.data, frames(100, 3));
  assert.deepEqual(one.blocks, [FRAME, FRAME, FRAME]);
  const odd = await packet([0xa8, 0, 0, 0, 0x10, 0, 0, 0, 0, 2], 3001);
  assert.deepEqual(odd.data, frames(0x1000, 2));
  assert.deepEqual(odd.blocks, [3000, 4096 - 3000]);
  const many = await packet([0x28, 0, 0, 0, 0, 0, 0, 0, 200]);
  assert.deepEqual(many.data, frames(0, 200));
  const none = await packet([0x28, 0, 0, 0, 0, 5, 0, 0, 0]);
  assert.deepEqual([none.data.length, none.sense], [0, [0, 0]]);
  assert.deepEqual((await packet([0xbe, 0, 0, 0, 0, 7, 0, 0, 1, 0x10])).data, frames(7, 1));
  assert.deepEqual((await packet([0xbe, 0, 0, 0, 0, 7, 0, 0, 1, 0xf8])).sense, [5, 0x2400]);
  assert.deepEqual((await packet([0x28, 0, 0, 0, 0x13, 0x88, 0, 0, 1])).sense, [5, 0x2100]);
  assert.deepEqual((await packet([0xa8, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff])).sense, [5, 0x2100]);
});

test('a medium that ends within a frame is filled up', async () => {
  medium = new BenchMedium(3 * FRAME + 512, true);
  host.controller.changeMedium(0, medium);
  await packet([0x00]);
  const { data } = await packet([0x28, 0, 0, 0, 0, 3, 0, 0, 1]);
  assert.deepEqual(data.subarray(0, 512), medium.sector(12));
  assert.deepEqual(data.subarray(512), new Uint8Array(1536));
});

test('frames and answers go by bus master', async () => {
  const send = async (bytes: readonly number[]): Promise<void> => {
    host.out(REGISTER.error, 1);
    host.out(REGISTER.status, 0xa0);
    host.writeData(Uint8Array.from({ length: 12 }, (_, at) => bytes[at] ?? 0));
    host.master(9);
    await host.settle();
    host.master(0);
  };
  host.setTable(0x1000, [
    [0x8000, 3000],
    [0x2_0000, 2 * FRAME - 3000],
  ]);
  await send([0x28, 0, 0, 0, 0, 9, 0, 0, 2]);
  assert.ok(host.line);
  assert.equal(host.masterStatus & 7, 4);
  assert.deepEqual([host.in(REGISTER.status), host.in(REGISTER.count) & 3], [0x50, 3]);
  const { memory } = host.board;
  assert.deepEqual(
    Uint8Array.of(...memory.readBytes(0x8000 as never, 3000), ...memory.readBytes(0x2_0000 as never, 2 * FRAME - 3000)),
    frames(9, 2),
  );
  host.setTable(0x1000, [[0x8000, 36]]);
  await send([0x12, 0, 0, 0, 36]);
  assert.equal(memory.read8(0x8000 as never), 5);
  await send([0x28, 0, 0xff, 0, 0, 0, 0, 0, 2]);
  assert.equal(host.in(REGISTER.status), 0x41);
});

test('the table of contents has one track of data', async () => {
  const toc = (await packet([0x43, 0, 0, 0, 0, 0, 0, 0, 255])).data;
  assert.deepEqual([...toc], [0, 18, 1, 1, 0, 0x14, 1, 0, 0, 0, 0, 0, 0, 0x16, 0xaa, 0, 0, 0, 0x13, 0x88]);
  const times = (await packet([0x43, 2, 0, 0, 0, 0, 0xaa, 0, 255])).data;
  // 5000 frames and 150 are one minute, eight seconds and fifty frames.
  assert.deepEqual([...times], [0, 10, 1, 1, 0, 0x16, 0xaa, 0, 0, 1, 8, 50]);
  const sessions = (await packet([0x43, 0, 1, 0, 0, 0, 0, 0, 255])).data;
  assert.deepEqual([...sessions.subarray(0, 4)], [0, 10, 1, 1]);
  assert.deepEqual((await packet([0x43, 0, 5, 0, 0, 0, 0, 0, 255])).sense, [5, 0x2400]);
  const full = (await packet([0x43, 0, 2, 0, 0, 0, 0, 0, 255])).data;
  assert.equal(full.length, 4 + 4 * 11);
});

test('features, disc and track', async () => {
  const features = (await packet([0x46, 0, 0, 0, 0, 0, 0, 1, 0])).data;
  const view = new DataView(features.buffer);
  assert.equal(view.getUint32(0), features.length - 4);
  assert.equal(view.getUint16(6), 0x0008);
  const codes: number[] = [];
  for (let at = 8; at < features.length; at += 4 + view.getUint8(at + 3)) codes.push(view.getUint16(at));
  assert.deepEqual(codes, [0, 1, 2, 3, 0x10, 0x1e, 0x1f]);
  assert.equal((await packet([0x46, 2, 0, 0x1e, 0, 0, 0, 1, 0])).data.length, 16);
  const disc = (await packet([0x51, 0, 0, 0, 0, 0, 0, 0, 34])).data;
  assert.deepEqual([disc.length, disc[2]], [34, 0x0e]);
  assert.equal((await packet([0x52, 1, 0, 0, 0, 1, 0, 0, 36])).data.length, 36);
  assert.equal((await packet([0xbd, 0, 0, 0, 0, 0, 0, 0, 0, 8])).data.length, 8);
  assert.deepEqual((await packet([0xff])).sense, [5, 0x2000]);
  host.controller.changeMedium(0, new BenchMedium(2 ** 32, true));
  assert.equal(new DataView((await packet([0x46, 0, 0, 0, 0, 0, 0, 0, 8])).data.buffer).getUint16(6), 0x0010);
});

test('the tray opens, closes, and can be locked', async () => {
  const events = async (): Promise<number[]> => [
    ...(await packet([0x4a, 1, 0, 0, 0x10, 0, 0, 0, 8])).data.subarray(4, 6),
  ];
  assert.deepEqual(await events(), [0, 2]);
  assert.deepEqual((await packet([0x4a, 0, 0, 0, 0x10, 0, 0, 0, 8])).sense, [5, 0x2400]);
  await packet([0x1e, 0, 0, 0, 1]);
  assert.deepEqual((await packet([0x1b, 0, 0, 0, 2])).sense, [5, 0x5302]);
  await packet([0x1e, 0, 0, 0, 0]);
  assert.deepEqual((await packet([0x1b, 0, 0, 0, 2])).sense, [0, 0]);
  assert.deepEqual(await events(), [3, 1]);
  assert.deepEqual((await packet([0x00])).sense, [2, 0x3a02]);
  assert.deepEqual((await packet([0x28, 0, 0, 0, 0, 0, 0, 0, 1])).sense, [2, 0x3a02]);
  await packet([0x1b, 0, 0, 0, 3]);
  assert.deepEqual(await events(), [2, 2]);
  assert.deepEqual((await packet([0x00])).sense, [6, 0x2800]);
  assert.deepEqual((await packet([0x00])).sense, [0, 0]);
  host.controller.changeMedium(0, undefined);
  assert.deepEqual((await packet([0x00])).sense, [2, 0x3a01]);
  assert.deepEqual(await events(), [3, 0]);
});

test('a medium that cannot be read is a medium error', async () => {
  medium.isBroken = true;
  assert.deepEqual((await packet([0x28, 0, 0, 0, 0, 0, 0, 0, 1])).sense, [3, 0x1100]);
});
