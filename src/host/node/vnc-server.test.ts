import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import type { ByteStream } from '../../base/byte-stream.ts';
import { createVncPassword } from './vnc-password.ts';
import { listenForVnc, parseVncAddress } from './vnc-server.ts';

test('addresses', () => {
  assert.deepEqual(parseVncAddress('127.0.0.1:5901'), { host: '127.0.0.1', port: 5901 });
  assert.deepEqual(parseVncAddress(':5901'), { host: '127.0.0.1', port: 5901 });
  assert.deepEqual(parseVncAddress('[::1]:1'), { host: '::1', port: 1 });
  for (const text of ['5901', 'a:b', '127.0.0.1:', '127.0.0.1:70000']) {
    assert.throws(() => parseVncAddress(text), { name: 'UserError' }, text);
  }
});

test('bytes go both ways, and either side may hang up', async () => {
  const log: string[] = [];
  let stream: ByteStream | undefined;
  let tellGone = (): void => {};
  const gone = new Promise<void>((resolve) => (tellGone = resolve));
  const server = await listenForVnc('127.0.0.1:0', (connection) => {
    stream = connection;
    connection.write(Buffer.from('hello'));
    return {
      receive: (bytes) => {
        log.push(Buffer.from(bytes).toString());
        connection.end();
      },
      closed: () => tellGone(),
    };
  });
  const client = connect(server.port, '127.0.0.1');
  const [greeting] = await once(client, 'data');
  assert.equal(String(greeting), 'hello');
  client.write('there');
  await gone;
  assert.deepEqual([log, stream?.waiting], [['there'], 0]);
  stream?.write(Buffer.from('late'));
  await server.close();
});

test('a port that is in use is the user’s to change', async () => {
  const accept = () => ({ receive: () => {}, closed: () => {} });
  const server = await listenForVnc('127.0.0.1:0', accept);
  await assert.rejects(listenForVnc(`127.0.0.1:${server.port}`, accept), {
    name: 'UserError',
    message: `Port ${server.port} of 127.0.0.1 is in use; give the screen another one.`,
  });
  await assert.rejects(listenForVnc('192.0.2.1:5901', accept), /cannot listen at 192\.0\.2\.1:5901/);
  await server.close();
});

test('a password is checked as VNC does it', () => {
  const password = createVncPassword('password');
  const challenge = Uint8Array.from({ length: 16 }, (_, n) => n);
  assert.equal(password.challenge().length, 16);
  // Made by OpenSSL's single DES, which is in its legacy provider.
  const response = Uint8Array.from(Buffer.from('b866924125c8eebb9debc1db61c538e2', 'hex'));
  assert.equal(password.isRight(challenge, response), true);
  assert.equal(password.isRight(challenge, response.with(3, 0)), false);
  assert.equal(password.isRight(challenge, response.subarray(1)), false);
  for (const bad of ['', 'ninechars']) assert.throws(() => createVncPassword(bad), { name: 'UserError' });
});
