// Reading a command line by a table of options.

import { UserError } from '../../base/errors.ts';
import type { Arguments, CommandSyntax } from './command.ts';
import { suggest } from './nearest-spelling.ts';
import type { Option, OptionTable, OptionValues } from './option-table.ts';

/** Whether help is asked for, which goes before any mistake in the rest. */
export function asksForHelp(args: readonly string[]): boolean {
  const end = args.indexOf('--');
  return args.slice(0, end < 0 ? args.length : end).some((arg) => arg === '--help' || arg === '-h');
}

function unknownOption(syntax: CommandSyntax, written: string): UserError {
  const known = Object.keys(syntax.options).map((name) => `--${name}`);
  const advice = suggest(written.replace(/^-(?!-)/, '--'), known, `${syntax.name} --help lists the options.`);
  return new UserError(`There is no option ${written} of ${syntax.name}; ${advice}`);
}

function parseValue(name: string, option: Option<unknown>, written: string): unknown {
  const value = option.parse(written);
  if (value !== undefined) return value;
  throw new UserError(`The option --${name} takes ${option.expects}, not "${written}".`);
}

/**
 * Reads the arguments of a command. `--name value` and `--name=value` are the same; of an option that is not repeatable
 * the last one counts. Throws a UserError.
 */
export function parseArguments<Table extends OptionTable>(
  syntax: CommandSyntax<Table>,
  args: readonly string[],
): Arguments<Table> {
  const values: Record<string, unknown> = {};
  for (const [name, option] of Object.entries<Option<unknown>>(syntax.options)) {
    if (option.repeatable) values[name] = [];
    else if (option.preset !== undefined) values[name] = option.parse(option.preset);
  }
  const find = (name: string): Option<unknown> | undefined =>
    Object.hasOwn(syntax.options, name) ? syntax.options[name] : undefined;
  const positional: string[] = [];
  let rest: readonly string[] | undefined;
  for (let index = 0; index < args.length; index++) {
    const arg = args[index] ?? '';
    if (arg === '--') {
      rest = args.slice(index + 1);
      break;
    }
    if (!arg.startsWith('-') || arg === '-') {
      positional.push(arg);
      continue;
    }
    const [, name = '', attached] = /^--([^=]*)(?:=([^]*))?$/.exec(arg) ?? [];
    const option = find(name);
    if (option === undefined) throw unknownOption(syntax, arg.replace(/=[^]*/, ''));
    let written = attached ?? '';
    if (option.placeholder === undefined) {
      if (attached !== undefined)
        throw new UserError(`The option --${name} takes no value, so leave out "=${attached}".`);
    } else if (attached === undefined) {
      const next = args[index + 1];
      if (next === undefined || next === '--' || (next.startsWith('--') && find(next.slice(2)) !== undefined)) {
        throw new UserError(`The option --${name} lacks its value; write --${name} ${option.placeholder}.`);
      }
      written = next;
      index++;
    }
    const value = parseValue(name, option, written);
    values[name] = option.repeatable ? [...(values[name] as unknown[]), value] : value;
  }
  const extra = positional[syntax.positionals];
  if (extra !== undefined) {
    const advice = syntax.takesRest
      ? 'write -- before a command and its arguments'
      : `${syntax.name} --help shows what to write`;
    throw new UserError(`The argument "${extra}" is one too many; ${advice}.`);
  }
  if (rest !== undefined && !syntax.takesRest)
    throw new UserError(`There is no use for -- in ${syntax.name}; leave it out.`);
  return { options: values as OptionValues<Table>, positional, rest };
}
