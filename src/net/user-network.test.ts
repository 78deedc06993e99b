import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { SECOND } from '../base/units.ts';
import { ARP, buildArp } from './arp.ts';
import { readU16, writeU16, writeU32 } from './big-endian.ts';
import { address, BenchNetwork } from './bench/bench-network.ts';
import { complement, pseudoHeaderSum, sumWords } from './checksum.ts';
import { formatIpv4 } from './ipv4-address.ts';
import { PROTOCOL } from './ipv4.ts';
import { writeMac } from './mac-address.ts';
import { SUBNET } from './subnet.ts';
import { TCP } from './tcp-segment.ts';
import { buildUdp, parseUdp } from './udp.ts';

const text = (bytes: Iterable<number>): string => String.fromCharCode(...bytes);
const bytes = (value: string): Uint8Array => new TextEncoder().encode(value);
const OUTSIDE = address('93.184.216.34');

function echo(): Uint8Array {
  const message = Uint8Array.of(8, 0, 0, 0, 0x12, 0x34, 0, 1, ...bytes('abcdefgh'));
  writeU16(message, 2, complement(sumWords(message, 0, message.length)));
  return message;
}

/** Type and code of the last packet, which is an ICMP message, and whose it is. */
function lastIcmp(bench: BenchNetwork): readonly unknown[] {
  bench.time.settle();
  const packet = bench.guest.packets.at(-1);
  assert.ok(packet?.protocol === PROTOCOL.icmp, 'an ICMP message');
  assert.equal(sumWords(packet.payload, 0, packet.payload.length), 0xffff);
  return [packet.payload[0], packet.payload[1], formatIpv4(packet.source)];
}

describe('ARP', () => {
  test('gateway and name server are there, nobody else', () => {
    const bench = new BenchNetwork();
    for (const target of ['10.0.2.2', '10.0.2.3', '10.0.2.15', '10.0.2.9', '8.8.8.8']) {
      const request = {
        operation: ARP.request,
        senderMac: bench.guest.mac,
        sender: 0,
        targetMac: 0,
        target: address(target),
      };
      bench.guest.send({ bytes: buildArp(request) });
    }
    bench.time.settle();
    const answers = bench.guest.arps.map(({ sender, senderMac }) => [formatIpv4(sender), senderMac]);
    assert.deepEqual(answers, [
      ['10.0.2.2', SUBNET.mac],
      ['10.0.2.3', SUBNET.mac],
    ]);
  });
});

describe('ICMP', () => {
  test('the gateway and the name server answer echo', () => {
    const bench = new BenchNetwork();
    for (const to of ['10.0.2.2', '10.0.2.3']) {
      bench.guest.sendPacket(address(to), PROTOCOL.icmp, echo());
      assert.deepEqual(lastIcmp(bench), [0, 0, to]);
      assert.equal(text(bench.guest.packets.at(-1)?.payload.subarray(8) ?? []), 'abcdefgh');
    }
  });

  test('echo to elsewhere, other protocols, neighbours that are not there and time to live have their errors', () => {
    const bench = new BenchNetwork();
    bench.guest.sendPacket(OUTSIDE, PROTOCOL.icmp, echo());
    assert.deepEqual(lastIcmp(bench), [3, 0, '10.0.2.2']);
    bench.guest.sendPacket(OUTSIDE, 47, echo());
    assert.deepEqual(lastIcmp(bench), [3, 0, '10.0.2.2']);
    bench.guest.sendPacket(address('10.0.2.99'), PROTOCOL.icmp, echo());
    assert.deepEqual(lastIcmp(bench), [3, 1, '10.0.2.2']);
    bench.guest.sendPacket(
      OUTSIDE,
      PROTOCOL.udp,
      buildUdp({ sourcePort: 1, destinationPort: 2, payload: bytes('x') }, 0, 0),
      {
        timeToLive: 1,
      },
    );
    bench.guest.sendUdp(address('10.0.2.3'), { sourcePort: 7, destinationPort: 99, payload: bytes('x') });
    assert.deepEqual(lastIcmp(bench), [3, 3, '10.0.2.2']);
    const quoted = bench.guest.packets.at(-1)?.payload.subarray(8 + 20);
    assert.equal(quoted && readU16(quoted, 2), 99, 'the error says which packet it is about');
  });

  test('errors are not answered by errors, nor broadcasts by anything', () => {
    const bench = new BenchNetwork();
    const error = Uint8Array.of(3, 3, 0, 0, 0, 0, 0, 0, ...echo());
    writeU16(error, 2, complement(sumWords(error, 0, error.length)));
    bench.guest.sendPacket(address('10.0.2.99'), PROTOCOL.icmp, error);
    for (const to of ['255.255.255.255', '10.0.2.255', '224.0.0.251', '127.0.0.1', '0.0.0.0']) {
      bench.guest.sendUdp(address(to), { sourcePort: 5353, destinationPort: 5353, payload: bytes('x') });
    }
    bench.time.settle();
    assert.deepEqual([bench.guest.packets.length, bench.host.datagrams.length], [0, 0]);
  });
});

