import type { ByteReader } from './byte-reader.ts';
import { operators } from './operators.ts';
import type { ImmediateKind, OperatorName } from './operators.ts';
import { typeText } from './value-type.ts';

/** How the text names what an instruction refers to by index. */
export interface Naming {
  function(index: number): string;
}

const byOpcode = new Map<number, OperatorName>();
for (const name of Object.keys(operators) as OperatorName[]) byOpcode.set(operators[name][0], name);

/** Reads one instruction and returns its name and its immediates in the text format. */
export function readInstruction(reader: ByteReader, naming: Naming): { name: OperatorName; text: string } {
  const start = reader.position;
  const first = reader.byte();
  const opcode = first === 0xfc || first === 0xfd ? (first << 12) | reader.unsigned() : first;
  const name = byOpcode.get(opcode);
  if (name === undefined) {
    throw new RangeError(`The byte at ${start} starts no operator in operators.ts: opcode 0x${opcode.toString(16)}.`);
  }
  const immediates = immediatesText(reader, operators[name][1], naming);
  return { name, text: immediates === '' ? name : `${name} ${immediates}` };
}

/** Reads a constant expression up to and with its `end`; the text leaves the `end` out. */
export function readConstant(reader: ByteReader, naming: Naming): string {
  const words: string[] = [];
  for (;;) {
    const { name, text } = readInstruction(reader, naming);
    if (name === 'end') return words.map((word) => `(${word})`).join(' ');
    words.push(text);
  }
}

function immediatesText(reader: ByteReader, kind: ImmediateKind, naming: Naming): string {
  switch (kind) {
    case 'none':
      return '';
    case 'memoryIndex':
    case 'memoryPair':
      reader.bytes(kind === 'memoryPair' ? 2 : 1);
      return '';
    case 'i32':
    case 'i64':
      return String(reader.signed());
    case 'f32':
      return floatText(reader.float32());
    case 'f64':
      return floatText(reader.float64());
    case 'v128':
      return `i8x16 ${[...reader.bytes(16)].map((byte) => `0x${byte.toString(16).padStart(2, '0')}`).join(' ')}`;
    case 'shuffle':
      return [...reader.bytes(16)].join(' ');
    case 'lane':
      return String(reader.byte());
    case 'block':
      return blockTypeText(reader.signed());
    case 'labels':
      return [...reader.vector(() => reader.unsigned()), reader.unsigned()].join(' ');
    case 'indirect': {
      const type = reader.unsigned();
      return `${reader.unsigned()} (type ${type})`;
    }
    case 'reference':
      return typeText(reader.byte()).replace('ref', '');
    case 'function':
      return naming.function(reader.unsigned());
    case 'label':
    case 'local':
    case 'global':
    case 'table':
      return String(reader.unsigned());
    default:
      return memoryText(reader, kind);
  }
}

function memoryText(reader: ByteReader, kind: `memory${number}` | `memoryLane${number}`): string {
  const alignLog2 = reader.unsigned();
  const offset = reader.unsigned();
  const words: string[] = [];
  if (offset !== 0) words.push(`offset=${offset}`);
  if (alignLog2 !== Number(kind.at(-1))) words.push(`align=${1 << alignLog2}`);
  if (kind.startsWith('memoryLane')) words.push(String(reader.byte()));
  return words.join(' ');
}

/** A block type is one signed number: a type's byte where it is negative, else the index of a function type. */
function blockTypeText(type: bigint): string {
  if (type >= 0n) return `(type ${type})`;
  const byte = Number(type & 0x7fn);
  return byte === 0x40 ? '' : `(result ${typeText(byte)})`;
}

function floatText(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value < 0 ? '-inf' : 'inf';
  return Object.is(value, -0) ? '-0' : String(value);
}
