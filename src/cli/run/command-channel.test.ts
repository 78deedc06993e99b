import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CharacterInput } from '../../base/character-backend.ts';
import { CommandChannel } from './command-channel.ts';
import { ConsoleLog } from './console-log.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** The guest's side of COM2: takes what it is sent, as much at a time as it has room for. */
class Port implements CharacterInput {
  room = Infinity;
  received = '';
  #onRoom: () => void = () => {};

  receive(sent: Uint8Array): number {
    const taken = Math.min(this.room, sent.length);
    this.received += new TextDecoder('latin1').decode(sent.subarray(0, taken));
    this.room -= taken;
    return taken;
  }

  onRoom(listener: () => void): void {
    this.#onRoom = listener;
  }

  makeRoom(room: number): void {
    this.room = room;
    this.#onRoom();
  }

  receiveBreak(): void {}
}

async function* input(...chunks: string[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield bytes(chunk);
}

function setUp(source: AsyncIterable<Uint8Array> | undefined) {
  const seen: string[] = [];
  const channel = new CommandChannel({
    input: source,
    output: (sent) => seen.push(`out ${new TextDecoder().decode(sent)}`),
    errors: (sent) => seen.push(`err ${new TextDecoder().decode(sent)}`),
  });
  channel.onExit = (status) => seen.push(`exit ${status}`);
  const port = new Port();
  channel.ports[0]?.connect(port);
  const say = async (text: string): Promise<void> => {
    for (const byte of bytes(text)) channel.ports[2]?.write(Uint8Array.of(byte));
    await new Promise(setImmediate);
  };
  return { channel, port, say, seen };
}

test('output, errors and the status go where they belong', async () => {
  const { channel, say, seen } = setUp(undefined);
  assert.equal(channel.ready, false);
  await say('ready\r\n');
  assert.equal(channel.ready, true);
  channel.ports[0]?.write(bytes('result'));
  channel.ports[1]?.write(bytes('trouble'));
  await say('exit 137\r\n');
  assert.deepEqual(seen, ['out result', 'err trouble', 'exit 137']);
});

test('standard input is sent in pieces, each when it is asked for, and then its end', async () => {
  const { port, say } = setUp(input('abc', 'x'.repeat(40_000)));
  await say('ready\n');
  assert.equal(port.received, '');
  await say('more\n');
  assert.equal(port.received, '3\nabc');
  port.received = '';
  await say('more\n');
  assert.equal(port.received, `32768\n${'x'.repeat(32_768)}`);
  port.received = '';
  await say('more\n');
  assert.equal(port.received, `7232\n${'x'.repeat(7232)}`);
  port.received = '';
  await say('more\n');
  assert.equal(port.received, '0\n');
});

test('a port with little room gets everything in the end', async () => {
  const { port, say } = setUp(input('hello'));
  port.room = 3;
  await say('more\n');
  assert.equal(port.received, '5\nh');
  port.makeRoom(1);
  assert.equal(port.received, '5\nhe');
  port.makeRoom(16);
  assert.equal(port.received, '5\nhello');
});

test('a guest that talks nonsense ends nothing and fills no memory', async () => {
  const { channel, say, seen } = setUp(undefined);
  await say('exit\nexit x\nexit 1234\nexit -1\n\0\xff\n');
  assert.deepEqual(seen, []);
  for (let i = 0; i < 100; i++) channel.ports[2]?.write(bytes('y'.repeat(10_000)));
  await say('\nexit 4\n');
  assert.deepEqual(seen, ['exit 4']);
});

test('the end of the console is kept', () => {
  const log = new ConsoleLog();
  for (let i = 0; i < 20_000; i++) for (const byte of bytes(`line ${i}\r\n`)) log.write(Uint8Array.of(byte));
  assert.deepEqual(log.lastLines(2), ['line 19998', 'line 19999']);
  assert.equal(log.find(/^line (.*98)$/)?.slice(-2), '98');
  assert.equal(log.find(/^line 7$/), undefined, 'the beginning is not');
});
