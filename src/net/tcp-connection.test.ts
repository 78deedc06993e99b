import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { SECOND } from '../base/units.ts';
import { address, BenchNetwork } from './bench/bench-network.ts';
import { advance } from './sequence.ts';
import { TCP } from './tcp-segment.ts';

const text = (bytes: readonly number[]): string => String.fromCharCode(...bytes);
const bytes = (value: string): Uint8Array => new TextEncoder().encode(value);
/** Bytes that are the same only at the same place. */
const pattern = (length: number): Uint8Array =>
  Uint8Array.from({ length }, (_, index) => (index * 7 + (index >> 8)) & 0xff);

describe('opening', () => {
  test('the handshake waits for the host, and tells segment size and window scale', () => {
    const bench = new BenchNetwork();
    const tcp = bench.tcp();
    tcp.connect();
    bench.time.settle();
    assert.equal(tcp.segments, 0, 'nothing is promised before the peer has answered');
    const [stream] = bench.host.streams;
    assert.deepEqual(stream?.to, { address: address('93.184.216.34'), port: 80 });
    stream?.events.onConnect();
    bench.time.settle();
    assert.deepEqual([tcp.state, tcp.peerSegmentSize, tcp.peerScale], ['open', 1460, 5]);
    assert.equal(stream?.isPaused, false);
  });

  test("without window scaling on the guest's side there is none on ours", () => {
    const bench = new BenchNetwork();
    const { tcp, stream } = bench.open({ windowScale: undefined as never });
    assert.equal(tcp.peerScale, undefined);
    tcp.write(bytes('hello'));
    bench.time.settle();
    assert.equal(text(stream.written), 'hello');
    assert.ok(tcp.peerWindow <= 0xffff && tcp.peerWindow > 60_000, String(tcp.peerWindow));
  });

  test("the gateway leads to the host's loopback", () => {
    const bench = new BenchNetwork();
    bench.open({ remote: address('10.0.2.2'), remotePort: 8080 });
    assert.deepEqual(bench.host.streams[0]?.to, { address: address('127.0.0.1'), port: 8080 });
  });

  test('a refused connection is reset, an unreachable host told by ICMP', () => {
    const bench = new BenchNetwork();
    const refused = bench.tcp();
    refused.connect();
    bench.time.settle();
    bench.host.streams[0]?.close('refused');
    bench.time.settle();
    assert.equal(refused.state, 'reset');
    const lost = bench.tcp();
    lost.connect();
    bench.time.settle();
    bench.host.streams[1]?.close('unreachable');
    bench.time.settle();
    assert.equal(lost.segments, 0);
    const error = bench.guest.packets.at(-1);
    assert.deepEqual([error?.protocol, error?.payload[0], error?.payload[1]], [1, 3, 1]);
    assert.equal(bench.network.usage.connections, 0);
  });

  test('lost SYNs and SYN-ACKs are sent again', () => {
    const bench = new BenchNetwork();
    let losses = 0;
    bench.wireIn = (segment) => ((segment.flags & TCP.syn) !== 0 && losses++ < 2 ? [] : [0]);
    const { tcp } = bench.open();
    assert.equal(tcp.state, 'syn-sent');
    bench.time.advance(4 * SECOND);
    assert.equal(tcp.state, 'open');
  });

  test('a guest that does not go on is given up', () => {
    const bench = new BenchNetwork();
    bench.wireIn = () => [];
    const { stream } = bench.open();
    bench.wireOut = () => [];
    bench.time.advance(100 * SECOND);
    assert.deepEqual([bench.network.usage.connections, stream.isReset], [0, true]);
  });

  test('a segment of no connection is reset with the number it expects', () => {
    const bench = new BenchNetwork();
    const tcp = bench.tcp();
    tcp.state = 'open';
    tcp.expected = 77;
    tcp.send(TCP.ack, 1000);
    bench.time.settle();
    assert.equal(tcp.state, 'reset');
  });
});