describe('UDP', () => {
  const send = (bench: BenchNetwork, to: number, sourcePort = 5000, destinationPort = 123): void =>
    bench.guest.sendUdp(to, { sourcePort, destinationPort, payload: bytes('time?') });

  test('a port of the guest is a socket of the host, for all whom it sends to and for nobody else', () => {
    const bench = new BenchNetwork();
    send(bench, OUTSIDE);
    send(bench, address('10.0.2.2'), 5000, 999);
    const [socket] = bench.host.datagrams;
    assert.ok(socket && bench.host.datagrams.length === 1);
    assert.deepEqual(
      socket.sent.map(({ bytes: sent, to }) => [text(sent), formatIpv4(to.address), to.port]),
      [
        ['time?', '93.184.216.34', 123],
        ['time?', '127.0.0.1', 999],
      ],
    );
    socket.listener(bytes('noon'), { address: OUTSIDE, port: 123 });
    socket.listener(bytes('here'), { address: address('127.0.0.1'), port: 999 });
    socket.listener(bytes('who?'), { address: address('6.6.6.6'), port: 123 });
    bench.time.settle();
    const seen = bench.guest.packets.map((packet) => {
      const datagram = parseUdp(packet.payload, packet.source, packet.destination, false);
      return [
        formatIpv4(packet.source),
        datagram?.sourcePort,
        datagram?.destinationPort,
        text(datagram?.payload ?? []),
      ];
    });
    assert.deepEqual(seen, [
      ['93.184.216.34', 123, 5000, 'noon'],
      ['10.0.2.2', 999, 5000, 'here'],
    ]);
  });

  test('a flow ends two minutes after the guest last used it', () => {
    const bench = new BenchNetwork();
    send(bench, OUTSIDE, 5000);
    bench.time.advance(100 * SECOND);
    send(bench, OUTSIDE, 5001);
    send(bench, OUTSIDE, 5000);
    bench.time.advance(100 * SECOND);
    assert.deepEqual(
      bench.host.datagrams.map(({ isOpen }) => isOpen),
      [true, true],
    );
    bench.time.advance(21 * SECOND);
    assert.deepEqual(
      [bench.host.datagrams.map(({ isOpen }) => isOpen), bench.network.usage.flows],
      [[false, false], 0],
    );
  });

  test('there are only so many flows: the oldest gives way', () => {
    const bench = new BenchNetwork();
    for (let port = 1; port <= 600; port += 1) send(bench, OUTSIDE, port);
    assert.equal(bench.network.usage.flows, 512);
    assert.deepEqual([bench.host.datagrams[0]?.isOpen, bench.host.datagrams[599]?.isOpen], [false, true]);
  });

  test('a long datagram goes and comes in fragments', () => {
    const bench = new BenchNetwork();
    const payload = Uint8Array.from({ length: 40_000 }, (_, index) => (index * 11) >> 3);
    const whole = buildUdp({ sourcePort: 5000, destinationPort: 123, payload }, bench.guest.address, OUTSIDE);
    const offsets = Array.from({ length: Math.ceil(whole.length / 1480) }, (_, index) => index * 1480);
    // In an order in which networks may bring them: the last first.
    for (const fragmentOffset of offsets.toReversed()) {
      const part = whole.subarray(fragmentOffset, fragmentOffset + 1480);
      const moreFragments = fragmentOffset + 1480 < whole.length;
      bench.guest.sendPacket(OUTSIDE, PROTOCOL.udp, part, { fragmentOffset, moreFragments, identification: 7 });
    }
    const [socket] = bench.host.datagrams;
    assert.deepEqual(socket?.sent[0]?.bytes, payload);
    assert.equal(bench.network.usage.datagramsInPart, 0);
    socket?.listener(payload, { address: OUTSIDE, port: 123 });
    bench.time.settle();
    const joined = new Uint8Array(40_008);
    for (const packet of bench.guest.packets) joined.set(packet.payload, packet.fragmentOffset);
    assert.equal(bench.guest.packets.length, 28);
    assert.deepEqual(parseUdp(joined, OUTSIDE, bench.guest.address, false)?.payload, payload);
  });

  test('fragments that overlap or never become whole are forgotten', () => {
    const bench = new BenchNetwork();
    const fragment = (identification: number, fragmentOffset: number, moreFragments: boolean, length = 16): void =>
      bench.guest.sendPacket(OUTSIDE, PROTOCOL.udp, new Uint8Array(length), {
        identification,
        fragmentOffset,
        moreFragments,
      });
    fragment(1, 0, true);
    fragment(1, 8, true);
    assert.equal(bench.network.usage.datagramsInPart, 0, 'overlap');
    fragment(2, 65_528, false, 100);
    assert.equal(bench.network.usage.datagramsInPart, 0, 'too long');
    for (let identification = 0; identification < 100; identification += 1) fragment(identification, 0, true);
    assert.equal(bench.network.usage.datagramsInPart, 16);
    bench.time.advance(16 * SECOND);
    assert.equal(bench.network.usage.datagramsInPart, 0);
  });
});

