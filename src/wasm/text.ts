import { ByteReader } from './byte-reader.ts';
import { readConstant, readInstruction } from './instruction-text.ts';
import type { Naming } from './instruction-text.ts';
import { ModuleReader } from './module-reader.ts';
import type { Declaration, FunctionDeclaration, FunctionType } from './module-reader.ts';
import { typeText } from './value-type.ts';

/**
 * The text format of a whole binary module, for debugging dumps. Functions are named from the name section.
 * Data segments are left out: a comment gives their size.
 * @throws RangeError where the bytes are no module, or use an operator that `operators.ts` lacks
 */
export function printModule(bytes: Uint8Array): string {
  const outline = new ModuleReader(bytes);
  const naming = namesOf(outline);
  const lines = ['(module'];
  for (const [index, type] of outline.types.entries()) lines.push(`  (type (;${index};) (func${signatureText(type)}))`);
  lines.push(...importLines(outline, naming));
  for (const { index, text, from } of outline.tables) if (!from) lines.push(`  (table (;${index};) ${text})`);
  for (const { index, text, from } of outline.memories) if (!from) lines.push(`  (memory (;${index};) ${text})`);
  for (const [position, { index, text }] of outline.globals.filter(({ from }) => !from).entries()) {
    const value = readConstant(new ByteReader(bytes, outline.globalValues[position]), naming);
    lines.push(`  (global (;${index};) ${text} ${value})`);
  }
  for (const { name, kind, index } of outline.exports) {
    lines.push(`  (export ${quote(name)} (${kind} ${kind === 'func' ? naming.function(index) : index}))`);
  }
  lines.push(...elementLines(outline, naming));
  for (const declaration of outline.functions) {
    if (declaration.body) lines.push(...functionLines(outline, declaration, naming).map(({ text }) => `  ${text}`));
  }
  const data = outline.sections.get(11);
  if (data) lines.push(`  (; data segments: ${data.end - data.start} bytes ;)`);
  return `${lines.join('\n')}\n)\n`;
}

/**
 * The text format of one function of a binary module.
 * @param index the function's index, imports counted
 * @throws RangeError where there is no such function, or as `printModule` does
 */
export function printFunction(bytes: Uint8Array, index: number): string {
  return `${readFunction(bytes, index)
    .map(({ text }) => text)
    .join('\n')}\n`;
}

/** A line of a function's text. */
export interface FunctionLine {
  /** Where its instruction starts, in bytes from the function's first one; -1 in front of that. */
  readonly offset: number;
  readonly text: string;
}

/** As `printFunction`, but line by line. */
export function readFunction(bytes: Uint8Array, index: number): readonly FunctionLine[] {
  const outline = new ModuleReader(bytes);
  const declaration = outline.functions[index];
  if (!declaration?.body) throw new RangeError(`The module has no function ${index} with a body.`);
  return functionLines(outline, declaration, namesOf(outline));
}

function namesOf(outline: ModuleReader): Naming {
  return {
    function: (index) => {
      const name = outline.functionNames.get(index);
      return name === undefined ? String(index) : `$${name.replace(/[^\w!#$%&'*+\-./:<=>?@\\^`|~]/g, '_')}`;
    },
  };
}

/** A function's name where it is defined or imported: without one, its index can only be a comment there. */
function definedName(outline: ModuleReader, index: number, naming: Naming): string {
  return outline.functionNames.has(index) ? naming.function(index) : `(;${index};)`;
}

function importLines(outline: ModuleReader, naming: Naming): string[] {
  const line = ([module, field]: readonly [string, string], text: string): string =>
    `  (import ${quote(module)} ${quote(field)} (${text}))`;
  const of = (kind: string, declarations: readonly Declaration[]): string[] =>
    declarations.flatMap(({ index, text, from }) => (from ? [line(from, `${kind} (;${index};) ${text}`)] : []));
  return [
    ...outline.functions.flatMap(({ index, type, from }) =>
      from ? [line(from, `func ${definedName(outline, index, naming)} (type ${type})`)] : [],
    ),
    ...of('table', outline.tables),
    ...of('memory', outline.memories),
    ...of('global', outline.globals),
  ];
}

/** The segments this folder writes: active ones of functions, and declared ones (core specification 5.5.12). */
function elementLines(outline: ModuleReader, naming: Naming): string[] {
  const section = outline.sections.get(9);
  if (!section) return [];
  const reader = new ByteReader(outline.bytes, section.start, section.end);
  const functions = (): string => reader.vector(() => naming.function(reader.unsigned())).join(' ');
  const lines: string[] = [];
  for (let left = reader.unsigned(); left > 0; left--) {
    const flags = reader.unsigned();
    if (flags > 3) return [...lines, `  (; element segment of kind ${flags}, and ${left - 1} more ;)`];
    const table = flags === 2 ? `(table ${reader.unsigned()}) ` : '';
    const offset = flags & 1 ? '' : `${readConstant(reader, naming)} `;
    if (flags !== 0) reader.byte();
    const word = flags === 3 ? 'declare func ' : flags === 0 ? '' : 'func ';
    lines.push(`  (elem ${table}${offset}${word}${functions()})`);
  }
  return lines;
}

function functionLines(outline: ModuleReader, declaration: FunctionDeclaration, naming: Naming): FunctionLine[] {
  const { index, type, body } = declaration;
  const reader = new ByteReader(outline.bytes, body!.start, body!.end);
  const name = definedName(outline, index, naming);
  const lines = [{ offset: -1, text: `(func ${name} (type ${type})${signatureText(outline.types[type])}` }];
  const locals = reader.vector(() => ({ count: reader.unsigned(), type: typeText(reader.byte()) }));
  const words = locals.flatMap(({ count, type: word }) => Array.from({ length: count }, () => word));
  if (words.length > 0) lines.push({ offset: -1, text: `  (local ${words.join(' ')})` });
  const start = reader.position;
  let depth = 1;
  while (reader.position < reader.end) {
    const offset = reader.position - start;
    const instruction = readInstruction(reader, naming);
    const closes = instruction.name === 'end' || instruction.name === 'else';
    if (closes) depth--;
    if (depth > 0) lines.push({ offset, text: `${'  '.repeat(depth)}${instruction.text}` });
    const opens = ['block', 'loop', 'if', 'else'].includes(instruction.name);
    if (opens) depth++;
  }
  lines.push({ offset: reader.position - start, text: ')' });
  return lines;
}

function signatureText(type: FunctionType | undefined): string {
  const group = (word: string, types: readonly string[] = []): string =>
    types.length > 0 ? ` (${word} ${types.join(' ')})` : '';
  return group('param', type?.parameters) + group('result', type?.results);
}

/** A string of the text format: what is not printable ASCII is escaped as its UTF-8 bytes. */
function quote(text: string): string {
  const bytes = new TextEncoder().encode(text);
  const escape = (byte: number): string =>
    byte < 0x20 || byte > 0x7e || byte === 0x22 || byte === 0x5c
      ? `\\${byte.toString(16).padStart(2, '0')}`
      : String.fromCharCode(byte);
  return `"${Array.from(bytes, escape).join('')}"`;
}
