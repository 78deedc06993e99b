// The agent itself, as it is in the image, run on this host at the other end of a socket.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { buffer, text } from 'node:stream/consumers';
import { projectDirectory } from '../../host/node/project-directory.ts';
import { copyIn, copyOut } from './copy.ts';
import { GuestAgent } from './guest-agent.ts';
import type { GuestCommandOptions } from './guest-agent.ts';

const skip = spawnSync('python3', ['--version']).error ? 'there is no python3 here to run the agent' : false;

let agent: GuestAgent;
let child: ChildProcess;
let directory: string;

/** Starts the agent, as a guest does that has booted. */
function boot(): void {
  child = spawn('python3', [join(projectDirectory(), 'images/debian-full/agent'), '3'], {
    stdio: ['ignore', 'inherit', 'inherit', 'pipe'],
  });
  const socket = child.stdio[3] as Socket;
  const backend = agent.backend();
  socket.on('data', (bytes: Buffer) => backend.write(new Uint8Array(bytes)));
  socket.on('error', () => {});
  backend.connect({
    room: 65_536,
    receive: (bytes) => {
      socket.write(Buffer.from(bytes));
      return bytes.length;
    },
    onRoom: () => {},
    receiveBreak: () => {},
  });
}

beforeEach(() => {
  agent = new GuestAgent();
  directory = mkdtempSync(join(tmpdir(), 'lodge-agent-'));
});
afterEach(() => {
  child?.kill('SIGKILL');
  rmSync(directory, { recursive: true });
});

async function run(command: readonly string[], input?: Uint8Array | string, options: GuestCommandOptions = {}) {
  const process = agent.spawn(command, { directory, ...options });
  process.stdin.end(input);
  const [status, stdout, stderr] = await Promise.all([process.exited, buffer(process.stdout), text(process.stderr)]);
  return { status, stdout, stderr };
}

test('a command that was asked for before the agent was there runs when it is', { skip }, async () => {
  const result = run(['sh', '-c', 'cat; echo "$0 $WORD" >&2; pwd; exit 7', 'two words'], 'in', {
    environment: { WORD: 'naïve' },
  });
  boot();
  const { status, stdout, stderr } = await result;
  assert.deepEqual([status, stdout.toString(), stderr], [7, `in${directory}\n`, 'two words naïve\n']);
});

test('megabytes go both ways, whatever is between', { skip }, async () => {
  boot();
  const input = randomBytes(3_000_000);
  const [echo, other] = await Promise.all([run(['cat'], input), run(['sh', '-c', 'head -c 2000000 /dev/zero'])]);
  assert.ok(echo.stdout.equals(input));
  assert.deepEqual([echo.status, other.status, other.stdout.length], [0, 0, 2_000_000]);
});

test('a reader that does not read holds the command back, and the others go on', { skip }, async () => {
  boot();
  const slow = agent.spawn(['sh', '-c', 'yes | head -c 5000000; echo end >&2']);
  let ended = false;
  slow.stderr.on('data', () => (ended = true));
  assert.equal((await run(['seq', '100000'])).stdout.length, 588_895);
  assert.equal(ended, false);
  assert.equal((await buffer(slow.stdout)).length, 5_000_000);
  assert.equal(await slow.exited, 0);
});

test('signals, missing programs, and what is left in the background', { skip }, async () => {
  boot();
  const sleeper = agent.spawn(['sh', '-c', 'echo ready; sleep 1000']);
  await new Promise((resolve) => sleeper.stdout.once('data', resolve));
  sleeper.kill(9);
  assert.equal(await sleeper.exited, 137);
  await assert.rejects(run(['no-such-program']), /The command cannot be started: No such file or directory\./);
  const { status, stdout } = await run(['sh', '-c', 'sleep 5 & echo started']);
  assert.deepEqual([status, stdout.toString()], [0, 'started\n']);
  // Nobody reads what is written.
  const closed = await run(['true'], randomBytes(1_000_000));
  assert.equal(closed.status, 0);
});

test('commands under way fail when the guest restarts, and the next run in the new one', { skip }, async () => {
  boot();
  const lost = run(['sleep', '1000']);
  await run(['true']);
  child.kill('SIGKILL');
  boot();
  await assert.rejects(lost, /The guest has restarted before the command had ended\./);
  assert.equal((await run(['true'])).status, 0);
  const last = run(['sleep', '1000']);
  agent.end();
  await assert.rejects(last, /The machine has ended\./);
  await assert.rejects(run(['true']), /The machine has ended\./);
});

test('files and directories are copied in and out with what belongs to them', { skip }, async () => {
  boot();
  const source = join(directory, 'source');
  mkdirSync(join(source, 'inner'), { recursive: true });
  const content = randomBytes(700_000);
  writeFileSync(join(source, 'inner/@file'), content);
  chmodSync(join(source, 'inner/@file'), 0o750);
  symlinkSync('inner/@file', join(source, 'link'));
  const [there, back] = [join(directory, 'a/b/there'), join(directory, 'back')];
  await copyIn(agent, source, there);
  await copyOut(agent, there, back);
  assert.ok(readFileSync(join(back, 'inner/@file')).equals(content));
  assert.equal(statSync(join(back, 'inner/@file')).mode & 0o777, 0o750);
  assert.equal(readlinkSync(join(back, 'link')), 'inner/@file');
  const file = join(directory, 'a/one');
  await copyIn(agent, join(source, 'inner/@file'), file);
  await copyOut(agent, file, join(directory, 'two'));
  assert.ok(readFileSync(join(directory, 'two')).equals(content));
});

test('what cannot be copied is told in a sentence', { skip }, async () => {
  boot();
  const absent = join(directory, 'absent');
  await assert.rejects(copyIn(agent, absent, '/x'), { name: 'UserError', message: /^There is no .*absent to copy/ });
  await assert.rejects(copyOut(agent, absent, join(directory, 'x')), {
    name: 'UserError',
    message: /could not be copied out of the guest: tar: .*absent/,
  });
  await assert.rejects(copyIn(agent, directory, 'relative'), { name: 'UserError', message: /is no absolute path/ });
  writeFileSync(join(directory, 'file'), '');
  await assert.rejects(copyIn(agent, directory, join(directory, 'file/below')), {
    name: 'UserError',
    message: /could not be copied to .*below in the guest: /,
  });
});

test('an archive of a hostile guest is not unpacked outside of its directory', { skip }, async () => {
  boot();
  // In the place of the guest's tar: one that sends a link out of the archive, and a file through it.
  const outside = join(directory, 'outside');
  mkdirSync(outside);
  mkdirSync(join(directory, 'evil'));
  symlinkSync(outside, join(directory, 'evil/name'));
  spawnSync('tar', ['-c', '-f', join(directory, '1.tar'), '-C', join(directory, 'evil'), 'name']);
  rmSync(join(directory, 'evil/name'));
  mkdirSync(join(directory, 'evil/name'));
  writeFileSync(join(directory, 'evil/name/file'), 'x');
  spawnSync('tar', ['-r', '-f', join(directory, '1.tar'), '-C', join(directory, 'evil'), 'name/file']);
  const hostile = { spawn: () => agent.spawn(['cat', join(directory, '1.tar')]) };
  await copyOut(hostile, '/root/name', join(directory, 'got')).catch(() => {});
  assert.throws(() => readFileSync(join(outside, 'file')), { code: 'ENOENT' });
});
