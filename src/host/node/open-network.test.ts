import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { UserError } from '../../base/errors.ts';
import { BenchHost } from '../../net/bench/bench-host.ts';
import { projectDirectory } from './project-directory.ts';
import { ALLOW_SYNTAX, NETWORK_SYNTAX, PUBLISH_SYNTAX } from './network-syntax.ts';
import { openNetwork } from './open-network.ts';

test('no network is none', async () => {
  assert.equal(await openNetwork({ network: 'none' }), undefined);
});

test('published ports are on the loopback unless an address is named', async () => {
  const host = new BenchHost();
  const at: string[] = [];
  const { listen, bindDatagram } = host;
  host.listen = (...parameters) => {
    at.push(`tcp ${parameters[0].address} ${parameters[0].port}`);
    return listen.apply(host, parameters);
  };
  host.bindDatagram = (...parameters) => {
    at.push(`udp ${parameters[0].address} ${parameters[0].port}`);
    return bindDatagram.apply(host, parameters);
  };
  const publish = ['8080:80', '0.0.0.0:8081:80/tcp', '5353:53/udp'];
  const network = await openNetwork({ network: 'user', publish, host });
  assert.deepEqual(at, [`tcp ${0x7f00_0001} 8080`, 'tcp 0 8081', `udp ${0x7f00_0001} 5353`]);
  network?.close();
  assert.deepEqual([host.listeners.size, host.datagrams[0]?.isOpen], [0, false]);
});

test('a port in use is told, and nothing stays open', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await assert.rejects(
    openNetwork({ network: 'user', publish: [`${port}:80`] }),
    (error) => error instanceof UserError && error.message.includes(`127.0.0.1:${port} of this host is in use`),
  );
  server.close();
});

test('what cannot be understood has its sentence', async () => {
  const cases: [Parameters<typeof openNetwork>[0], RegExp][] = [
    [{ network: 'bridge' }, /^--network bridge is none of none\|user\|switch:NAME\[,nat\]/],
    [{ network: 'switch:' }, /is none of/],
    [{ network: 'switch:../x' }, /is none of/],
    [{ network: 'switch:a,dhcp' }, /is none of/],
    [{ network: 'none', publish: ['1:1'] }, /^--publish is for --network user, not for none/],
    [{ network: 'switch:a', allow: ['x.test'] }, /^--allow is for --network user, not for switch:a/],
    [{ network: 'user', allow: ['a b'] }, /^--allow a b names no host/],
  ];
  for (const publish of [
    '80',
    '80:',
    ':80',
    '0:80',
    '80:70000',
    '1.2.3:80:80',
    '80:80/sctp',
    '[::1]:80:80',
    'host:80:80',
  ]) {
    cases.push([{ network: 'user', publish: [publish] }, /^--publish .* is not \[ADDRESS:\]HOSTPORT:GUESTPORT/]);
  }
  for (const [options, sentence] of cases) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await assert.rejects(
      openNetwork(options),
      (error) => error instanceof UserError && sentence.test(error.message),
      JSON.stringify(options),
    );
  }
});

test('the manual has the options as they are', () => {
  const page = readFileSync(join(projectDirectory(), 'docs/network.md'), 'utf8');
  for (const syntax of [NETWORK_SYNTAX, PUBLISH_SYNTAX, ALLOW_SYNTAX]) assert.ok(page.includes(syntax), syntax);
});
