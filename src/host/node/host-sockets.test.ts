// The user-mode network with this machine's own sockets, on its loopback.
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { afterEach, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { UserError } from '../../base/errors.ts';
import { BenchGuest } from '../../net/bench/bench-guest.ts';
import { BenchTcp } from '../../net/bench/bench-tcp.ts';
import { LOOPBACK, SUBNET } from '../../net/subnet.ts';
import { HostTime } from '../../net/network-time.ts';
import { TCP } from '../../net/tcp-segment.ts';
import type { TcpSegment } from '../../net/tcp-segment.ts';
import { parseUdp } from '../../net/udp.ts';
import { UserNetwork } from '../../net/user-network.ts';
import { createHostSockets } from './host-sockets.ts';

const cleanups: (() => unknown)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0).toReversed()) cleanup();
});

interface Setup {
  readonly network: UserNetwork;
  readonly guest: BenchGuest;
  tcp(port: number, remotePort: number): BenchTcp;
}

function setup(options: { nameServers?: string[]; offloads?: boolean } = {}): Setup {
  const time = new HostTime();
  const host = createHostSockets(options.nameServers === undefined ? {} : { nameServers: options.nameServers });
  const network = new UserNetwork({ host, time });
  cleanups.push(() => network.close());
  const guest = new BenchGuest(network, { offloads: options.offloads ?? false });
  guest.announce(SUBNET.gateway, SUBNET.mac);
  const connections = new Map<number, BenchTcp>();
  guest.onSegment = (_packet, segment) => {
    // A device hands frames to its driver later, never inside the network's own call.
    queueMicrotask(() => connections.get(segment.destinationPort)?.receive(segment));
  };
  const tcp = (port: number, remotePort: number): BenchTcp => {
    const transmit = (segment: TcpSegment): void => guest.send({ bytes: guest.tcpFrame(SUBNET.gateway, segment) });
    const connection = new BenchTcp({ port, remote: SUBNET.gateway, remotePort, time, transmit, windowScale: 7 });
    connections.set(port, connection);
    cleanups.push(() => connection.abandon());
    return connection;
  };
  return { network, guest, tcp };
}

async function listen(onConnection: (socket: Socket) => void): Promise<number> {
  const server: Server = createServer({ allowHalfOpen: true }, onConnection).listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(() => server.close());
  return (server.address() as AddressInfo).port;
}

async function until(condition: () => boolean, what: string): Promise<void> {
  for (let turn = 0; !condition(); turn += 1) {
    assert.ok(turn < 2000, `waited in vain: ${what}`);
    // oxlint-disable-next-line no-await-in-loop -- that is what waiting is
    await delay(5);
  }
}

test('a program of the host is reached through the gateway; each direction ends on its own', async () => {
  const port = await listen((socket) => {
    let asked = '';
    socket.on('data', (bytes) => (asked += String(bytes)));
    socket.on('end', () => socket.end(`you said ${asked}`));
  });
  const { tcp, network } = setup();
  const connection = tcp(40_000, port);
  connection.connect();
  await until(() => connection.state === 'open', 'open');
  connection.write(Buffer.from('hello'));
  connection.end();
  await until(() => connection.peerEnded, 'the end');
  assert.equal(Buffer.from(connection.received).toString(), 'you said hello');
  await until(() => network.usage.connections === 0, 'the connection is gone');
  assert.equal(network.usage.memory, 0);
});

test("a port where nobody listens refuses, and a reset by the host's peer arrives", async () => {
  const port = await listen((socket) => socket.once('data', () => socket.resetAndDestroy()));
  const { tcp } = setup();
  const connection = tcp(40_000, port);
  connection.connect();
  await until(() => connection.state === 'open', 'open');
  connection.write(Buffer.from('x'));
  await until(() => connection.state === 'reset', 'reset');
  const free = createServer().listen(0, '127.0.0.1');
  await once(free, 'listening');
  const closed = (free.address() as AddressInfo).port;
  free.close();
  await once(free, 'close');
  const refused = tcp(40_001, closed);
  refused.connect();
  await until(() => refused.state === 'reset', 'refused');
});

test("a reset by the guest arrives at the host's peer", async () => {
  const failures: string[] = [];
  const port = await listen((socket) => {
    socket.on('error', (error: NodeJS.ErrnoException) => failures.push(error.code ?? ''));
    socket.resume();
  });
  const { tcp } = setup();
  const connection = tcp(40_000, port);
  connection.connect();
  await until(() => connection.state === 'open', 'open');
  connection.send(TCP.rst, connection.next);
  await until(() => failures.length > 0, 'the reset');
  assert.deepEqual(failures, ['ECONNRESET']);
});

test('a published port leads to the guest, whose peer is the gateway', async () => {
  const { tcp, network, guest } = setup();
  const { port } = await network.publishTcp({ address: LOOPBACK, port: 0 }, 80);
  const seen: TcpSegment[] = [];
  const first = guest.onSegment;
  let server: BenchTcp | undefined;
  guest.onSegment = (packet, segment) => {
    if ((segment.flags & TCP.syn) === 0) return first?.(packet, segment);
    seen.push(segment);
    assert.equal(packet.source, SUBNET.gateway);
    queueMicrotask(() => {
      server = tcp(80, segment.sourcePort);
      server.answer(segment);
    });
  };
  const client = connect(port, '127.0.0.1');
  let page = '';
  client.on('data', (bytes) => (page += String(bytes)));
  client.write('GET /');
  await until(() => server?.received.length === 5, 'the request');
  server?.write(Buffer.from('a page'));
  server?.end();
  await until(() => page === 'a page', 'the page');
  client.end();
  await until(() => server?.peerEnded === true, 'the end');
  assert.equal(seen.length, 1);
});

