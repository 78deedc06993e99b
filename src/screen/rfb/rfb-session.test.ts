import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, mock, test } from 'node:test';
import { constants, inflateSync } from 'node:zlib';
import { translate } from '../../devices/i8042/scan-codes.ts';
import { TestDisplay } from '../test-display.ts';
import { ByteOutput } from './byte-output.ts';
import type { RfbPassword } from './handshake.ts';
import { keyOfScanCode } from './key-table.ts';
import type { PointerChange } from './pointer-input.ts';
import { RfbSession } from './rfb-session.ts';
import { TestViewer } from './test-viewer.ts';

let display: TestDisplay;
let session: RfbSession;
let viewer: TestViewer;
let keys: string[];
let pointer: PointerChange[];
let waiting: number;
let time: number;
/** How long each write to the client takes, in milliseconds. */
let cost: number;
let isOpen: boolean;
let compressed: Uint8Array;
let plainLength: number;

const connect = (options: { relativePointer?: boolean; password?: RfbPassword } = {}): void => {
  [keys, pointer, waiting, time, cost, isOpen] = [[], [], 0, 0, 0, true];
  [compressed, plainLength] = [new Uint8Array(0), 0];
  // The whole stream anew each time: a decoder that the server does not share anything with.
  const inflate = (bytes: Uint8Array): Uint8Array => {
    compressed = Buffer.concat([compressed, bytes]);
    const plain = inflateSync(compressed, { finishFlush: constants.Z_SYNC_FLUSH });
    const fresh = plain.subarray(plainLength);
    plainLength = plain.length;
    return fresh;
  };
  viewer = new TestViewer((bytes) => session.receive(bytes), inflate);
  const stream = {
    write: (bytes: Uint8Array) => {
      time += cost;
      viewer.receive(bytes);
    },
    get waiting() {
      return waiting;
    },
    end: () => void (isOpen = false),
  };
  session = new RfbSession(stream, {
    display,
    name: 'guest',
    now: () => time,
    onKey: (code, down) => keys.push(`${code.toString(16)}${down ? '+' : '-'}`),
    onPointer: (change) => pointer.push(change),
    ...options,
  });
};
const send = (build: (message: ByteOutput) => void): void => {
  const message = new ByteOutput();
  build(message);
  session.receive(message.bytes());
};
const start = (options: { relativePointer?: boolean } = {}): void => {
  connect(options);
  assert.equal(viewer.ascii(12), 'RFB 003.008\n');
  send((message) => message.ascii('RFB 003.008\n'));
  assert.deepEqual([...viewer.take(2)], [1, 1]);
  send((message) => message.u8(1));
  assert.equal(viewer.number(4), 0);
  send((message) => message.u8(1));
  viewer.readInit();
};
const key = (keysym: number, down: boolean): void =>
  send((message) => message.u8(4).u8(down ? 1 : 0).u16(0).u32(keysym)); // prettier-ignore
/** The display's own pixels, 0xRRGGBB. */
const shown = (): number[] =>
  Array.from({ length: display.pixels.length / 4 }, (_, n) => {
    const [red = 0, green = 0, blue = 0] = display.pixels.subarray(n * 4);
    return (red << 16) | (green << 8) | blue;
  });
/** Flat areas, a gradient, few and many colours, runs and noise. */
const scene = (x: number, y: number): number => {
  if (y < 40) return x < 100 ? 0x0000aa : 0xffffff;
  if (y < 80) return (x & 8) !== 0 ? 0xff0000 : 0x00ff00;
  if (y < 140) return ((x >> 3) * 9973) & 0xffffff;
  return x < 70 ? Math.imul(x * 7919 + y, 2654435761) & 0xffffff : ((x >> 1) & 7) * 0x101010;
};

beforeEach(() => {
  mock.timers.enable({ apis: ['setTimeout'] });
  display = new TestDisplay(150, 170);
  display.paint(scene);
});
afterEach(() => {
  session.closed();
  mock.timers.reset();
});

