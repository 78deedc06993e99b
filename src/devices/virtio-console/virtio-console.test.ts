import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CharacterBackend, CharacterInput } from '../../base/character-backend.ts';
import { benchDevice } from '../virtio/bench-device.ts';
import type { BenchDevice } from '../virtio/bench-device.ts';
import { VirtioConsole } from './virtio-console.ts';

class Line implements CharacterBackend {
  text = '';
  input!: CharacterInput;
  rooms = 0;

  write(bytes: Uint8Array): void {
    this.text += new TextDecoder().decode(bytes);
  }

  connect(input: CharacterInput): void {
    this.input = input;
    input.onRoom(() => (this.rooms += 1));
  }
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const textOf = (from: Uint8Array | undefined, length = from?.length): string =>
  new TextDecoder().decode(from?.subarray(0, length));
const control = (port: number, event: number, value: number): Uint8Array =>
  Uint8Array.of(port, port >> 8, port >> 16, port >> 24, event, event >> 8, value, value >> 8);

function setUp(packed: boolean): BenchDevice & { readonly screen: Line; readonly agent: Line } {
  const screen = new Line();
  const agent = new Line();
  const model = new VirtioConsole('console', [{ backend: screen }, { portName: 'org.lodge.agent', backend: agent }]);
  const bench = benchDevice(model, { packed, features: 2n });
  for (let queue = 1; queue < 6; queue += 1) bench.driver.useQueue(queue);
  return { ...bench, screen, agent };
}

for (const packed of [false, true]) {
  test(`ports are announced, named and opened by a ${packed ? 'packed' : 'split'} ring`, async () => {
    const { driver, agent, screen } = setUp(packed);
    assert.equal(driver.own(4, 4), 2);
    driver.useQueue(2);
    const looks = Array.from({ length: 6 }, () => driver.submit(100));
    driver.useQueue(3);
    await driver.request(control(0xffff_ffff, 0, 1));
    for (const port of [0, 1]) await driver.request(control(port, 3, 1));
    driver.useQueue(2);
    const messages = looks.map((look) => look()).map((answer) => answer?.written[0]?.slice(0, answer.length));
    assert.deepEqual(messages, [
      control(0, 1, 1),
      control(1, 1, 1),
      control(0, 4, 1),
      control(0, 6, 1),
      Uint8Array.of(...control(1, 7, 1), ...bytes('org.lodge.agent')),
      control(1, 6, 1),
    ]);

    // Nothing is taken before a program has opened the port.
    driver.useQueue(4);
    const [first, second] = [driver.submit(8), driver.submit(8)];
    assert.deepEqual([agent.input.room, agent.input.receive(bytes('early'))], [0, 0]);
    driver.useQueue(3);
    await driver.request(control(1, 6, 1));
    assert.deepEqual([agent.input.room, agent.rooms > 0], [8, true]);
    assert.equal(agent.input.receive(bytes('twelve bytes')), 12);
    driver.useQueue(4);
    assert.equal(textOf(first()?.written[0], 8) + textOf(second()?.written[0], 4), 'twelve bytes');
    assert.equal(agent.input.receive(bytes('more')), 0);

    driver.useQueue(5);
    await driver.request(bytes('to the agent'));
    driver.useQueue(1);
    await driver.request(bytes('to the screen'));
    assert.deepEqual([agent.text, screen.text], ['to the agent', 'to the screen']);
  });
}

test('messages for ports that are not there are ignored', async () => {
  const { driver, device } = setUp(false);
  driver.useQueue(3);
  for (const message of [control(7, 3, 1), control(7, 6, 1), control(0, 99, 1), Uint8Array.of(1, 2, 3)])
    await driver.request(message);
  await driver.request(control(1, 6, 1));
  const saved = JSON.parse(JSON.stringify(device.save()));
  assert.deepEqual(saved.fields.model, [false, true]);
  device.reset();
  device.restore(saved);
  assert.deepEqual(device.save(), saved);
});