describe('published ports', () => {
  test("a connection to the host's port reaches the guest from the gateway", async () => {
    const bench = new BenchNetwork();
    await bench.network.publishTcp({ address: address('127.0.0.1'), port: 8080 }, 80);
    const stream = bench.host.call(8080);
    bench.time.settle();
    const [first] = bench.strays;
    assert.ok(first && (first.segment.flags & TCP.syn) !== 0);
    assert.deepEqual([formatIpv4(first.packet.source), first.segment.destinationPort], ['10.0.2.2', 80]);
    const server = bench.tcp({ port: 80, remote: address('10.0.2.2'), remotePort: first.segment.sourcePort });
    server.answer(first.segment);
    bench.time.settle();
    assert.equal(stream.isPaused, false);
    stream.events.onData(bytes('GET'));
    server.write(bytes('page'));
    server.end();
    bench.time.settle();
    assert.deepEqual([text(server.received), text(stream.written), stream.isEnded], ['GET', 'page', true]);
  });

  test('a guest that refuses, or is not there, has the peer reset', async () => {
    const bench = new BenchNetwork();
    await bench.network.publishTcp({ address: 0, port: 8080 }, 80);
    const refused = bench.host.call(8080);
    bench.time.settle();
    const syn = bench.strays[0]?.segment;
    assert.ok(syn);
    const closed = bench.tcp({ port: 80, remote: address('10.0.2.2'), remotePort: syn.sourcePort });
    closed.expected = syn.sequence + 1;
    closed.send(TCP.rst | TCP.ack, 0);
    bench.time.settle();
    assert.equal(refused.isReset, true);
    const lonely = bench.host.call(8080);
    bench.time.advance(100 * SECOND);
    assert.equal(lonely.isReset, true);
    assert.equal(bench.network.usage.connections, 0);
  });

  test('datagrams come from ports of the gateway that lead back', async () => {
    const bench = new BenchNetwork();
    await bench.network.publishUdp({ address: 0, port: 5353 }, 53);
    const [socket] = bench.host.datagrams;
    const peers = ['192.168.1.5', '192.168.1.6'].map((peer) => ({ address: address(peer), port: 4000 }));
    for (const peer of peers) socket?.listener(bytes('who?'), peer);
    bench.time.settle();
    const ports = bench.guest.packets.map(({ payload }) => readU16(payload, 0));
    assert.equal(new Set(ports).size, 2);
    for (const port of ports) {
      const datagram = { sourcePort: 53, destinationPort: port, payload: bytes(`you ${port}`) };
      bench.guest.sendUdp(address('10.0.2.2'), datagram);
    }
    assert.deepEqual(
      socket?.sent.map(({ bytes: sent, to }) => [text(sent), to]),
      peers.map((peer, index) => [`you ${ports[index]}`, peer]),
    );
    assert.equal(bench.host.datagrams.length, 1, "no flow of the guest's own");
  });

  test('a guest whose address is not known is looked for', async () => {
    const bench = new BenchNetwork({ isSilent: true });
    await bench.network.publishTcp({ address: 0, port: 8080 }, 80);
    bench.host.call(8080);
    await bench.promises();
    const [question] = bench.guest.arps;
    assert.deepEqual([question?.operation, question?.target], [ARP.request, bench.guest.address]);
    assert.equal(bench.strays.length, 0);
    bench.time.advance(1.1 * SECOND);
    assert.equal(bench.strays.length, 1, 'the SYN comes again');
  });
});