describe('data', () => {
  test('crosses both ways, across the wrap of sequence numbers', () => {
    const bench = new BenchNetwork();
    const { tcp, stream } = bench.open({ initial: 0xffff_fffd });
    tcp.write(bytes('GET /'));
    bench.time.settle();
    assert.equal(text(stream.written), 'GET /');
    stream.events.onData(bytes('200 OK'));
    bench.time.settle();
    assert.equal(text(tcp.received), '200 OK');
  });

  test('a guest with offloads gets frames worth many segments, one without Ethernet frames', () => {
    for (const offloads of [false, true]) {
      const bench = new BenchNetwork({ offloads });
      const { tcp, stream } = bench.open();
      tcp.room = 1_000_000;
      tcp.update();
      stream.events.onData(pattern(200_000));
      bench.time.advance(SECOND);
      assert.deepEqual(tcp.received, [...pattern(200_000)]);
      assert.equal(bench.guest.largestSeen, offloads ? 54 + 44 * 1460 : 1514);
      assert.equal(bench.guest.damaged, 0);
    }
  });

  test('a small segment size of the guest is kept to', () => {
    const bench = new BenchNetwork();
    const { tcp, stream } = bench.open({ segmentSize: 100 });
    stream.events.onData(pattern(3000));
    bench.time.advance(SECOND);
    assert.deepEqual(tcp.received, [...pattern(3000)]);
    assert.equal(bench.guest.largestSeen, 154);
  });

  test('three duplicate acknowledgements bring a lost segment back without a timeout', () => {
    const bench = new BenchNetwork();
    const { tcp, stream } = bench.open();
    let count = 0;
    bench.wireIn = (segment) => (segment.payload.length > 0 && ++count === 3 ? [] : [0]);
    stream.events.onData(pattern(30_000));
    bench.time.advance(0.1 * SECOND);
    assert.deepEqual(tcp.received, [...pattern(30_000)]);
  });

  test('a lost last segment comes back after the timeout', () => {
    const bench = new BenchNetwork();
    const { tcp, stream } = bench.open();
    let lost = false;
    bench.wireIn = (segment) => (segment.payload.length > 0 && !lost ? ((lost = true), []) : [0]);
    stream.events.onData(bytes('once'));
    bench.time.advance(0.1 * SECOND);
    assert.equal(tcp.received.length, 0);
    bench.time.advance(2 * SECOND);
    assert.equal(text(tcp.received), 'once');
  });

  test('segments out of order are kept and put in order', () => {
    const bench = new BenchNetwork();
    const { tcp, stream } = bench.open();
    const start = tcp.next;
    tcp.send(TCP.ack, advance(start, 5), bytes('world'));
    tcp.send(TCP.ack, advance(start, 3), bytes('lowo'));
    bench.time.settle();
    assert.equal(stream.written.length, 0);
    tcp.send(TCP.ack, start, bytes('hello'));
    bench.time.settle();
    assert.equal(text(stream.written), 'helloworld');
  });
});

