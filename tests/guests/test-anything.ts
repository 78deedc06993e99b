/** One check that a guest reported. */
export interface Check {
  readonly number: number;
  readonly holds: boolean;
  readonly name: string;
  /** Why it was left out, if it was. */
  readonly skipped: string | undefined;
  /** What the guest said about it: the actual and the expected value. */
  readonly remarks: readonly string[];
}

export interface Report {
  readonly checks: readonly Check[];
  /** How many checks the guest says it made; undefined when it did not get to its end. */
  readonly planned: number | undefined;
  /** Lines that are none of the protocol, such as what firmware prints before the guest. */
  readonly others: readonly string[];
}

/** Reads what a guest prints: the Test Anything Protocol, version 12. */
export function readReport(output: string): Report {
  const checks: (Check & { remarks: string[] })[] = [];
  const others: string[] = [];
  let planned: number | undefined;
  for (const line of output.split(/\r?\n/)) {
    const result = /^(not )?ok (\d+) (.*?)(?: # SKIP (.*))?$/.exec(line);
    const plan = /^1\.\.(\d+)$/.exec(line);
    if (result !== null) {
      const [, not, number, name = '', skipped] = result;
      checks.push({ number: Number(number), holds: not === undefined, name, skipped, remarks: [] });
    } else if (plan !== null) planned = Number(plan[1]);
    else if (line.startsWith('#')) checks.at(-1)?.remarks.push(line);
    else if (line !== '') others.push(line);
  }
  return { checks, planned, others };
}
