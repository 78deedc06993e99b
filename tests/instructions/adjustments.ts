// What chance alone would rarely give: state that makes particular instructions do something.

import { RAX, RBP, RBX, RCX, RDI, RDX, RSI, RSP } from '../../src/isa/abstract-machine.ts';
import type { Form } from '../../src/isa/form.ts';
import type { Draft } from './generate-cases.ts';
import { dataSegment } from './oracle-operand.ts';
import { baseOf } from './place-memory.ts';
import { CODE, CODE_SIZE, DATA, DATA_SIZE, WINDOW, WINDOW_SIZE } from './state-image.ts';

const MIDDLE = WINDOW + WINDOW_SIZE / 2;

/** Puts `value` into the low `bits` bits of a register, leaving the others. */
function setLow(draft: Draft, register: number, bits: number, value: bigint): void {
  const { image } = draft;
  const kept = (image.register(register) >> BigInt(bits)) << BigInt(bits);
  image.setRegister(register, kept | BigInt.asUintN(bits, value));
}

/** Makes an address register point to a linear address through a segment. */
function point(draft: Draft, register: number, segment: number, linear: number): void {
  const { addressSize } = draft.decoder;
  const reaches = addressSize !== 16 || draft.variant.small;
  setLow(draft, register, reaches ? addressSize : 32, BigInt(linear) - baseOf(draft, segment));
}

/** An address of INT3 bytes that the instruction does not overlap. */
function jumpTarget({ random, image, variant }: Draft): bigint {
  for (;;) {
    const target = BigInt((variant.codeSize === 16 ? 0 : CODE) + 16 + random.below(CODE_SIZE - 32));
    if (target < image.rip - 16n || target > image.rip + 32n) return target;
  }
}

/** The number of the register that ModRM.rm names, or -1 for memory. */
const rmRegister = ({ decoder }: Draft): number => (decoder.memory ? -1 : decoder.rm);

type Adjustment = (draft: Draft) => void | false;

/** A relative target among the INT3 bytes. */
const nearTarget: Adjustment = (draft) => {
  const { encoding, decoder, random, variant } = draft;
  const pattern = variant.form.operands.find(({ place }) => place === 'J');
  const bytes = pattern?.width === 'bs' ? 1 : decoder.operandSize === 16 ? 2 : 4;
  const { length } = encoding.bytes;
  let distance;
  do {
    distance = bytes === 1 ? random.below(256) - 128 : random.below(0xe000) - 0x7000;
  } while (distance >= -length && distance < 0);
  for (let i = 0; i < bytes; i++) encoding.bytes[length - bytes + i] = (distance >> (8 * i)) & 0xff;
  redecode(draft);
};

function redecode({ decoder, encoding, variant }: Draft): void {
  decoder.decode(Uint8Array.from(encoding.bytes), 0, encoding.bytes.length, variant.codeSize, true);
}

const indirectTarget: Adjustment = (draft) => {
  const register = rmRegister(draft);
  if (register === RSP) return false;
  if (register >= 0) draft.image.setRegister(register, jumpTarget(draft));
};
const indirectTargetInMemory: Adjustment = (draft) => {
  if (draft.decoder.memory) draft.image.writeWindow(draft.address, 8, jumpTarget(draft));
};

/** Where the stack pointer points there is a code address. */
const returnAddress: Adjustment = (draft) => {
  const { image } = draft;
  image.writeWindow(
    Number(BigInt.asUintN(32, image.register(RSP))),
    draft.variant.codeSize === 64 ? 8 : 4,
    jumpTarget(draft),
  );
};

/** String instructions: source and destination in the window, near each other; small counts; often equal bytes. */
const strings: Adjustment = (draft) => {
  const { random, image, variant, decoder } = draft;
  const source = MIDDLE - 100 + random.below(200);
  const destination = random.oneIn(3) ? source + random.below(33) - 16 : MIDDLE - 100 + random.below(200);
  point(draft, RSI, dataSegment(decoder), source);
  point(draft, RDI, 0, destination);
  if (random.oneIn(2)) image.window.fill(random.below(256), 412, 412 + random.below(200));
  if (variant.repetition !== 'none')
    setLow(draft, RCX, decoder.addressSize, BigInt(random.oneIn(4) ? random.below(40) : random.below(7)));
  if (variant.form.operands.some(({ place }) => place === 'fixed') && random.oneIn(2)) {
    setLow(draft, RAX, 64, image.readWindow(destination, 8));
  }
};

/** Dividends whose quotients fit, mostly. */
const dividend: Adjustment = (draft) => {
  const { random, image, decoder } = draft;
  if (random.oneIn(4)) return;
  const bits = draft.variant.form.opcode === 0xf6 ? 8 : decoder.operandSize;
  if (bits === 8) {
    setLow(draft, RAX, 16, random.oneIn(2) ? random.bits(7) : BigInt(random.below(512) - 256));
    return;
  }
  const low = image.register(RAX);
  const isNegative = (low >> BigInt(bits - 1)) & 1n;
  setLow(draft, RDX, bits, random.oneIn(2) && isNegative ? -1n : random.bits(random.below(bits - 1)));
};

/** The comparand in the accumulator, half of the time. */
const comparand: Adjustment = (draft) => {
  const { random, image, decoder, variant, address } = draft;
  if (random.oneIn(2)) return;
  const bits = variant.form.opcode === 0xb0 ? 8 : decoder.operandSize;
  if (decoder.memory) {
    if (decoder.base !== RAX && decoder.index !== RAX) setLow(draft, RAX, bits, image.readWindow(address, bits / 8));
  } else setLow(draft, RAX, bits, image.register(decoder.rm));
};

