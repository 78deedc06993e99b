// The user-mode network and the switch under Debian's own driver and busybox's programs.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { createServer as createHttpServer } from 'node:http';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { imageObstacle, pullImage } from './images.ts';
import { lodgeRun } from './lodge.ts';

const skip = imageObstacle('debian');
before(() => (skip ? undefined : pullImage('debian')));

const content = randomBytes(5_000_000);
const sum = createHash('sha256').update(content).digest('hex');

async function digestOf(stream: AsyncIterable<Buffer>): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of stream) hash.update(chunk);
  return hash.digest('hex');
}

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

test('a guest gets an address, fetches from the host and sends to it', { skip }, async () => {
  const server = createHttpServer((_request, response) => response.end(content));
  const sink = createServer((socket) => void received.push(digestOf(socket)));
  const received: Promise<string>[] = [];
  const [port, sinkPort] = await Promise.all([listening(server), listening(sink)]);
  const script = `ip -4 -o addr show eth0 | tr -s ' ' | cut -d' ' -f4; cat /etc/resolv.conf; ping -c 1 10.0.2.2 | grep -c 'ttl='
    wget -q -O /tmp/file http://10.0.2.2:${port}/; sha256sum </tmp/file; nc 10.0.2.2 ${sinkPort} </tmp/file
    wget -q -O - http://10.0.2.2:1/ 2>&1 | grep -o 'Connection refused'`;
  const { status, stdout, stderr } = await lodgeRun(['debian', '--network', 'user', '--', 'sh', '-c', script]);
  server.close();
  sink.close();
  assert.equal(stderr, '');
  assert.deepEqual(stdout.toString().split('\n'), [
    '10.0.2.15/24',
    'nameserver 10.0.2.3',
    '1',
    `${sum}  -`,
    'Connection refused',
    '',
  ]);
  assert.equal(status, 0);
  assert.deepEqual(await Promise.all(received), [sum]);
});

test('a published port leads into the guest', { skip }, async () => {
  const spare = createServer();
  const port = await listening(spare);
  await new Promise((resolve) => spare.close(resolve));
  const guest = lodgeRun([
    'debian',
    '--publish',
    `${port}:7`,
    '--',
    'sh',
    '-c',
    'nc -l -p 7 -e sha256sum; echo served',
  ]);
  let answer = '';
  // Until the guest listens, it refuses.
  for (let attempt = 0; answer === '' && attempt < 300; attempt += 1) {
    answer = await new Promise<string>((resolve) => {
      let text = '';
      const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
      socket.on('data', (chunk) => (text += chunk.toString()));
      socket.on('error', () => resolve(''));
      socket.on('close', () => resolve(text));
      socket.end(content);
    });
    if (answer === '') await sleep(200);
  }
  assert.equal(answer, `${sum}  -\n`);
  assert.equal((await guest).stdout.toString(), 'served\n');
});

test('with --allow the guest reaches what is named and nothing else', { skip }, async () => {
  const servers = [0, 1].map(() => createHttpServer((_request, response) => response.end('reached\n')));
  const [allowed = 0, denied = 0] = await Promise.all(servers.map(listening));
  const script = `wget -q -O - http://10.0.2.2:${allowed}/; wget -q -T 5 -O - http://10.0.2.2:${denied}/ || echo denied
    nslookup debian.org 10.0.2.3 >/dev/null || echo no name`;
  const { stdout } = await lodgeRun([
    'debian',
    '--allow',
    `gateway:${allowed}`,
    '--',
    'sh',
    '-c',
    `{ ${script}; } 2>/dev/null`,
  ]);
  for (const server of servers) server.close();
  assert.equal(stdout.toString(), 'reached\ndenied\nno name\n');
});

test('two guests on one switch reach each other', { skip }, async () => {
  const name = `test-${process.pid}`;
  const run = (own: number, script: string) =>
    lodgeRun([
      'debian',
      '--network',
      `switch:${name}`,
      '--',
      'sh',
      '-c',
      `ip addr add 192.168.7.${own}/24 dev eth0; ${script}`,
    ]);
  const [server, client] = await Promise.all([
    run(1, 'httpd -p 80 -h /bin; nc -l -p 81'),
    run(
      2,
      'until wget -q -O /tmp/file http://192.168.7.1/busybox; do sleep 1; done 2>/dev/null; cmp /tmp/file /bin/busybox && echo same; echo | nc 192.168.7.1 81',
    ),
  ]);
  assert.deepEqual([server.status, client.stdout.toString()], [0, 'same\n']);
});
