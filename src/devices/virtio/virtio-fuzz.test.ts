// Hostile guests: whatever is in the registers and the rings, nothing throws, and every turn ends.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { guestPhysical } from '../../base/address.ts';
import type { CharacterBackend } from '../../base/character-backend.ts';
import type { NetworkBackend, NetworkReceiver } from '../../base/network-backend.ts';
import { Virtio9p } from '../virtio-9p/virtio-9p.ts';
import { VirtioBlock } from '../virtio-block/virtio-block.ts';
import { VirtioConsole } from '../virtio-console/virtio-console.ts';
import { VirtioEntropy } from '../virtio-entropy/virtio-entropy.ts';
import { VirtioNetwork } from '../virtio-network/virtio-network.ts';
import { benchDevice } from './bench-device.ts';
import type { BenchDevice } from './bench-device.ts';
import type { VirtioModel } from './virtio-model.ts';

/** Seconds for each kind of device. A long run is `LODGE_FUZZ_SECONDS=600`. */
const SECONDS = Number(process.env['LODGE_FUZZ_SECONDS'] ?? 1.5);
const STEPS_A_GUEST = 300;
const RINGS = 0x1_0000;

/** What the host does to a device meanwhile. */
interface Subject {
  readonly model: VirtioModel;
  readonly disturb: (random: () => number) => void;
}

const line = (): CharacterBackend & { push: (bytes: Uint8Array) => void } => {
  let receive = (_bytes: Uint8Array): number => 0;
  return {
    write: (bytes) => assert.ok(bytes.length <= 1 << 20),
    connect: (input) => {
      receive = (bytes) => input.receive(bytes.subarray(0, input.room));
      input.onRoom(() => void input.room);
    },
    push: (bytes) => void receive(bytes),
  };
};

const subjects: Readonly<Record<string, () => Subject>> = {
  block: () => {
    const size = 64 * 512;
    const answer = (offset: number, length: number): Promise<void> => {
      assert.ok(offset >= 0 && length >= 0 && offset + length <= size && offset % 512 === 0 && length % 512 === 0);
      return offset % 1024 === 0 ? Promise.resolve() : Promise.reject(new Error('a bad sector'));
    };
    const backend = {
      size,
      isReadOnly: false,
      read: (offset: number, into: Uint8Array) => answer(offset, into.length),
      write: (offset: number, from: Uint8Array) => answer(offset, from.length),
      writeZeroes: answer,
      discard: answer,
      flush: () => Promise.resolve(),
      close: () => Promise.resolve(),
    };
    return { model: new VirtioBlock('disk0', backend), disturb: () => {} };
  },
  entropy: () => ({ model: new VirtioEntropy((bytes) => bytes.fill(7)), disturb: () => {} }),
  network: () => {
    let receiver: NetworkReceiver | undefined;
    const cable: NetworkBackend = {
      takesOffloads: true,
      send: ({ bytes, checksum }) => {
        assert.ok(bytes.length >= 14 && bytes.length <= 65_550);
        assert.ok(checksum === undefined || checksum.start + checksum.offset + 2 <= bytes.length);
      },
      connect: (device) => (receiver = device),
      close: () => {},
    };
    const model = new VirtioNetwork('network', cable, new Uint8Array(6));
    return { model, disturb: (random) => void receiver?.receive({ bytes: new Uint8Array(14 + (random() % 3000)) }) };
  },
  console: () => {
    const ports = [line(), line()] as const;
    const model = new VirtioConsole('console', [{ backend: ports[0] }, { portName: 'agent', backend: ports[1] }]);
    return { model, disturb: (random) => ports[random() & 1]?.push(new Uint8Array(random() % 300)) };
  },
  '9p': () => {
    const server = { handle: (request: Uint8Array) => Promise.resolve(request.slice(0, 64)), reset: () => {} };
    return { model: new Virtio9p('share0', 'tag', server), disturb: () => {} };
  },
};

