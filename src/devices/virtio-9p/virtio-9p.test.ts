import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FileServer } from '../../base/file-server.ts';
import { benchDevice } from '../virtio/bench-device.ts';
import { Virtio9p } from './virtio-9p.ts';

/** Answers a message with its bytes turned round. */
class Mirror implements FileServer {
  resets = 0;

  async handle(request: Uint8Array): Promise<Uint8Array> {
    await Promise.resolve();
    return request.toReversed();
  }

  reset(): void {
    this.resets += 1;
  }
}

test('the configuration holds the tag', () => {
  const { driver } = benchDevice(new Virtio9p('share0', 'work', new Mirror()));
  const text = String.fromCharCode(...[2, 3, 4, 5].map((at) => driver.own(at, 1)));
  assert.deepEqual([driver.own(0, 2), text], [4, 'work']);
  assert.equal(driver.offeredFeatures() & 1n, 1n);
});

test('a message goes to the server and its reply to the guest, over several buffers', async () => {
  const { driver, board } = benchDevice(new Virtio9p('share0', 'work', new Mirror()), { msiX: true });
  const { length, written } = await driver.request(Uint8Array.of(1, 2, 3), Uint8Array.of(4, 5), 2, 100);
  assert.equal(length, 5);
  assert.deepEqual([written[0], written[1]?.slice(0, 3)], [Uint8Array.of(5, 4), Uint8Array.of(3, 2, 1)]);
  assert.deepEqual(board.messages, ['fee00000:41']);
});

test('a reply that does not fit is not begun', async () => {
  const { driver } = benchDevice(new Virtio9p('share0', 'work', new Mirror()));
  const { length, written } = await driver.request(Uint8Array.of(1, 2, 3), 2);
  assert.deepEqual([length, written[0]], [0, Uint8Array.of(0, 0)]);
});

test('a reset ends the session', () => {
  const server = new Mirror();
  const { driver } = benchDevice(new Virtio9p('share0', 'work', server));
  driver.setCommon(0x14, 1, 0);
  assert.equal(server.resets, 1);
});