describe('the handshake', () => {
  test('3.8 without a password', () => {
    start();
    assert.deepEqual([viewer.width, viewer.height, viewer.name, viewer.unread], [150, 170, 'guest', 0]);
  });

  test('3.3 and 3.7', () => {
    connect();
    viewer.take(12);
    send((message) => message.ascii('RFB 003.003\n'));
    assert.equal(viewer.number(4), 1);
    send((message) => message.u8(0));
    viewer.readInit();
    assert.equal(viewer.name, 'guest');
    connect();
    viewer.take(12);
    send((message) => message.ascii('RFB 003.007\n').u8(1).u8(0));
    assert.deepEqual([...viewer.take(2)], [1, 1]);
    viewer.readInit();
  });

  test('a password, right and wrong', () => {
    const password: RfbPassword = {
      challenge: () => Uint8Array.from({ length: 16 }, (_, n) => n),
      isRight: (challenge, response) => challenge.every((byte, n) => response[n] === (byte ^ 0xff)),
    };
    for (const right of [true, false]) {
      connect({ password });
      viewer.take(12);
      send((message) => message.ascii('RFB 003.008\n').u8(2));
      assert.deepEqual([...viewer.take(2)], [1, 2]);
      const challenge = viewer.take(16);
      session.receive(challenge.map((byte) => byte ^ (right ? 0xff : 0)));
      assert.equal(viewer.number(4), right ? 0 : 1);
      if (!right) assert.equal(viewer.ascii(viewer.number(4)), 'The password is wrong.');
      assert.equal(isOpen, right);
    }
  });

  test('what speaks something else is hung up on', () => {
    connect();
    send((message) => message.ascii('GET / HTTP/1.1\r\n'));
    assert.equal(isOpen, false);
  });
});

