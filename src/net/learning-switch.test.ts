import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SECOND } from '../base/units.ts';
import { VirtualTime } from './bench/virtual-time.ts';
import { LearningSwitch } from './learning-switch.ts';
import type { SwitchPort } from './learning-switch.ts';
import { writeMac } from './mac-address.ts';

const EVERYONE = 0xffff_ffff_ffff;

class Lab {
  readonly time = new VirtualTime();
  readonly lan = new LearningSwitch(this.time);
  readonly heard: number[][] = [];
  readonly ports: SwitchPort[] = [];

  constructor(count: number) {
    for (let index = 0; index < count; index += 1) {
      const heard: number[] = [];
      this.heard.push(heard);
      this.ports.push(this.lan.attach(({ bytes }) => heard.push(bytes[14] ?? -1)));
    }
  }

  send(port: number, source: number, destination: number, mark: number): void {
    const bytes = new Uint8Array(15);
    writeMac(bytes, 0, destination);
    writeMac(bytes, 6, source);
    bytes[14] = mark;
    this.ports[port]?.send({ bytes });
  }
}

test('an address is sent to where it was last heard, anything else everywhere but back', () => {
  const lab = new Lab(3);
  lab.send(0, 0xa, 0xb, 1);
  lab.send(1, 0xb, 0xa, 2);
  lab.send(0, 0xa, 0xb, 3);
  lab.send(2, 0xc, EVERYONE, 4);
  assert.deepEqual(lab.heard, [[2, 4], [1, 3, 4], [1]]);
  lab.send(2, 0xb, EVERYONE, 5);
  lab.send(0, 0xa, 0xb, 6);
  assert.deepEqual(lab.heard, [
    [2, 4, 5],
    [1, 3, 4, 5],
    [1, 6],
  ]);
  lab.send(0, 0xa, 0xa, 7);
  assert.equal(lab.heard.flat().includes(7), false, 'who is on the same port has heard it');
});

test('places are forgotten after five minutes, and when a port goes', () => {
  const lab = new Lab(3);
  lab.send(1, 0xb, 0xf, 1);
  lab.time.advance(301 * SECOND);
  lab.send(0, 0xa, 0xb, 2);
  assert.deepEqual(lab.heard, [[1], [2], [1, 2]]);
  lab.send(1, 0xb, 0xa, 3);
  lab.ports[1]?.detach();
  lab.send(0, 0xa, 0xb, 4);
  assert.deepEqual(lab.heard, [[1, 3], [2], [1, 2, 4]]);
  lab.send(1, 0xb, 0xa, 5);
  assert.deepEqual(lab.heard[0], [1, 3], 'nothing comes in either');
});

test('groups and stubs are no addresses, and there are only so many', () => {
  const lab = new Lab(2);
  lab.send(0, EVERYONE, 0xb, 1);
  lab.ports[0]?.send({ bytes: new Uint8Array(13) });
  assert.deepEqual([lab.lan.size, lab.heard], [0, [[], []]]);
  for (let source = 2; source < 5000; source += 2) lab.send(0, source, EVERYONE, 1);
  assert.equal(lab.lan.size, 1024);
});
