// Telling the user what takes time. On a terminal one line that changes; elsewhere one line a step, so that a
// log stays readable.

/** Where progress is written; `process.stderr` is one. */
export interface ProgressOutput {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  write(text: string): unknown;
}

export class Progress {
  readonly #output: ProgressOutput;
  #line = '';
  #shown = '';

  constructor(output: ProgressOutput) {
    this.#output = output;
  }

  /** Begins a step, such as "downloading busybox-static". */
  step(line: string): void {
    this.#line = line;
    if (this.#output.isTTY) this.#show(line);
    else this.#output.write(`${line}\n`);
  }

  /** How far the step is, from 0 to 1. */
  fraction(done: number): void {
    if (!this.#output.isTTY) return;
    const width = 24;
    const filled = Math.round(Math.min(1, Math.max(0, done)) * width);
    const percent = String(Math.floor(done * 100)).padStart(3);
    this.#show(`${this.#line}  [${'#'.repeat(filled)}${'.'.repeat(width - filled)}] ${percent} %`);
  }

  /** Takes the line away: what follows on the terminal starts at its first column. */
  end(): void {
    if (this.#shown !== '') this.#output.write('\r\x1b[K');
    this.#shown = '';
  }

  #show(line: string): void {
    const visible = line.slice(0, Math.max(20, (this.#output.columns ?? 80) - 1));
    if (visible === this.#shown) return;
    this.#shown = visible;
    this.#output.write(`\r\x1b[K${visible}`);
  }
}
