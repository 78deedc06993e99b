import assert from 'node:assert/strict';
import { test } from 'node:test';
import { appletNames } from './applets.ts';

const names = [
  '[',
  '[[',
  'cttyhack',
  'dd',
  'init',
  'ip',
  'mount',
  'poweroff',
  'reboot',
  'sh',
  'stty',
  'umount',
  'zcat',
];
const table = (entries: readonly string[]): string => `\0${entries.join('\0')}\0\0`;

test('the applets are read from the table in the executable', () => {
  const executable = Buffer.from(`\x7fELF text [ [[ ${table(names)} more text`, 'latin1');
  assert.deepEqual(appletNames(executable), names);
});

test('strings that only look like the start of the table are passed over', () => {
  const executable = Buffer.from(`\x7fELF${table(['[', '[[', 'usage'])}${table(names)}`, 'latin1');
  assert.deepEqual(appletNames(executable), names);
});

test('an executable without the applets that the scripts need is refused', () => {
  const lacking = names.filter((name) => name !== 'stty');
  assert.throws(() => appletNames(Buffer.from(`\x7fELF${table(lacking)}`, 'latin1')), /no table of its applets/);
  assert.throws(() => appletNames(Buffer.from('\0[\0[[\0', 'latin1')), /no table of its applets/);
});
