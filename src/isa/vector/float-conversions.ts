// Conversions between the two formats, and between them and integers in general, XMM and MMX registers; rounding to an
// integral value. SDM volume 2 "CVTSI2SD", "CVTPS2DQ", "CVTPI2PS", "ROUNDSD", …

import type { CoreRoutine } from '../core-routines.ts';
import type { Feature, Instruction } from '../instruction.ts';
import { floatInstruction, routine, routineWith, unary } from './float-forms.ts';

function fromGeneral(
  mnemonic: string,
  feature: Feature,
  form: string,
  narrow: CoreRoutine,
  wide: CoreRoutine,
): Instruction {
  return unary(mnemonic, feature, form, (m, value) => m.core(m.operandSize === 64 ? wide : narrow, value!));
}

/** A memory operand leaves the MMX state out of it (for CVTPI2PS the manual has it otherwise than AMD's processors). */
function fromMmx(mnemonic: string, feature: Feature, form: string, mmx: CoreRoutine, memory: CoreRoutine): Instruction {
  return floatInstruction(mnemonic, feature, form, (m, destination, source) =>
    m.write(destination, m.core(source.isMemory ? memory : mmx, m.read(source))),
  );
}

export const fromIntegers = [
  fromGeneral('cvtsi2ss', 'sse', 'f3 0f 2a /r Vd Ey', 'int32ToSingle', 'int64ToSingle'),
  fromGeneral('cvtsi2sd', 'sse2', 'f2 0f 2a /r Vq Ey', 'int32ToDouble', 'int64ToDouble'),
  unary('cvtdq2ps', 'sse2', 'np 0f 5b /r Vx Wx [aligned]', routine('int32sToSingles')),
  unary('cvtdq2pd', 'sse2', 'f3 0f e6 /r Vx Wq', routine('int32sToDoubles')),
  fromMmx('cvtpi2ps', 'sse', 'np 0f 2a /r Vq Qq', 'mmxToSingles', 'int32sToSinglePair'),
  fromMmx('cvtpi2pd', 'sse2', '66 0f 2a /r Vx Qq', 'mmxToDoubles', 'int32sToDoubles'),
];

/** A pair of instructions: by MXCSR.RC, and (with a T in the name) truncating. */
function toIntegers(
  name: string,
  feature: Feature,
  form: string,
  truncatingForm: string,
  core: CoreRoutine,
): Instruction[] {
  return [
    unary(`cvt${name}`, feature, form, routineWith(core, 0)),
    unary(`cvtt${name}`, feature, truncatingForm, routineWith(core, 1)),
  ];
}

/** Of MMX destinations: a pending x87 exception comes before any fault of the source. */
function toMmx(name: string, feature: Feature, source: string, prefix: string, core: CoreRoutine): Instruction[] {
  return ([0, 1] as const).map((truncate) =>
    floatInstruction(
      `${truncate ? 'cvtt' : 'cvt'}${name}`,
      feature,
      `${prefix} 0f ${truncate ? '2c' : '2d'} /r Pq ${source}`,
      (m, destination, operand) => {
        m.core('requireMmx');
        m.write(destination, m.core(core, m.read(operand), m.constant(truncate, 32)));
      },
    ),
  );
}

function toGeneral(
  name: string,
  feature: Feature,
  prefix: string,
  source: string,
  narrow: CoreRoutine,
  wide: CoreRoutine,
) {
  return ([0, 1] as const).map((truncate) =>
    unary(
      `${truncate ? 'cvtt' : 'cvt'}${name}`,
      feature,
      `${prefix} 0f ${truncate ? '2c' : '2d'} /r Gy ${source}`,
      (m, value) => m.core(m.operandSize === 64 ? wide : narrow, value!, m.constant(truncate, 32)),
    ),
  );
}

/** Of packed doubles: the two integers go to the low half, zeros above them. */
function doublesToVector(mnemonic: string, form: string, truncate: 0 | 1): Instruction {
  return unary(mnemonic, 'sse2', form, (m, value) =>
    m.zeroExtend(m.core('doublesToInt32s', value!, m.constant(truncate, 32)), 128),
  );
}

export const integers = [
  toGeneral('ss2si', 'sse', 'f3', 'Wd', 'singleToInt32', 'singleToInt64'),
  toGeneral('sd2si', 'sse2', 'f2', 'Wq', 'doubleToInt32', 'doubleToInt64'),
  toIntegers('ps2dq', 'sse2', '66 0f 5b /r Vx Wx [aligned]', 'f3 0f 5b /r Vx Wx [aligned]', 'singlesToInt32s'),
  doublesToVector('cvtpd2dq', 'f2 0f e6 /r Vx Wx [aligned]', 0),
  doublesToVector('cvttpd2dq', '66 0f e6 /r Vx Wx [aligned]', 1),
  toMmx('ps2pi', 'sse', 'Wq', 'np', 'singlesToMmx'),
  toMmx('pd2pi', 'sse2', 'Wx [aligned]', '66', 'doublesToMmx'),
].flat();

export const formats = [
  unary('cvtss2sd', 'sse2', 'f3 0f 5a /r Vq Wd', routine('singleToDouble')),
  unary('cvtsd2ss', 'sse2', 'f2 0f 5a /r Vd Wq', routine('doubleToSingle')),
  unary('cvtps2pd', 'sse2', 'np 0f 5a /r Vx Wq', routine('singlesToDoubles')),
  unary('cvtpd2ps', 'sse2', '66 0f 5a /r Vx Wx [aligned]', (m, value) =>
    m.zeroExtend(m.core('doublesToSingles', value!), 128),
  ),
];

function rounding(mnemonic: string, form: string, core: CoreRoutine): Instruction {
  return floatInstruction(mnemonic, 'sse4.1', form, (m, destination, source, immediate) => {
    const value = m.read(source);
    m.write(destination, m.core(core, value, m.zeroExtend(m.read(immediate), 32)));
  });
}

export const roundings = [
  rounding('roundps', '66 0f 3a 08 /r Vx Wx Ib [aligned]', 'roundPackedSingle'),
  rounding('roundpd', '66 0f 3a 09 /r Vx Wx Ib [aligned]', 'roundPackedDouble'),
  rounding('roundss', '66 0f 3a 0a /r Vd Wd Ib', 'roundScalarSingle'),
  rounding('roundsd', '66 0f 3a 0b /r Vq Wq Ib', 'roundScalarDouble'),
];
