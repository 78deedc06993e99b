import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UserError } from '../../base/errors.ts';
import { helpText } from './help.ts';
import { nearestSpelling } from './nearest-spelling.ts';
import { choice, duration, flag, repeatable, size, text, withPreset } from './option-table.ts';
import { asksForHelp, parseArguments } from './parse.ts';
import { parseDuration, parseSize } from '../../base/quantities.ts';

const syntax = {
  name: 'lodge try',
  summary: 'Tries things.',
  usage: ['NAME [OPTION]…'],
  options: {
    file: text('FILE', 'a file'),
    memory: withPreset(size('how much'), '512M'),
    limit: duration('how long'),
    clock: choice(['host', 'instructions'], 'which clock'),
    add: repeatable(text('NAME', 'one more')),
    loud: flag('say more'),
  },
  positionals: 1,
  takesRest: true,
};

const message = (args: readonly string[], with_: typeof syntax | object = {}): string => {
  try {
    parseArguments({ ...syntax, ...with_ }, args);
  } catch (error) {
    assert.ok(error instanceof UserError);
    assert.equal(error.status, 2);
    return error.message;
  }
  return '';
};

test('options, positional arguments and what follows -- are told apart', () => {
  const { options, positional, rest } = parseArguments(syntax, [
    '--memory',
    '2G',
    'debian',
    '--file=a=b',
    '--add',
    '-x',
    '--add=',
    '--loud',
    '--',
    '--memory',
    '--',
    '',
  ]);
  assert.deepEqual(options, {
    file: 'a=b',
    memory: 2 * 2 ** 30,
    add: ['-x', ''],
    loud: true,
  });
  assert.deepEqual(positional, ['debian']);
  assert.deepEqual(rest, ['--memory', '--', '']);
});

test('without arguments there are the presets', () => {
  assert.deepEqual(parseArguments(syntax, []), {
    options: { memory: 512 * 2 ** 20, add: [] },
    positional: [],
    rest: undefined,
  });
});

test('each mistake has its sentence', () => {
  assert.equal(message(['--memroy', '1G']), 'There is no option --memroy of lodge try; did you mean --memory?');
  assert.equal(message(['-memory']), 'There is no option -memory of lodge try; did you mean --memory?');
  assert.equal(message(['--zzz=1']), 'There is no option --zzz of lodge try; lodge try --help lists the options.');
  assert.equal(
    message(['--toString']),
    'There is no option --toString of lodge try; lodge try --help lists the options.',
  );
  assert.equal(message(['--file']), 'The option --file lacks its value; write --file FILE.');
  assert.equal(message(['--file', '--memory', '1G']), 'The option --file lacks its value; write --file FILE.');
  assert.equal(message(['--file', '--']), 'The option --file lacks its value; write --file FILE.');
  assert.equal(message(['--loud=yes']), 'The option --loud takes no value, so leave out "=yes".');
  assert.equal(
    message(['--memory', '512']),
    'The option --memory takes a size with its unit, such as 512M or 2G, not "512".',
  );
  assert.equal(message(['--limit', 'soon']), 'The option --limit takes a time, such as 500ms, 60s or 5m, not "soon".');
  assert.equal(message(['--clock', 'sun']), 'The option --clock takes one of host, instructions, not "sun".');
  assert.equal(message(['a', 'b']), 'The argument "b" is one too many; write -- before a command and its arguments.');
  assert.equal(message(['--'], { takesRest: false }), 'There is no use for -- in lodge try; leave it out.');
});

test('sizes and durations', () => {
  for (const [written, bytes] of Object.entries({
    '1K': 1024,
    '512M': 2 ** 29,
    '2g': 2 ** 31,
    '1.5GiB': 1.5 * 2 ** 30,
    '1T': 2 ** 40,
  })) {
    assert.equal(parseSize(written), bytes, written);
  }
  for (const wrong of ['', '0M', '12', 'M', '-1M', '1e3M', '1 M', '512MM', `${'9'.repeat(30)}T`]) {
    assert.equal(parseSize(wrong), undefined, wrong);
  }
  for (const [written, milliseconds] of Object.entries({
    '500ms': 500,
    '60s': 60_000,
    '5m': 300_000,
    '2h': 7_200_000,
    '1.5': 1500,
  })) {
    assert.equal(parseDuration(written), milliseconds, written);
  }
  for (const wrong of ['', '0s', 's', '-1s', '1d', '1 s', `${'9'.repeat(400)}h`]) {
    assert.equal(parseDuration(wrong), undefined, wrong);
  }
});

test('the nearest spelling is near', () => {
  const known = ['run', 'image', 'disasm', '--memory'];
  assert.equal(nearestSpelling('rnu', known), 'run');
  assert.equal(nearestSpelling('Image', known), 'image');
  assert.equal(nearestSpelling('imagse', known), 'image');
  assert.equal(nearestSpelling('--mem', known), '--memory');
  assert.equal(nearestSpelling('qqq', known), undefined);
  assert.equal(nearestSpelling('start', known), undefined);
});

test('help is asked for before -- only, and names every option', () => {
  assert.ok(asksForHelp(['x', '--help']));
  assert.ok(asksForHelp(['-h']));
  assert.ok(!asksForHelp(['x', '--', '--help']));
  const help = helpText(syntax);
  for (const part of [
    'Usage: lodge try NAME',
    '--file FILE',
    '512M unless given',
    'may be repeated',
    '--loud ',
    '--help',
  ]) {
    assert.ok(help.includes(part), part);
  }
  for (const line of help.split('\n')) assert.ok(line.length <= 100, line);
});