describe('flow control', () => {
  test('a guest with a closed window is probed, and gets the rest when it opens', () => {
    const bench = new BenchNetwork();
    const { tcp, stream } = bench.open();
    tcp.room = 1024;
    tcp.update();
    bench.time.settle();
    stream.events.onData(pattern(5000));
    bench.time.advance(10 * SECOND);
    assert.equal(tcp.received.length, 1024);
    const { segments } = tcp;
    bench.time.advance(200 * SECOND);
    assert.ok(tcp.segments > segments, 'probes go on');
    assert.ok(tcp.segments < segments + 12, 'ever more slowly');
    // The window update is lost: the next probe finds out.
    tcp.room = 10_000;
    bench.time.advance(70 * SECOND);
    assert.deepEqual(tcp.received, [...pattern(5000)]);
  });

  test('a window smaller than a segment is used, if slowly', () => {
    const bench = new BenchNetwork();
    const { tcp, stream } = bench.open({ windowScale: undefined as never });
    tcp.room = 200;
    tcp.update();
    bench.time.settle();
    stream.events.onData(pattern(1000));
    for (let turn = 0; turn < 20; turn += 1) {
      bench.time.advance(2 * SECOND);
      tcp.room = 200;
      tcp.update();
    }
    bench.time.advance(2 * SECOND);
    assert.deepEqual(tcp.received, [...pattern(1000)]);
  });

  test("a slow host closes the guest's window, and opens it as it takes", () => {
    const bench = new BenchNetwork();
    const { tcp, stream } = bench.open();
    tcp.write(pattern(3_000_000));
    bench.time.advance(5 * SECOND);
    assert.ok(stream.written.length <= 1024 * 1024, `${stream.written.length} bytes held`);
    assert.ok(stream.written.length > 700_000, `${stream.written.length} bytes taken`);
    assert.ok(bench.network.usage.memory <= 1024 * 1024 + 300_000);
    for (let turn = 0; turn < 200 && tcp.unsent > 0; turn += 1) {
      stream.drain(100);
      bench.time.advance(0.4 * SECOND);
    }
    stream.drain();
    assert.deepEqual(stream.written, [...pattern(3_000_000)]);
    assert.equal(bench.network.usage.memory, 0);
  });

  test("a slow guest stops the host's peer", () => {
    const bench = new BenchNetwork();
    const { tcp, stream } = bench.open();
    tcp.room = 0;
    tcp.update();
    bench.time.settle();
    let sent = 0;
    while (!stream.isPaused && sent < 100) {
      stream.events.onData(pattern(65_536));
      sent += 1;
    }
    assert.equal(sent, 16);
    tcp.room = 10_000_000;
    tcp.update();
    bench.time.advance(SECOND);
    assert.equal(stream.isPaused, false);
    assert.equal(tcp.received.length, 16 * 65_536);
  });

  test('a guest without buffers is waited for, and nothing is lost', () => {
    const bench = new BenchNetwork();
    const { tcp, stream } = bench.open();
    bench.guest.buffers = 0;
    stream.events.onData(pattern(20_000));
    bench.time.advance(600 * SECOND);
    assert.equal(tcp.received.length, 0);
    for (let turn = 0; turn < 30; turn += 1) {
      bench.guest.refill(3);
      bench.time.advance(0.01 * SECOND);
    }
    assert.deepEqual(tcp.received, [...pattern(20_000)]);
    assert.equal(tcp.duplicates, 0);
  });
});