describe('updates', () => {
  for (const [name, encoding] of [
    ['Raw', 0],
    ['Hextile', 5],
    ['ZRLE', 16],
  ] as const) {
    // prettier-ignore
    for (const [format, bytes, bigEndian] of [['32 bits', 4, false], ['32 bits, big-endian', 4, true], ['16 bits', 2, false]] as const) {
      test(`${name}, ${format}`, () => {
        if (bytes === 2) display.paint((x, y) => [0, 0xff0000, 0x00ff00, 0x0000ff, 0xffffff][(x * y) % 5] as number);
        start();
        const [maxima, shifts] = bytes === 2 ? [[31, 63, 31], [11, 5, 0]] : [[255, 255, 255], [16, 8, 0]]; // prettier-ignore
        send((message) => {
          message.u32(0).u8(bytes * 8).u8(bytes === 2 ? 16 : 24).u8(bigEndian ? 1 : 0).u8(1); // prettier-ignore
          for (const maximum of maxima) message.u16(maximum);
          for (const shift of [...shifts, 0, 0, 0]) message.u8(shift);
        });
        viewer.bytes = bytes;
        viewer.bigEndian = bigEndian;
        viewer.setEncodings(7, encoding, 0);
        viewer.request(false);
        viewer.readUpdate();
        assert.deepEqual([...viewer.picture], shown());
        assert.deepEqual([...new Set(viewer.rectangles.map((rectangle) => rectangle.encoding))], [encoding]);
        display.paint((x, y) => (x === 149 && y === 169 ? 0xff0000 : scene(x, y)));
        mock.timers.tick(40);
        viewer.request(true);
        mock.timers.tick(40);
        viewer.readUpdate();
        if (bytes === 4) assert.deepEqual([...viewer.picture], shown());
        assert.equal(viewer.unread, 0);
      });
    }
  }

  test('an incremental request is answered when something changes, with what changed', () => {
    start();
    viewer.request(false);
    viewer.readUpdate();
    viewer.request(true);
    mock.timers.tick(1000);
    assert.equal(viewer.unread, 0);
    display.paint((x, y) => (x === 70 && y === 20 ? 0x123456 : scene(x, y)));
    mock.timers.tick(40);
    viewer.readUpdate();
    assert.deepEqual(viewer.rectangles, [{ encoding: 0, x: 64, y: 16, width: 64, height: 16 }]);
    assert.deepEqual([...viewer.picture], shown());
    display.paint(() => 0);
    mock.timers.tick(1000);
    assert.equal(viewer.unread, 0, 'nothing is sent that was not asked for');
  });

  test('a client that does not read is not sent more', () => {
    start();
    waiting = 2 << 20;
    viewer.request(false);
    mock.timers.tick(500);
    assert.equal(viewer.unread, 0);
    waiting = 0;
    mock.timers.tick(40);
    viewer.readUpdate();
    assert.deepEqual([...viewer.picture], shown());
  });

  test('an update that took long is followed by a long pause', () => {
    start();
    cost = 100;
    viewer.request(false);
    viewer.readUpdate();
    viewer.request(false);
    mock.timers.tick(500);
    assert.equal(viewer.unread, 0);
    mock.timers.tick(100);
    viewer.readUpdate();
    assert.deepEqual([...viewer.picture], shown());
  });

  test('a new size is told to those who follow', () => {
    start();
    viewer.setEncodings(0, -223);
    viewer.request(false);
    viewer.readUpdate();
    display.resize(80, 90);
    display.paint(scene);
    viewer.request(true);
    mock.timers.tick(40);
    viewer.readUpdate();
    assert.deepEqual(viewer.rectangles, [{ encoding: -223, x: 0, y: 0, width: 80, height: 90 }]);
    viewer.request(false);
    mock.timers.tick(40);
    viewer.readUpdate();
    assert.deepEqual([...viewer.picture], shown());
  });

  test('others see what fits, and black around it', () => {
    start();
    viewer.request(false);
    viewer.readUpdate();
    display.resize(140, 200);
    display.paint(() => 0xabcdef);
    viewer.request(true);
    mock.timers.tick(40);
    viewer.readUpdate();
    assert.deepEqual([viewer.picture[139], viewer.picture[140], viewer.picture[169 * 150]], [0xabcdef, 0, 0xabcdef]);
  });

  test('a colour map for those who have no colours of their own', () => {
    start();
    send((message) => message.u32(0).u8(8).u8(8).u16(0).u32(0).u32(0).u32(0));
    assert.deepEqual([viewer.number(1), viewer.number(1), viewer.number(2), viewer.number(2)], [1, 0, 0, 256]);
    const map = Array.from({ length: 256 }, () => [
      viewer.number(2) >> 8,
      viewer.number(2) >> 8,
      viewer.number(2) >> 8,
    ]);
    display.paint(() => 0xff00ff);
    viewer.bytes = 1;
    viewer.request(false);
    viewer.readUpdate();
    assert.deepEqual(map[viewer.picture[0] as number], [255, 0, 255]);
  });
});