test("a port that is taken, or not this host's, has its sentence", async () => {
  const port = await listen(() => {});
  const { network } = setup();
  await assert.rejects(
    network.publishTcp({ address: LOOPBACK, port }, 80),
    (error) =>
      error instanceof UserError && new RegExp(`The TCP port 127\\.0\\.0\\.1:${port} .* in use`).test(error.message),
  );
  const udp = await network.publishUdp({ address: LOOPBACK, port: 0 }, 53);
  await assert.rejects(network.publishUdp({ address: LOOPBACK, port: udp.port }, 53), /The UDP port .* in use/);
  await assert.rejects(network.publishUdp({ address: 0xc000_0201, port: 1053 }, 53), /does not have/);
});

test('datagrams, both from the guest and to a published port', async () => {
  const { network, guest } = setup();
  const echo = createSocket('udp4').on('message', (bytes, { port, address }) =>
    echo.send(`re: ${String(bytes)}`, port, address),
  );
  echo.bind(0, '127.0.0.1');
  await once(echo, 'listening');
  cleanups.push(() => echo.close());
  guest.sendUdp(SUBNET.gateway, {
    sourcePort: 5000,
    destinationPort: echo.address().port,
    payload: Buffer.from('ping'),
  });
  await until(() => guest.packets.length > 0, 'the echo');
  const packet = guest.packets[0] ?? assert.fail();
  const datagram = parseUdp(packet.payload, packet.source, packet.destination, false);
  assert.deepEqual([String(Buffer.from(datagram?.payload ?? [])), packet.source], ['re: ping', SUBNET.gateway]);

  const { port } = await network.publishUdp({ address: LOOPBACK, port: 0 }, 53);
  const answers: string[] = [];
  const client = createSocket('udp4').on('message', (bytes) => answers.push(String(bytes)));
  cleanups.push(() => client.close());
  client.send('who?', port, '127.0.0.1');
  await until(() => guest.packets.length > 1, 'the question');
  const question = guest.packets[1] ?? assert.fail();
  const asked = parseUdp(question.payload, question.source, question.destination, false);
  assert.equal(asked?.destinationPort, 53);
  const answer = { sourcePort: 53, destinationPort: asked.sourcePort, payload: Buffer.from('me') };
  guest.sendUdp(SUBNET.gateway, answer);
  await until(() => answers.length > 0, 'the answer');
  assert.deepEqual(answers, ['me']);
});

test('megabytes both ways at once, with and without offloads', { timeout: 60_000 }, async () => {
  for (const offloads of [false, true]) {
    const size = 2_000_000;
    const payload = Buffer.alloc(size, 'The quick brown fox jumps over the lazy dog. ');
    const received: Buffer[] = [];
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    const port = await listen((socket) => {
      socket.on('data', (bytes) => received.push(bytes));
      socket.end(payload);
    });
    const { tcp, network } = setup({ offloads });
    const connection = tcp(40_000, port);
    connection.room = 4_000_000;
    connection.connect();
    connection.write(payload.subarray(0, 300_000));
    connection.end();
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await until(() => connection.peerEnded && connection.endAcknowledged, 'both ends');
    assert.ok(Buffer.from(connection.received).equals(payload));
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await until(() => network.usage.connections === 0, 'the connection is gone');
    assert.ok(Buffer.concat(received).equals(payload.subarray(0, 300_000)));
  }
});

test("names are asked for at the host's servers, the next when one is silent, and by TCP", async () => {
  const queries: Buffer[] = [];
  const server = createSocket('udp4').on('message', (bytes, { port, address }) => {
    queries.push(bytes);
    const answer = Buffer.concat([bytes, Buffer.from('answer')]);
    answer[2] = 0x81;
    // A forged answer, whose identifier is another's, is not taken.
    const forged = Buffer.from(answer);
    forged[1] = (forged[1] as number) ^ 1;
    server.send(forged, port, address);
    server.send(answer, port, address);
  });
  server.bind(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(() => server.close());
  const { port } = server.address();
  const byStream = createServer((socket) => {
    socket.on('data', (bytes) => {
      bytes[4] = 0x81;
      socket.write(bytes.subarray(0, 1));
      setTimeout(() => socket.end(bytes.subarray(1)), 10);
    });
  }).listen(port, '127.0.0.1');
  await once(byStream, 'listening');
  cleanups.push(() => byStream.close());
  const { resolver } = createHostSockets({ nameServers: ['127.0.0.1:1', `127.0.0.1:${port}`] });
  const query = Buffer.from('1234010000010000000000000161047465737400 0001 0001'.replaceAll(' ', ''), 'hex');
  const answer = await resolver.relay(query, false);
  assert.ok(answer && Buffer.from(answer).subarray(0, 2).equals(query.subarray(0, 2)));
  assert.equal(String(Buffer.from(answer).subarray(-6)), 'answer');
  assert.ok(queries[0]?.subarray(2).equals(query.subarray(2)));
  const streamed = await resolver.relay(query, true);
  assert.ok(streamed && Buffer.from(streamed).subarray(4).equals(query.subarray(4)));
  assert.deepEqual(await createHostSockets({ nameServers: [] }).resolver.relay(query, false), undefined);
  assert.deepEqual(await resolver.lookup('localhost'), [LOOPBACK]);
  assert.deepEqual(await resolver.lookup('no.such.name.invalid'), []);
});
