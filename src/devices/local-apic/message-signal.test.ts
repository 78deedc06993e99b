import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DELIVERY } from './interrupt-message.ts';
import { interruptOf } from './message-signal.ts';

test('an edge-triggered fixed interrupt for one APIC', () => {
  assert.deepEqual(interruptOf(0xfee0_3000n, 0x0041), {
    destination: 3,
    logical: false,
    delivery: DELIVERY.fixed,
    vector: 0x41,
    levelTriggered: false,
    assert: true,
  });
});

test('a redirected message to a logical destination, of lowest priority', () => {
  assert.deepEqual(interruptOf(0xfeef_f00cn, 0x0131), {
    destination: 0xff,
    logical: true,
    delivery: DELIVERY.lowestPriority,
    vector: 0x31,
    levelTriggered: false,
    assert: true,
  });
});

test('the destination mode counts without the redirection hint too', () => {
  assert.equal(interruptOf(0xfee0_1004n, 0x26)?.logical, true);
  assert.equal(interruptOf(0xfee0_1008n, 0x26)?.logical, false);
});

test('a level that is taken back asserts nothing', () => {
  assert.equal(interruptOf(0xfee0_0000n, 0x8041)?.assert, false);
  assert.equal(interruptOf(0xfee0_0000n, 0xc041)?.assert, true);
});

test('what is written elsewhere is no interrupt', () => {
  for (const address of [0n, 0xfed0_0000n, 0xfef0_0000n, 0x1_fee0_0000n])
    assert.equal(interruptOf(address, 0x41), undefined);
});
