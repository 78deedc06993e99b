import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hideDecorators, showDecorators } from './assembly-decorators.ts';

const source = `// @ts-ignore: decorator
@inline
export function low(value: u64): u32 {
  return <u32>value; // an @ in a comment
}

class Cursor {
  @external("env", "name")
  advance(): void {}
}
`;

test('decorators become comments and come back, and nothing else changes', () => {
  const hidden = hideDecorators(source);
  assert.equal(hidden.match(/^\s*@/gm), null);
  assert.equal(hidden.split('\n').length, source.split('\n').length);
  assert.match(hidden, /^\/\/@inline$/m);
  assert.match(hidden, /^\/\/ @ts-ignore: decorator$/m);
  assert.equal(showDecorators(hidden), source);
});
