import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UserError } from '../base/errors.ts';
import { parseEgressRule } from './egress-rule.ts';

test('names, names below a name, addresses, blocks and the gateway', () => {
  assert.deepEqual(parseEgressRule('Example.com'), {
    kind: 'name',
    name: 'example.com',
    isSuffix: false,
    port: undefined,
  });
  assert.deepEqual(parseEgressRule('*.example.com:443'), {
    kind: 'name',
    name: 'example.com',
    isSuffix: true,
    port: 443,
  });
  assert.deepEqual(parseEgressRule('10.1.2.3/8:22'), {
    kind: 'block',
    block: { address: 0x0a00_0000, mask: 0xff00_0000 },
    port: 22,
  });
  for (const text of ['gateway', '127.0.0.1', '127.0.1.1', 'localhost', '10.0.2.2']) {
    assert.deepEqual(parseEgressRule(text), { kind: 'gateway', port: undefined }, text);
  }
});

test('what is none has its sentence', () => {
  const cases: [string, RegExp][] = [
    ['', /names no host/],
    ['*', /names no host/],
    ['*.*.com', /names no host/],
    ['exa mple', /names no host/],
    ['1.2.3.4.5', /names no host/],
    ['1.2.3.4/40', /names no host/],
    ['example.com/24', /names no host/],
    ['-x.test', /names no host/],
    [`${'a'.repeat(64)}.test`, /names no host/],
    ['example.com:', /no port from 1 to 65535/],
    ['example.com:0', /no port/],
    ['example.com:65536', /no port/],
    ['example.com:http', /no port/],
    ['::1', /IPv6/],
    ['[2001:db8::1]:80', /IPv6/],
  ];
  for (const [text, sentence] of cases) {
    assert.throws(
      () => parseEgressRule(text),
      (error) =>
        error instanceof UserError && sentence.test(error.message) && error.message.startsWith(`--allow ${text} `),
      text,
    );
  }
});