const wideComparand: Adjustment = ({ random, image, address, decoder }) => {
  if (random.oneIn(2)) return;
  const half = decoder.entry.form.attributes.has('w1') ? 8 : 4;
  image.writeWindow(address, half, image.register(RAX));
  image.writeWindow(address + half, half, image.register(RDX));
};

/** Counts around the widths, in CL or the immediate byte. */
const shiftCount: Adjustment = (draft) => {
  const { random, encoding, variant } = draft;
  const count = random.oneIn(3)
    ? random.below(256)
    : random.pick([0, 1, 7, 8, 9, 15, 16, 17, 18, 31, 32, 33, 63, 64, random.below(32)]);
  const last = variant.form.operands.at(-1);
  if (last?.text === 'CL') setLow(draft, RCX, 8, BigInt(count));
  else if (last?.place === 'I') {
    encoding.bytes[encoding.bytes.length - 1] = count;
    redecode(draft);
  } else if (last?.place === 'B') setLow(draft, draft.decoder.vvvv, 8, BigInt(count));
};

/** A bit offset in a register that stays within the window. */
const bitOffset: Adjustment = (draft) => {
  const { decoder, random, variant } = draft;
  if (!decoder.memory || variant.form.operands[1]?.place !== 'G') return;
  if (decoder.reg === decoder.base || decoder.reg === decoder.index) return false;
  setLow(draft, decoder.reg, decoder.operandSize, BigInt(random.below(3000) - 1500));
};

const frame: Adjustment = (draft) => {
  const { random, variant } = draft;
  setLow(
    draft,
    RBP,
    variant.codeSize === 64 ? 64 : 32,
    BigInt(WINDOW + 512 + 8 * random.below(32) + (random.oneIn(8) ? random.below(8) : 0)),
  );
};

const storedFlags: Adjustment = ({ random, image }) => {
  // TF would trap natively and here at different instructions; all others are free.
  image.writeWindow(Number(BigInt.asUintN(32, image.register(RSP))), 8, random.bits(64) & ~0x100n);
};

const translation: Adjustment = (draft) => {
  const { random, decoder } = draft;
  point(draft, RBX, dataSegment(decoder), MIDDLE - 256 + random.below(256));
};

/** Where MASKMOVDQU and MASKMOVQ store. */
const maskedDestination: Adjustment = (draft) => {
  const { random, decoder, image } = draft;
  const address = random.oneIn(16) ? DATA + DATA_SIZE - random.below(20) : MIDDLE - 100 + random.below(200);
  point(draft, RDI, dataSegment(decoder), address);
  if (random.oneIn(8)) {
    image.setXmm(decoder.rm, 0n);
    image.setSt((decoder.rm - (image.fpuStatus >> 11)) & 7, 0n);
  }
};

/** Mostly few locals and shallow nesting. */
const nesting: Adjustment = (draft) => {
  const { random, encoding } = draft;
  frame(draft);
  const at = encoding.bytes.length - 3;
  if (!random.oneIn(8)) encoding.bytes.splice(at, 2, random.below(256), 0);
  if (random.oneIn(2)) encoding.bytes[at + 2] = random.below(4);
  redecode(draft);
};

const loopCount: Adjustment = (draft) => {
  if (draft.random.oneIn(3)) setLow(draft, RCX, draft.decoder.addressSize, BigInt(draft.random.below(3)));
};

/** Few reserved bits in what LDMXCSR loads. */
const controlWord: Adjustment = ({ random, image, address }) => {
  if (address) image.writeWindow(address, 4, BigInt(random.below(0x10000)) | (random.oneIn(16) ? 0x10000n : 0n));
};

const beforeMemory: Record<string, Adjustment> = {
  div: dividend,
  idiv: dividend,
  bt: bitOffset,
  bts: bitOffset,
  btr: bitOffset,
  btc: bitOffset,
  movs: strings,
  stos: strings,
  lods: strings,
  cmps: strings,
  scas: strings,
  ins: strings,
  outs: strings,
  enter: nesting,
  leave: frame,
  maskmovdqu: maskedDestination,
  maskmovq: maskedDestination,
  popf: storedFlags,
  xlat: translation,
  ret: returnAddress,
  loop: loopCount,
  loopz: loopCount,
  loopnz: loopCount,
  jcxz: loopCount,
  ...Object.fromEntries(
    ['rol', 'ror', 'rcl', 'rcr', 'shl', 'shr', 'sar', 'shld', 'shrd', 'shlx', 'shrx', 'sarx', 'rorx', 'bzhi'].map(
      (name) => [name, shiftCount],
    ),
  ),
};

const afterMemory: Record<string, Adjustment> = {
  cmpxchg: comparand,
  cmpxchg8b: wideComparand,
  cmpxchg16b: wideComparand,
  ldmxcsr: controlWord,
};

function isIndirectJump(form: Form): boolean {
  return form.opcode === 0xff && form.map === 0 && (form.modrm === 2 || form.modrm === 4);
}

/** Adjusts registers before the memory operand is placed, or memory after. False: give this draft up. */
export function adjust(draft: Draft, what: 'registers' | 'memory'): boolean {
  const { form } = draft.variant;
  const { mnemonic } = form.instruction;
  const table = what === 'registers' ? beforeMemory : afterMemory;
  const steps: (Adjustment | undefined)[] = [table[mnemonic]];
  if (what === 'registers' && form.operands.some(({ place }) => place === 'J')) steps.push(nearTarget);
  if (isIndirectJump(form)) steps.push(what === 'registers' ? indirectTarget : indirectTargetInMemory);
  return steps.every((step) => step?.(draft) !== false);
}
