import assert from 'node:assert/strict';
import { test } from 'node:test';
import { explainAptFailure } from './apt-failure.ts';
import { parseVersions } from './package-tool.ts';

test('versions are read from the stanzas of apt-cache show, in their order', () => {
  const stanzas = `Package: linux-image-cloud-amd64
Source: linux-signed-amd64 (6.1.192+2)
Version: 6.1.192-2
Depends: linux-image-6.1.0-56-cloud-amd64 (= 6.1.192-2), other:any | third
Description: Linux for x86-64 cloud (meta-package)
 Version: 9 is not a field here.

Package: linux-image-cloud-amd64
Version: 6.1.176-1

Package: without-a-version
`;
  assert.deepEqual(parseVersions(stanzas), [
    {
      name: 'linux-image-cloud-amd64',
      version: '6.1.192-2',
      depends: ['linux-image-6.1.0-56-cloud-amd64', 'other'],
    },
    { name: 'linux-image-cloud-amd64', version: '6.1.176-1', depends: [] },
  ]);
});

test('what apt says becomes one sentence', () => {
  const cases: [string, RegExp][] = [
    [
      'E: Failed to fetch http://deb.example.org/x.deb  Could not connect to 127.0.0.1:9. - connect (111: Connection refused)',
      /^deb\.example\.org cannot be reached to download p=1; .*\.$/,
    ],
    ["W: Temporary failure resolving 'deb.example.org'", /^Debian's archive cannot be reached/],
    [
      'E: Write error - write (28: No space left on device)',
      /^The disk is full: there is no room to download p=1; .*\.$/,
    ],
    ["E: You don't have enough free space in /x/.", /^The disk is full/],
    ['W: one\nE: two of them\nE: three', /^The download of p=1 by apt-get failed \(two of them\); .*\.$/],
    ['', /^The download of p=1 by apt-get failed; .*\.$/],
  ];
  for (const [stderr, sentence] of cases) {
    const explained = explainAptFailure('p=1', stderr);
    assert.match(explained, sentence);
    assert.doesNotMatch(explained, /\n/);
  }
});
