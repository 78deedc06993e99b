// The interactive console of the images, on a pseudo-terminal, as somebody at a terminal uses it.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { before, test } from 'node:test';
import type { ImageName } from './images.ts';
import { imageObstacle, pullImage } from './images.ts';
import { Terminal, terminalObstacle } from './terminal.ts';

const skip = imageObstacle('debian', 'debian-i386') || terminalObstacle();
before(async () => {
  if (skip) return;
  await pullImage('debian');
  await pullImage('debian-i386');
});

/** `lodge run ARGUMENTS` between two lines that show the terminal's settings. */
const session = (parameters: string): Terminal =>
  new Terminal(
    `stty rows 37 cols 101; echo "[$(tty) $(stty -g)]"; ./lodge run ${parameters}; echo "[status $?]"; echo "[$(stty -g)]"`,
  );

/** Waits for the first line; gives the terminal's device and a function that waits for the end and checks it. */
async function begin(terminal: Terminal): Promise<{ device: string; end: (status: number) => Promise<void> }> {
  const [, device = '', settings] = await terminal.expect(/\[(\S+) (\S+)\]/);
  return {
    device,
    end: async (status) => {
      const [, got] = await terminal.expect(/\[status (\d+)\]/);
      const [, restored] = await terminal.expect(/\[(\S+)\]/);
      assert.equal(Number(got), status);
      assert.equal(restored, settings);
      await terminal.ended();
    },
  };
}

for (const [image, machine] of [
  ['debian', 'x86_64'],
  ['debian-i386', 'i686'],
] as const satisfies [ImageName, string][]) {
  test(
    `${image} gives a shell that takes commands, Ctrl-C and window sizes, and ends with poweroff`,
    { skip },
    async () => {
      const terminal = session(image);
      const { device, end } = await begin(terminal);
      await terminal.expect(/root@debian:~# /);
      terminal.type('echo "<$((6 * 7)) $(uname -m) $(stty size) $TERM>"\n');
      await terminal.expect(new RegExp(`\n<42 ${machine} 37 101 vt100>`));
      terminal.type('sh -c \'echo "<sleeping>"; exec sleep 1000\'\n');
      await terminal.expect(/\n<sleeping>/);
      terminal.type('\u0003');
      await terminal.expect(/root@debian:~# /);
      terminal.type('echo "<status $?>"\n');
      await terminal.expect(/\n<status 130>/);
      spawnSync('stty', ['-F', device, 'rows', '50', 'cols', '132']);
      terminal.type('while [ "$(stty size)" != "50 132" ]; do sleep 1; done; echo "<resized>"\n');
      await terminal.expect(/\n<resized>/);
      terminal.type('poweroff\n');
      await end(0);
    },
  );
}

test('Ctrl-A X ends the monitor, whatever the guest does', { skip }, async () => {
  const terminal = session('debian');
  const { end } = await begin(terminal);
  await terminal.expect(/Linux version/);
  terminal.type('\u0001x');
  await end(0);
});

test('a signal ends the monitor and restores the terminal', { skip }, async () => {
  const terminal = session('debian & sleep 3; kill -TERM $!; wait $!');
  const { end } = await begin(terminal);
  await end(143);
});
