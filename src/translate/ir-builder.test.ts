import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forms } from '../isa/catalog.ts';
import { variantsOf } from './handler-variant.ts';
import { IrBuilder } from './ir-builder.ts';
import type { Node } from './ir.ts';

/** Every node of a list, those inside `if` and `repeat` included. */
function* allNodes(nodes: readonly Node[]): Generator<Node> {
  for (const node of nodes) {
    yield node;
    const { operation } = node;
    if (operation.op === 'if') yield* allNodes([...operation.then, ...operation.otherwise]);
    if (operation.op === 'repeat') yield* allNodes(operation.body);
  }
}

test('every form has IR for each of its handlers', () => {
  for (const form of forms) {
    for (const variant of variantsOf(form)) {
      const describe = `${form.instruction.mnemonic}: ${form.text}, ${JSON.stringify({ ...variant, form: undefined })}`;
      assert.doesNotThrow(() => IrBuilder.build(variant), describe);
    }
  }
});

test('a handler that transfers control ends its block', () => {
  for (const form of forms) {
    if (form.attributes.has('transfers')) assert.ok(form.attributes.has('ends'), form.text);
    for (const variant of variantsOf(form)) {
      const jumps = [...allNodes(IrBuilder.build(variant))].some(({ operation }) => operation.op.startsWith('jump'));
      if (jumps) assert.ok(form.attributes.has('ends'), form.text);
    }
  }
});

test('memory is written only where a probe or a check came first, and state is not written before the last check', () => {
  const checks = new Set(['segmentAddress', 'probe', 'raise']);
  const writes = new Set(['writeRegister', 'adjustStack']);
  for (const form of forms) {
    if (form.attributes.has('rep') || form.attributes.has('repz')) continue;
    for (const variant of variantsOf(form)) {
      let written = false;
      for (const { operation } of allNodes(IrBuilder.build(variant))) {
        if (checks.has(operation.op))
          assert.ok(!written, `${form.instruction.mnemonic} ${form.text} may fault after it wrote`);
        written ||= writes.has(operation.op);
      }
    }
  }
});
