import { ByteReader } from './byte-reader.ts';
import { readConstant } from './instruction-text.ts';
import { typeText } from './value-type.ts';

/** A function type, its types in the words of the text format. */
export interface FunctionType {
  readonly parameters: readonly string[];
  readonly results: readonly string[];
}

/** What an import or definition is, other than a function: in the words of the text format, such as `memory 1 2`. */
export interface Declaration {
  readonly index: number;
  readonly text: string;
  /** Module and field it is imported from. */
  readonly from?: readonly [string, string];
}

export interface FunctionDeclaration {
  readonly index: number;
  readonly type: number;
  readonly from?: readonly [string, string];
  /** Where its locals and instructions are in the binary. */
  body?: { readonly start: number; readonly end: number };
}

/** The outline of a binary module: everything but the instructions, which are printed straight from the bytes. */
export class ModuleReader {
  readonly bytes: Uint8Array;
  readonly types: FunctionType[] = [];
  readonly functions: FunctionDeclaration[] = [];
  readonly tables: Declaration[] = [];
  readonly memories: Declaration[] = [];
  readonly globals: Declaration[] = [];
  readonly exports: { readonly name: string; readonly kind: string; readonly index: number }[] = [];
  readonly functionNames = new Map<number, string>();
  /** Where the constant expression of each global of the module itself starts, in order. */
  readonly globalValues: number[] = [];
  /** Where the element section's and the data section's contents are, when there are any. */
  readonly sections = new Map<number, { readonly start: number; readonly end: number }>();

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    const reader = new ByteReader(bytes);
    const magic = reader.bytes(8).join();
    if (magic !== '0,97,115,109,1,0,0,0') throw new RangeError('These bytes are no WebAssembly module of version 1.');
    while (reader.position < reader.end) {
      const id = reader.byte();
      const size = reader.unsigned();
      const start = reader.position;
      reader.bytes(size);
      this.sections.set(id, { start, end: start + size });
      this.#section(id, new ByteReader(bytes, start, start + size));
    }
  }

  #section(id: number, reader: ByteReader): void {
    if (id === 0) this.#custom(reader);
    else if (id === 1) reader.vector(() => this.types.push(functionType(reader)));
    else if (id === 2) reader.vector(() => this.#import(reader));
    else if (id === 3) reader.vector(() => this.#function(reader.unsigned()));
    else if (id === 4) reader.vector(() => declare(this.tables, tableText(reader)));
    else if (id === 5) reader.vector(() => declare(this.memories, limitsText(reader)));
    else if (id === 6) reader.vector(() => this.#global(reader));
    else if (id === 7) reader.vector(() => this.#export(reader));
    else if (id === 10) this.#code(reader);
  }

  #custom(reader: ByteReader): void {
    if (reader.name() !== 'name') return;
    while (reader.position < reader.end) {
      const id = reader.byte();
      const next = reader.unsigned() + reader.position;
      if (id === 1) reader.vector(() => this.functionNames.set(reader.unsigned(), reader.name()));
      reader.position = next;
    }
  }

  #import(reader: ByteReader): void {
    const from = [reader.name(), reader.name()] as const;
    const kind = reader.byte();
    if (kind === 0) this.#function(reader.unsigned(), from);
    else if (kind === 1) declare(this.tables, tableText(reader), from);
    else if (kind === 2) declare(this.memories, limitsText(reader), from);
    else if (kind === 3) declare(this.globals, globalText(reader), from);
    else throw new RangeError(`Import ${from.join('.')} is of the unknown kind ${kind}.`);
  }

  #function(type: number, from?: readonly [string, string]): void {
    const index = this.functions.length;
    this.functions.push(from === undefined ? { index, type } : { index, type, from });
  }

  #global(reader: ByteReader): void {
    declare(this.globals, globalText(reader));
    this.globalValues.push(reader.position);
    readConstant(reader, { function: String });
  }

  #export(reader: ByteReader): void {
    const name = reader.name();
    const kind = ['func', 'table', 'memory', 'global'][reader.byte()] ?? 'unknown';
    this.exports.push({ name, kind, index: reader.unsigned() });
  }

  #code(reader: ByteReader): void {
    const own = this.functions.filter(({ from }) => from === undefined);
    for (const declaration of own.slice(0, reader.unsigned())) {
      const size = reader.unsigned();
      declaration.body = { start: reader.position, end: reader.position + size };
      reader.bytes(size);
    }
  }
}

function functionType(reader: ByteReader): FunctionType {
  reader.byte();
  const types = (): string[] => reader.vector(() => typeText(reader.byte()));
  return { parameters: types(), results: types() };
}

function limitsText(reader: ByteReader): string {
  const flags = reader.byte();
  const initial = reader.unsigned();
  const maximum = flags & 1 ? ` ${reader.unsigned()}` : '';
  return `${initial}${maximum}${flags & 2 ? ' shared' : ''}`;
}

function tableText(reader: ByteReader): string {
  const type = typeText(reader.byte());
  return `${limitsText(reader)} ${type}`;
}

function globalText(reader: ByteReader): string {
  const type = typeText(reader.byte());
  return reader.byte() === 1 ? `(mut ${type})` : type;
}

function declare(list: Declaration[], text: string, from?: readonly [string, string]): void {
  const index = list.length;
  list.push(from === undefined ? { index, text } : { index, text, from });
}
