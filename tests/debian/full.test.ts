// A whole Debian on a disk: systemd, a login, ssh, apt, the agent.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Machine } from '../../src/library/index.ts';
import type { MachineOptions } from '../../src/library/index.ts';
import { diskImageObstacle, imageFiles, pullImage } from './images.ts';
import { lodgeRun } from './lodge.ts';
import { Terminal, terminalObstacle } from './terminal.ts';

const skip = diskImageObstacle();
const directory = mkdtempSync(join(tmpdir(), 'lodge-full-'));
before(() => (skip ? undefined : pullImage('debian-full')));
after(() => rmSync(directory, { recursive: true }));

/** The image with a disk that forgets, so that tests leave it as it is. */
function machine(options: Partial<MachineOptions>): Machine {
  const { file, append } = imageFiles('debian-full');
  return new Machine({
    kernel: file('kernel'),
    initrd: file('initrd'),
    append,
    memory: '1G',
    disks: [`${file('disk')},format=raw,snapshot`],
    agent: true,
    ...options,
  });
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Serves an archive with one package, as `apt` reads it. */
async function serveArchive(): Promise<{ port: number; close: () => void }> {
  const root = join(directory, 'package');
  mkdirSync(join(root, 'DEBIAN'), { recursive: true });
  mkdirSync(join(root, 'usr/bin'), { recursive: true });
  writeFileSync(join(root, 'usr/bin/greet'), '#!/bin/sh\necho greetings from the host\n');
  chmodSync(join(root, 'usr/bin/greet'), 0o755);
  const control = 'Package: greet\nVersion: 1\nArchitecture: all\nMaintainer: nobody\nDescription: greets\n';
  writeFileSync(join(root, 'DEBIAN/control'), control);
  const file = join(directory, 'greet.deb');
  assert.equal(spawnSync('dpkg-deb', ['--build', '--root-owner-group', root, file]).status, 0);
  const content = readFileSync(file);
  const sum = createHash('sha256').update(content).digest('hex');
  const index = `${control}Filename: ./greet.deb\nSize: ${content.length}\nSHA256: ${sum}\n`;
  const server = createHttpServer((request, response) => {
    const answer = request.url === '/./Packages' ? index : request.url === '/./greet.deb' ? content : undefined;
    response.writeHead(answer === undefined ? 404 : 200).end(answer);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { port: (server.address() as AddressInfo).port, close: () => server.close() };
}

test('commands, files, a compiler, ssh and apt', { skip }, async () => {
  const archive = await serveArchive();
  const sshPort = await freePort();
  const guest = machine({ network: 'user', publish: [`${sshPort}:22`] });
  await guest.start();
  const said = async (...command: string[]): Promise<string> => {
    const { status, stdout, stderr } = await guest.exec(command);
    assert.equal(status, 0, `${command.join(' ')}: ${stderr.toString()}`);
    return stdout.toString().trim();
  };
  assert.match(await said('uname', '-sm'), /^Linux x86_64$/);

  writeFileSync(join(directory, 'sum.c'), '#include <stdio.h>\nint main(void) { printf("%d\\n", 6 * 7); return 0; }\n');
  await guest.copyIn(join(directory, 'sum.c'), '/root/work/sum.c');
  await said('gcc', '-O2', '-o', '/root/work/sum', '/root/work/sum.c');
  assert.equal(await said('/root/work/sum'), '42');
  assert.equal(await said('python3', '-c', 'print(2 ** 100)'), String(2n ** 100n));
  await guest.copyOut('/root/work', join(directory, 'work'));
  assert.equal(readFileSync(join(directory, 'work/sum')).subarray(1, 4).toString(), 'ELF');

  const list = `deb [trusted=yes] http://10.0.2.2:${archive.port} ./\n`;
  await guest.exec(['tee', '/etc/apt/sources.list'], { input: list });
  await said('apt-get', 'update');
  await said('apt-get', 'install', '-y', 'greet');
  assert.equal(await said('greet'), 'greetings from the host');
  archive.close();

  assert.equal(await said('systemctl', 'is-system-running', '--wait'), 'running');
  if (spawnSync('ssh', ['-V']).error === undefined) {
    const key = join(directory, 'key');
    copyFileSync(imageFiles('debian-full').file('key'), key);
    chmodSync(key, 0o600);
    const options = [
      'StrictHostKeyChecking=no',
      'UserKnownHostsFile=/dev/null',
      'LogLevel=ERROR',
      'IdentitiesOnly=yes',
    ];
    const args = ['-p', String(sshPort), '-i', key, ...options.flatMap((option) => ['-o', option]), 'root@127.0.0.1'];
    const ssh = spawn('ssh', [...args, 'hostname; cat'], { stdio: ['pipe', 'pipe', 'inherit'] });
    ssh.stdin.end('by ssh');
    let text = '';
    ssh.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
    const [status] = await new Promise<[number | null]>((resolve) => ssh.on('close', (code) => resolve([code])));
    assert.deepEqual([status, text], [0, 'lodge\nby ssh']);
  }
  guest.stop();
  await guest.ended;
});

test(
  'a login on the console, and what is written survives a restart',
  { skip: skip || terminalObstacle() },
  async () => {
    const terminal = new Terminal('./lodge run debian-full --snapshot --memory 1G --timeout 300s; echo "[status $?]"');
    const logIn = async (): Promise<void> => {
      await terminal.expect(/lodge login: /);
      terminal.type('root\n');
      await terminal.expect(/root@lodge:~# /);
    };
    await logIn();
    terminal.type('echo kept >file; reboot\n');
    await logIn();
    terminal.type('cat file; poweroff\n');
    await terminal.expect(/kept/);
    await terminal.expect(/\[status 0\]/);
  },
);

test('a command after -- has its streams and its status', { skip }, async () => {
  const script = 'cat; echo error >&2; exit 9';
  const { status, stdout, stderr } = await lodgeRun(['debian-full', '--snapshot', '--', 'sh', '-c', script], 'input');
  assert.deepEqual([status, stdout.toString(), stderr], [9, 'input', 'error\n']);
});
