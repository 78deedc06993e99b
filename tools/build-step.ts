import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';

/** Something built from files by a program of its own. */
export interface BuildStep {
  /** What the progress line says is going on, such as `generating the interpreter`. */
  readonly doing: string;
  /** The file that is built. */
  readonly output: string;
  /** What it is built from: files, and folders with all that is in them. */
  readonly inputs: readonly string[];
  /** Leaves out files of the folders among `inputs`. */
  readonly ignore?: (path: string) => boolean;
  /** The arguments of Node.js that build it. */
  readonly command: readonly string[];
}

/**
 * Runs a step unless its output is there and was built from the very same contents.
 * @param root the folder that the step's paths are relative to
 * @returns whether the step had to run
 * @throws Error with what the program printed, when it fails or leaves no output
 */
export function runStep(root: string, step: BuildStep, report: (line: string) => void): boolean {
  const output = join(root, step.output);
  const stamp = `${output}.stamp`;
  const contents = hashInputs(root, step);
  if (existsSync(output) && existsSync(stamp) && readFileSync(stamp, 'utf8') === contents) return false;
  report(step.doing);
  rmSync(stamp, { force: true });
  rmSync(output, { force: true });
  const { status, stdout, stderr } = spawnSync(process.execPath, step.command, { cwd: root, encoding: 'utf8' });
  if (status !== 0 || !existsSync(output)) {
    rmSync(output, { force: true });
    throw new Error(`${stdout}${stderr}\n${step.doing} failed: ${step.command[0]} did not make ${step.output}.`);
  }
  writeFileSync(stamp, contents);
  return true;
}

/** A hash over the step's command, and the names and contents of everything that it is built from. */
function hashInputs(root: string, step: BuildStep): string {
  const hash = createHash('sha256').update(JSON.stringify(step.command));
  for (const input of step.inputs) {
    for (const path of filesIn(join(root, input))) {
      const name = relative(root, path);
      if (step.ignore?.(name)) continue;
      const bytes = readFileSync(path);
      hash.update(`\n${name} ${bytes.length}\n`).update(bytes);
    }
  }
  return hash.digest('hex');
}

/** All files in a folder, sorted by path; a file's own path for a file. */
export function filesIn(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path, { recursive: true, encoding: 'utf8' })
    .map((name) => join(path, name))
    .filter((file) => statSync(file).isFile())
    .sort();
}
