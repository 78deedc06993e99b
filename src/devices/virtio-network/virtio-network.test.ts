import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NetworkBackend, NetworkFrame, NetworkReceiver } from '../../base/network-backend.ts';
import { benchDevice } from '../virtio/bench-device.ts';
import type { BenchDevice } from '../virtio/bench-device.ts';
import type { BenchDriverOptions } from '../virtio/bench-driver.ts';
import { VirtioNetwork } from './virtio-network.ts';

const FEATURE = { checksum: 1n, guestChecksum: 2n, guestTcp4: 1n << 7n, hostTcp4: 1n << 11n, merged: 1n << 15n };

class Cable implements NetworkBackend {
  readonly takesOffloads = true;
  readonly sent: NetworkFrame[] = [];
  receiver!: NetworkReceiver;
  rooms = 0;

  send(frame: NetworkFrame): void {
    this.sent.push(frame);
  }

  connect(receiver: NetworkReceiver): void {
    this.receiver = receiver;
    receiver.onRoom(() => (this.rooms += 1));
  }

  close(): void {}
}

function setUp(options: BenchDriverOptions = {}): BenchDevice & { readonly cable: Cable } {
  const cable = new Cable();
  const bench = benchDevice(new VirtioNetwork('network', cable, Uint8Array.of(2, 0, 0, 0, 0, 1)), options);
  return { ...bench, cable };
}

const header = (
  ...words: readonly [flags: number, kind: number, size: number, start: number, offset: number]
): Uint8Array => {
  const view = new DataView(new ArrayBuffer(12));
  view.setUint8(0, words[0]);
  view.setUint8(1, words[1]);
  view.setUint16(4, words[2], true);
  view.setUint16(6, words[3], true);
  view.setUint16(8, words[4], true);
  return new Uint8Array(view.buffer);
};

const frame = (length: number): Uint8Array => Uint8Array.from({ length }, (_, index) => (index * 13) ^ (index >> 8));

test('the configuration holds the address and says that the link is up', () => {
  const { driver } = setUp();
  assert.deepEqual(
    [0, 1, 2, 3, 4, 5, 6, 7].map((at) => driver.own(at, 1)),
    [2, 0, 0, 0, 0, 1, 1, 0],
  );
});

for (const ring of [{}, { packed: true, eventIndex: true, indirect: true }] as const) {
  test(`sends frames, whole and for several, by a ring with ${Object.keys(ring).join(', ') || 'nothing more'}`, async () => {
    const { cable, driver } = setUp({ ...ring, features: FEATURE.checksum | FEATURE.hostTcp4 });
    driver.useQueue(1);
    await driver.request(header(0, 0, 0, 0, 0), frame(60));
    await driver.request(header(1, 1, 1448, 34, 16), frame(54), frame(60_000));
    assert.deepEqual(cable.sent[0], { bytes: frame(60) });
    assert.deepEqual(
      { ...cable.sent[1], bytes: [] },
      { bytes: [], checksum: { start: 34, offset: 16 }, segmentSize: 1448 },
    );
    assert.deepEqual(cable.sent[1]?.bytes, Uint8Array.of(...frame(54), ...frame(60_000)));
  });
}

test('drops what is no frame', async () => {
  const { cable, driver } = setUp();
  driver.useQueue(1);
  await driver.request(header(0, 0, 0, 0, 0), frame(13));
  await driver.request(frame(5));
  await driver.request(header(0, 3, 1000, 0, 0), frame(100)); // no such segmentation was agreed on
  await driver.request(header(0, 1, 0, 0, 0), frame(100)); // segments of nothing
  await driver.request(header(1, 0, 0, 90, 9), frame(100)); // a checksum behind the end
  await driver.request(header(0, 0, 0, 0, 0), frame(60_000), frame(6000));
  assert.deepEqual(cable.sent, []);
  await driver.request(header(1, 0, 0, 90, 8), frame(100));
  assert.equal(cable.sent.length, 1);
});

test('a frame comes into one buffer', () => {
  const { cable, driver } = setUp();
  driver.useQueue(0);
  const look = driver.submit(2000);
  assert.equal(cable.receiver.largestFrame, 1514);
  assert.equal(cable.receiver.receive({ bytes: frame(1000) }), true);
  const answer = look();
  assert.equal(answer?.length, 1012);
  assert.deepEqual(answer?.written[0]?.slice(0, 12), Uint8Array.of(2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0));
  assert.deepEqual(answer?.written[0]?.slice(12, 1012), frame(1000));
});

for (const packed of [false, true]) {
  test(`a frame for several is spread over merged buffers of a ${packed ? 'packed' : 'split'} ring, once there are enough`, () => {
    const { cable, driver } = setUp({ packed, features: FEATURE.merged | FEATURE.guestChecksum | FEATURE.guestTcp4 });
    assert.equal(cable.receiver.largestFrame, 65_550);
    assert.equal(cable.receiver.takesPartialChecksums, true);
    const big = { bytes: frame(5000), checksum: { start: 34, offset: 16 }, segmentSize: 1448 };
    driver.useQueue(0);
    const looks = [driver.submit(2048), driver.submit(2048)];
    assert.equal(cable.receiver.receive(big), false);
    assert.equal(cable.rooms, 0);
    looks.push(driver.submit(2048));
    assert.equal(cable.rooms, 1);
    assert.equal(cable.receiver.receive(big), true);
    const answers = looks.map((look) => look());
    assert.deepEqual(
      answers.map((answer) => answer?.length),
      [2048, 2048, 916],
    );
    const bytes = answers.flatMap((answer) => [...(answer?.written[0]?.subarray(0, answer.length) ?? [])]);
    assert.deepEqual(bytes.slice(0, 12), [1, 1, 54, 0, 0xa8, 5, 34, 0, 16, 0, 3, 0]);
    assert.deepEqual(Uint8Array.from(bytes.slice(12)), frame(5000));
    // A further one fits into none.
    assert.equal(cable.receiver.receive(big), false);
  });
}

test('without a driver, frames are lost, and whoever waited is told', () => {
  const { cable, driver } = setUp();
  assert.equal(cable.receiver.receive({ bytes: frame(100) }), false);
  driver.setCommon(0x14, 1, 0);
  assert.equal(cable.rooms, 1);
  assert.equal(cable.receiver.receive({ bytes: frame(100) }), true);
});