describe('closing', () => {
  test('each direction ends on its own', () => {
    const bench = new BenchNetwork();
    const { tcp, stream } = bench.open();
    tcp.write(bytes('question'));
    tcp.end();
    bench.time.settle();
    assert.deepEqual([text(stream.written), stream.isEnded, tcp.endAcknowledged], ['question', true, true]);
    stream.events.onData(bytes('late answer'));
    stream.events.onEnd();
    bench.time.settle();
    assert.deepEqual([text(tcp.received), tcp.peerEnded], ['late answer', true]);
    assert.equal(bench.network.usage.connections, 0, 'the guest closed first: TIME-WAIT is its own');
    stream.drain();
    assert.deepEqual([bench.network.usage.memory, stream.isReset], [0, false]);
  });

  test('the host closes first: TIME-WAIT answers a FIN that comes again, and a new SYN takes its place', () => {
    const bench = new BenchNetwork();
    const { tcp, stream } = bench.open();
    stream.events.onEnd();
    bench.time.settle();
    assert.equal(tcp.peerEnded, true);
    tcp.write(bytes('more'));
    bench.time.settle();
    assert.equal(text(stream.written), 'more');
    tcp.end();
    bench.time.settle();
    assert.deepEqual([stream.isEnded, tcp.endAcknowledged, bench.network.usage.connections], [true, true, 1]);
    const { segments } = tcp;
    tcp.send(TCP.ack | TCP.fin, advance(tcp.next, -1));
    bench.time.settle();
    assert.equal(tcp.segments, segments + 1);
    const again = bench.tcp({ port: 40_000, initial: advance(tcp.next, 1000) });
    again.connect();
    bench.time.settle();
    assert.equal(bench.host.streams.length, 2);
    bench.time.advance(20 * SECOND);
    assert.equal(bench.network.usage.connections, 1);
  });

  test('TIME-WAIT ends', () => {
    const bench = new BenchNetwork();
    const { tcp, stream } = bench.open();
    stream.events.onEnd();
    tcp.end();
    bench.time.advance(5 * SECOND);
    assert.equal(bench.network.usage.connections, 1, 'simultaneous');
    bench.time.advance(11 * SECOND);
    assert.equal(bench.network.usage.connections, 0);
  });

  test('a FIN that is lost is sent again', () => {
    const bench = new BenchNetwork();
    const { tcp, stream } = bench.open();
    let lost = 0;
    bench.wireIn = (segment) => ((segment.flags & TCP.fin) !== 0 && lost++ < 2 ? [] : [0]);
    stream.events.onData(bytes('end'));
    stream.events.onEnd();
    bench.time.advance(5 * SECOND);
    assert.deepEqual([text(tcp.received), tcp.peerEnded, lost], ['end', true, 3]);
  });

  test('resets cross over both ways', () => {
    const bench = new BenchNetwork();
    const first = bench.open();
    first.stream.close('reset');
    bench.time.settle();
    assert.equal(first.tcp.state, 'reset');
    const second = bench.open();
    second.tcp.send(TCP.rst, second.tcp.next);
    bench.time.settle();
    assert.equal(second.stream.isReset, true);
    assert.equal(bench.network.usage.connections, 0);
  });

  test('a reset that is not the next number is asked about, one outside the window not heard', () => {
    const bench = new BenchNetwork();
    const { tcp, stream } = bench.open();
    const { segments } = tcp;
    tcp.send(TCP.rst, advance(tcp.next, 100));
    bench.time.settle();
    assert.deepEqual([stream.isReset, tcp.segments], [false, segments + 1]);
    tcp.send(TCP.rst, advance(tcp.next, 50_000_000));
    bench.time.settle();
    assert.deepEqual([stream.isReset, tcp.segments], [false, segments + 1]);
  });

  test('a guest that was started anew is found out', () => {
    const bench = new BenchNetwork();
    const { stream } = bench.open();
    const anew = bench.tcp({ port: 40_000, initial: 5 });
    anew.connect();
    bench.time.settle();
    // The guest does not know the connection that the acknowledgement is for.
    anew.send(TCP.rst, 0xffff_f001);
    bench.time.settle();
    assert.equal(stream.isReset, true);
    anew.connect();
    bench.time.settle();
    assert.equal(bench.host.streams.length, 2);
  });

  test('a silent guest is asked, then given up', () => {
    const bench = new BenchNetwork();
    const { stream } = bench.open();
    bench.time.advance(5000 * SECOND);
    assert.equal(stream.isReset, false, 'it answers');
    bench.wireIn = () => [];
    bench.time.advance(1300 * SECOND);
    assert.equal(stream.isReset, true);
  });

  test('data for a host that is gone are answered with a reset', () => {
    const bench = new BenchNetwork();
    const { tcp, stream } = bench.open();
    stream.events.onEnd();
    stream.close();
    bench.time.settle();
    tcp.write(bytes('anyone?'));
    bench.time.settle();
    assert.equal(tcp.state, 'reset');
  });
});

test('there are only so many connections; those in TIME-WAIT give way', () => {
  const bench = new BenchNetwork({ mostConnections: 2 });
  const { tcp, stream } = bench.open();
  bench.open();
  const third = bench.tcp();
  third.connect();
  bench.time.settle();
  assert.equal(third.state, 'reset');
  stream.events.onEnd();
  tcp.end();
  bench.time.settle();
  const fourth = bench.open();
  assert.equal(fourth.tcp.state, 'open');
  assert.equal(bench.network.usage.connections, 2);
});