describe('input', () => {
  test('characters are keys, with Shift where the client does without', () => {
    start();
    for (const keysym of [0x61, 0x41, 0x40, 0xff0d, 0xff51]) {
      key(keysym, true);
      key(keysym, false);
    }
    assert.equal(keys.join(' '), '1c+ 1c- 12+ 1c+ 12- 1c- 12+ 1e+ 12- 1e- 5a+ 5a- e06b+ e06b-');
    keys = [];
    for (const [keysym, down] of [[0xffe1, true], [0x2f, true], [0x2f, false], [0x41, true], [0x41, false], [0xffe1, false]] as const) key(keysym, down); // prettier-ignore
    assert.equal(keys.join(' '), '12+ 12- 4a+ 12+ 4a- 1c+ 1c- 12-', 'a layout with / on a shifted key');
  });

  test('scan codes are keys whatever the layout, when the client can tell them', () => {
    start();
    viewer.setEncodings(0, -258, -257, -239);
    viewer.request(false);
    viewer.readUpdate();
    assert.deepEqual(viewer.rectangles.slice(0, 3).map(({ encoding, x }) => [encoding, x]), [[-258, 0], [-257, 0], [-239, 0]]); // prettier-ignore
    for (const [keysym, code] of [
      [0x7a, 0x15],
      [0xff53, 0xcd],
      [0xff13, 0xc6],
      [0x3c, 0x56],
    ] as const) {
      send((message) => message.u8(255).u8(0).u16(1).u32(keysym).u32(code));
      send((message) => message.u8(255).u8(0).u16(0).u32(keysym).u32(code));
    }
    assert.equal(keys.join(' '), '35+ 35- e074+ e074- e11477+ 61+ 61-');
  });

  test('the two scan code sets of the table are what the keyboard controller makes of each other', () => {
    let count = 0;
    for (let code = 1; code < 0x80; code += 1) {
      for (const prefix of [0, 0xe000]) {
        const found = keyOfScanCode(prefix | code);
        if (found === undefined || found.set2 === 0xe11477) continue;
        assert.equal(translate(found.set2 & 0xff), code);
        assert.equal(found.set2 & 0xff00, prefix);
        count += 1;
      }
    }
    assert.equal(count, 104);
  });

  test('keys and buttons are let go of when the client is gone', () => {
    start();
    key(0xffe3, true);
    send((message) => message.u8(5).u8(1).u16(10).u16(10));
    session.closed();
    assert.equal(keys.join(' '), '14+ 14-');
    assert.deepEqual(
      pointer.map(({ buttons }) => buttons),
      [1, 0],
    );
  });

  test('positions, movements, buttons and the wheel', () => {
    start();
    for (const [mask, x, y] of [[0, 10, 20], [1, 15, 18], [6, 15, 18], [16, 15, 18], [8, 15, 18]] as const) send((message) => message.u8(5).u8(mask).u16(x).u16(y)); // prettier-ignore
    assert.deepEqual(pointer, [
      { x: 10, y: 20, dx: 0, dy: 0, wheel: 0, buttons: 0 },
      { x: 15, y: 18, dx: 5, dy: -2, wheel: 0, buttons: 1 },
      { x: 15, y: 18, dx: 0, dy: 0, wheel: 0, buttons: 6 },
      { x: 15, y: 18, dx: 0, dy: 0, wheel: 1, buttons: 0 },
      { x: 15, y: 18, dx: 0, dy: 0, wheel: -1, buttons: 0 },
    ]);
    viewer.setEncodings(-257);
    send((message) =>
      message
        .u8(5)
        .u8(0)
        .u16(0x7fff + 3)
        .u16(0x7fff - 4),
    );
    assert.deepEqual([pointer.at(-1)?.dx, pointer.at(-1)?.dy], [3, -4]);
  });

  test('cut text is passed over, in however many pieces it comes', () => {
    start();
    send((message) => message.u8(6).u8(0).u16(0).u32(200_000));
    for (let left = 200_000; left > 0; left -= 10_000) session.receive(new Uint8Array(10_000));
    key(0x61, true);
    assert.deepEqual(keys, ['1c+']);
    assert.equal(isOpen, true);
  });
});

test('whatever is received, in whatever pieces, nothing throws', () => {
  let seed = 77;
  const random = (below: number): number => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return Math.floor((seed / 2 ** 32) * below);
  };
  for (let round = 0; round < 60; round += 1) {
    start();
    for (let step = 0; step < 50; step += 1) {
      const kinds = [0, 2, 3, 4, 5, 6, 255, 9];
      const bytes = Uint8Array.from({ length: 1 + random(40) }, () => (random(2) === 0 ? random(4) : random(256)));
      bytes[0] = kinds[random(step < 40 ? 7 : 8)] as number;
      session.receive(bytes);
      if (!isOpen) break;
      display.paint((x, y) => (x < 4 && y < 4 ? random(1 << 24) : scene(x, y)));
      mock.timers.tick(40);
    }
    session.closed();
  }
});