/** Puts something that a driver might into the memory of a ring, and often something that it would not. */
function scribble({ board }: BenchDevice, random: () => number): void {
  const { memory } = board;
  const queue = random() % 6;
  const ring = RINGS + queue * 0x4000;
  const address = random() % 8 === 0 ? random() * (1 + (random() % 5000)) : RINGS + (random() % 0x2_0000);
  const at = ring + (random() % 16) * 16;
  switch (random() % 6) {
    case 0:
    case 1:
    case 2:
      memory.write64(guestPhysical(at), BigInt(address));
      memory.write32(guestPhysical(at + 8), [16, 1, 512, 4096, 48, random() >>> 0][random() % 6] as number);
      // As either kind of ring reads it.
      memory.write16(guestPhysical(at + 12), [random() % 8, random() % 16, 0][random() % 3] as number);
      memory.write16(
        guestPhysical(at + 14),
        [random() % 16, (random() % 8) | 0x80, (random() % 8) | 0x8000][random() % 3] as number,
      );
      break;
    case 3:
      memory.write16(
        guestPhysical(ring + 0x1002),
        random() % 4 === 0 ? random() & 0xffff : memory.read16(guestPhysical(ring + 0x1002)) + (random() % 4),
      );
      break;
    case 4:
      memory.write16(
        guestPhysical(ring + 0x1004 + (random() % 16) * 2),
        random() % (random() % 8 === 0 ? 0x1_0000 : 16),
      );
      break;
    default:
      memory.write32(guestPhysical(RINGS + (random() % 0x2_0000)), random() % 2 === 0 ? random() % 16 : random());
  }
}

function disturb(bench: BenchDevice, random: () => number): void {
  const { driver, device } = bench;
  switch (random() % 40) {
    case 0:
      driver.setCommon(
        random() % 0x40,
        [1, 2, 4][random() % 3] as 1 | 2 | 4,
        random() % 2 === 0 ? random() : random() % 20,
      );
      break;
    case 1:
      driver.setConfiguration(random() & 0xfc, 4, random());
      break;
    case 2:
      driver.place();
      break;
    case 3: {
      const saved = JSON.parse(JSON.stringify(device.save()));
      device.restore(saved);
      assert.deepEqual(device.save(), saved);
      bench.board.advance(1);
      break;
    }
    default:
      driver.useQueue(random() % 6);
      driver.notify();
  }
}

for (const [kind, subject] of Object.entries(subjects)) {
  test(`${kind} withstands any guest`, async () => {
    const end = Date.now() + SECONDS * 1000;
    let guests = 0;
    let interrupts = 0;
    for (let seed = 1; Date.now() < end || seed <= 4; seed += 1) {
      let state = seed * 7919;
      const random = (): number => {
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
        return (state ^ (state >>> 15)) >>> 1;
      };
      const { model, disturb: host } = subject();
      const options = {
        packed: (seed & 1) === 0,
        eventIndex: (seed & 2) === 0,
        indirect: (seed & 4) === 0,
        msiX: (seed & 8) === 0,
        features: model.features,
      };
      try {
        const bench = benchDevice(model, options);
        for (let step = 0; step < STEPS_A_GUEST; step += 1) {
          scribble(bench, random);
          if (random() % 3 === 0) disturb(bench, random);
          if (random() % 10 === 0) host(random);
          if (random() % 20 === 0) await Promise.resolve();
        }
        for (let turn = 0; turn < 100; turn += 1) await Promise.resolve();
        interrupts += bench.board.messages.length + bench.board.lineChanges.length;
      } catch (error) {
        throw new Error(`the guest of seed ${seed} broke the device`, { cause: error });
      }
      guests += 1;
    }
    // A fuzzer whose requests the device never takes would find nothing.
    assert.ok(interrupts > guests / 4, `${interrupts} interrupts from ${guests} guests`);
  });
}
