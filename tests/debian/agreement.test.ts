// Tools and programs give the same in a guest as on the host, whose processor runs them natively.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Host, PROGRAMS } from './host.ts';
import { busyboxOf, imageObstacle, pullImage, repository } from './images.ts';
import { lodgeRun } from './lodge.ts';

const LARGE = 16 * 2 ** 20;

/** What `check.sh` printed, by section. */
function sections(text: string): Map<string, string> {
  return new Map(
    text
      .split(/^== /m)
      .slice(1)
      .map((part) => {
        const end = part.indexOf('\n');
        return [part.slice(0, end), part.slice(end + 1)];
      }),
  );
}

for (const image of ['debian', 'debian-i386'] as const) {
  const skip = imageObstacle(image);
  test(`busybox and C programs give the same in ${image} as on the host`, { skip }, async (context) => {
    await pullImage(image);
    const busybox = busyboxOf(image);
    const host = new Host(busybox);
    context.after(() => host.dispose());
    if (!host.works) return context.skip("the host's processor does not run the image's programs");
    const programs = host.compile(PROGRAMS.filter(({ bits }) => image === 'debian' || bits === 32));
    context.diagnostic(`programs: ${programs.join(' ') || 'none, for want of a C compiler'}`);
    copyFileSync(join(repository, 'tests/debian/check.sh'), join(host.directory, 'check.sh'));

    const archive = host.archive(['check.sh', ...programs]);
    const guest = await lodgeRun(
      [
        image,
        '--',
        'sh',
        '-c',
        'mkdir /tmp/check && cd /tmp/check && tar x && exec sh check.sh "$@"',
        'sh',
        ...programs,
      ],
      archive,
    );
    assert.equal(guest.status, 0, guest.stderr);
    const native = host.run(['sh', 'check.sh', ...programs]);
    assert.equal(native.status, 0);

    const got = sections(guest.stdout.toString('latin1'));
    const expected = sections(native.stdout.toString('latin1'));
    assert.ok(expected.has('end') && expected.size > 8);
    for (const [name, text] of expected) {
      await context.test(name, () => {
        // The guest's processor need not have an extension that the host lacks, and the other way round.
        const lacking = new Set(
          [...`${text}${got.get(name)}`.matchAll(/^(\S+) unsupported$/gm)].map(([, what]) => what),
        );
        const lines = (all = ''): string[] => all.split('\n').filter((line) => !lacking.has(line.split(' ')[0]));
        assert.deepEqual(lines(got.get(name)), lines(text));
      });
    }
    const large = Buffer.concat(Array.from({ length: 9 }, () => busybox)).subarray(0, LARGE);
    assert.ok(got.get('16 MiB')?.startsWith(`${createHash('sha256').update(large).digest('hex')}  -\n`));
  });
}