describe('rules', () => {
  test('without rules everything may be reached', () => {
    const bench = new BenchNetwork();
    bench.open({ remote: address('10.0.2.2') });
    bench.open({ remote: address('169.254.169.254') });
    assert.equal(bench.host.streams.length, 2);
  });

  test('with rules TCP is reset and UDP told to be prohibited, but for what is allowed', () => {
    const bench = new BenchNetwork({ allow: ['93.184.216.0/24:80', '1.1.1.1'] });
    const tries: [string, number, boolean][] = [
      ['93.184.216.34', 80, true],
      ['93.184.216.34', 81, false],
      ['93.184.217.1', 80, false],
      ['1.1.1.1', 7, true],
      ['10.0.2.2', 80, false],
    ];
    for (const [to, port, isAllowed] of tries) {
      const { streams, datagrams } = bench.host;
      const [before, flows] = [streams.length, datagrams.length];
      const tcp = bench.tcp({ remote: address(to), remotePort: port });
      tcp.connect();
      bench.time.settle();
      assert.deepEqual([streams.length > before, tcp.state === 'reset'], [isAllowed, !isAllowed], `${to}:${port}`);
      bench.guest.sendUdp(address(to), {
        sourcePort: 6000 + streams.length,
        destinationPort: port,
        payload: bytes('x'),
      });
      bench.time.settle();
      if (!isAllowed) assert.deepEqual(lastIcmp(bench), [3, 13, '10.0.2.2']);
      assert.equal(datagrams.length > flows, isAllowed, `${to}:${port}`);
    }
  });

  test("the host's loopback has to be named", () => {
    for (const rule of ['gateway', 'gateway:80', '127.0.0.1', 'localhost:80', '10.0.2.2']) {
      const bench = new BenchNetwork({ allow: [rule] });
      bench.open({ remote: address('10.0.2.2') });
      assert.equal(bench.host.streams.length, 1, rule);
    }
    for (const rule of ['0.0.0.0/0', '127.0.0.0/8', 'gateway:81']) {
      const bench = new BenchNetwork({ allow: [rule] });
      const tcp = bench.tcp({ remote: address('10.0.2.2') });
      tcp.connect();
      bench.time.settle();
      assert.equal(tcp.state, 'reset', rule);
    }
  });
});

test('a partial checksum and a segment of 64 KiB are taken from the device', () => {
  const bench = new BenchNetwork();
  const { tcp, stream } = bench.open();
  tcp.peerSegmentSize = 60_000;
  const payload = Uint8Array.from({ length: 60_000 }, (_, index) => index);
  const frame = bench.guest.tcpFrame(OUTSIDE, {
    sourcePort: 40_000,
    destinationPort: 80,
    sequence: tcp.next,
    acknowledgement: tcp.expected,
    flags: TCP.ack,
    window: 1000,
    payload,
  });
  writeU16(frame, 34 + 16, pseudoHeaderSum(bench.guest.address, OUTSIDE, PROTOCOL.tcp, payload.length + 20));
  bench.guest.send({ bytes: frame.slice() });
  assert.equal(stream.written.length, 0, 'without the note the checksum is wrong');
  bench.guest.send({ bytes: frame, checksum: { start: 34, offset: 16 }, segmentSize: 1460 });
  assert.deepEqual(stream.written, [...payload]);
});

test('a guest learns its address by DHCP before it has one', () => {
  const bench = new BenchNetwork();
  const request = new Uint8Array(300);
  request.set([1, 1, 6, 0]);
  writeMac(request, 28, bench.guest.mac);
  writeU32(request, 236, 0x6382_5363);
  request.set([53, 1, 1, 255], 240);
  const datagram = { sourcePort: 68, destinationPort: 67, payload: request };
  bench.guest.sendUdp(0xffff_ffff, datagram, 0);
  bench.time.settle();
  const [offer] = bench.guest.packets;
  assert.ok(offer);
  const reply = parseUdp(offer.payload, offer.source, offer.destination, false);
  assert.deepEqual([reply?.sourcePort, reply?.destinationPort, formatIpv4(offer.destination)], [67, 68, '10.0.2.15']);
});

test("packets from addresses that are not a guest's are not forwarded", () => {
  const bench = new BenchNetwork();
  for (const source of ['192.168.1.1', '10.0.2.2', '10.0.2.255', '0.0.0.0']) {
    bench.guest.sendUdp(OUTSIDE, { sourcePort: 1, destinationPort: 2, payload: bytes('x') }, address(source));
  }
  assert.equal(bench.host.datagrams.length, 0);
});

test('close ends everything', () => {
  const bench = new BenchNetwork();
  const { stream } = bench.open();
  bench.guest.sendUdp(OUTSIDE, { sourcePort: 1, destinationPort: 2, payload: bytes('x') });
  bench.network.close();
  assert.deepEqual([stream.isReset, bench.host.datagrams[0]?.isOpen], [true, false]);
  assert.deepEqual(bench.network.usage, { connections: 0, flows: 0, datagramsInPart: 0, memory: 0 });
  bench.time.advance(1000 * SECOND);
});
