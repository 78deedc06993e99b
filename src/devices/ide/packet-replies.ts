// What an optical drive answers about itself and its medium (MMC-5, SPC-3). `frames` counts the frames of the medium, of 2048 bytes.

import type { DriveState } from './ide-state.ts';
import type { DriveNames } from './identify.ts';
import { be16, big, FRAME, MEDIUM_EVENT, SENSE_KEY } from './packet-commands.ts';

/** More frames than a CD of 80 minutes has: it is a DVD. */
const MOST_CD_FRAMES = 80 * 60 * 75;
const PROFILE = { none: 0x0000, cd: 0x0008, dvd: 0x0010 } as const;
const LEAD_OUT = 0xaa;
const FRAMES_A_SECOND = 75;
/** Where the first frame is by its time: after two seconds. */
const FIRST_FRAME = 150;

const text = (value: string, length: number): number[] =>
  Array.from(value.slice(0, length).padEnd(length), (character) => character.charCodeAt(0) & 0x7f);

export function senseData(key: number, code: number): Uint8Array {
  const data = new Uint8Array(18);
  data[0] = 0x70;
  data[2] = key;
  data[7] = 10;
  data[12] = code >>> 8;
  data[13] = code & 0xff;
  return data;
}

export const inquiry = ({ model, firmware }: DriveNames): Uint8Array =>
  Uint8Array.of(5, 0x80, 0, 0x21, 31, 0, 0, 0, ...text('LODGE', 8), ...text(model, 16), ...text(firmware, 4));

export const capacity = (frames: number): Uint8Array => Uint8Array.of(...big(frames - 1, 4), ...big(FRAME, 4));

/** An address as four bytes: a frame number, or minute, second and frame. */
function address(frame: number, isTime: boolean): number[] {
  if (!isTime) return big(frame, 4);
  const at = frame + FIRST_FRAME;
  const seconds = Math.floor(at / FRAMES_A_SECOND);
  return [0, Math.min(255, Math.floor(seconds / 60)), seconds % 60, at % FRAMES_A_SECOND];
}

/** The table of contents of a disc with one data track, or undefined if there is none in the format that is asked for. */
export function tableOfContents(packet: Uint8Array, frames: number): Uint8Array | undefined {
  const isTime = ((packet[1] ?? 0) & 2) !== 0;
  // Older software has the format in the last byte.
  const format = (packet[2] ?? 0) & 0x0f || (packet[9] ?? 0) >>> 6;
  const first = packet[6] ?? 0;
  const lead = address(frames, isTime);
  if (format === 0) {
    if (first > 1 && first !== LEAD_OUT) return undefined;
    const track = first <= 1 ? [0, 0x14, 1, 0, ...address(0, isTime)] : [];
    const entries = [...track, 0, 0x16, LEAD_OUT, 0, ...lead];
    return Uint8Array.of(...big(entries.length + 2, 2), 1, 1, ...entries);
  }
  if (format === 1) return Uint8Array.of(...big(10, 2), 1, 1, 0, 0x14, 1, 0, ...address(0, isTime));
  if (format !== 2) return undefined;
  // First track, last track, lead-out, and the track, as they are in the lead-in.
  const times = (frame: number): number[] => address(frame, true);
  const points = [
    [0xa0, 0, 1, 0, 0],
    [0xa1, 0, 1, 0, 0],
    [0xa2, ...times(frames)],
    [1, ...times(0)],
  ];
  const entries = points.flatMap((point) => [1, 0x14, 0, point[0] ?? 0, 0, 0, 0, ...point.slice(1)]);
  return Uint8Array.of(...big(entries.length + 2, 2), 1, 1, ...entries);
}

/** The features of the drive from the one that is asked for (MMC-5, 5.3). */
export function configuration(packet: Uint8Array, frames: number | undefined): Uint8Array {
  const request = (packet[1] ?? 0) & 3;
  const first = be16(packet, 2);
  let profile: number = PROFILE.none;
  if (frames !== undefined) profile = frames > MOST_CD_FRAMES ? PROFILE.dvd : PROFILE.cd;
  const profiles = [PROFILE.dvd, PROFILE.cd].flatMap((number) => [...big(number, 2), number === profile ? 1 : 0, 0]);
  const features = [
    { code: 0x0000, isCurrent: true, flags: 0x03, data: profiles },
    { code: 0x0001, isCurrent: true, flags: 0x0b, data: [...big(2, 4), 0x01, 0, 0, 0] },
    { code: 0x0002, isCurrent: true, flags: 0x07, data: [0x02, 0, 0, 0] },
    { code: 0x0003, isCurrent: true, flags: 0x03, data: [0x29, 0, 0, 0] },
    { code: 0x0010, isCurrent: frames !== undefined, flags: 0x00, data: [...big(FRAME, 4), ...big(1, 2), 0, 0] },
    { code: 0x001e, isCurrent: profile === PROFILE.cd, flags: 0x08, data: [0, 0, 0, 0] },
    { code: 0x001f, isCurrent: profile === PROFILE.dvd, flags: 0x00, data: [] },
  ];
  const told = features.filter(({ code, isCurrent }) =>
    request === 2 ? code === first : code >= first && (request === 0 || isCurrent),
  );
  const bytes = told.flatMap(({ code, isCurrent, flags, data }) => [
    ...big(code, 2),
    flags | (isCurrent ? 1 : 0),
    data.length,
    ...data,
  ]);
  return Uint8Array.of(...big(bytes.length + 4, 4), 0, 0, ...big(profile, 2), ...bytes);
}

/** Tells an event of the medium once; undefined if events are to be signalled, which this drive does not. */
export function eventStatus(packet: Uint8Array, state: DriveState, hasMedium: boolean): Uint8Array | undefined {
  if (((packet[1] ?? 0) & 1) === 0) return undefined;
  const isAsked = ((packet[4] ?? 0) & 0x10) !== 0;
  if (!isAsked) return Uint8Array.of(0, 2, 0x80, 0x10);
  const event = state.mediumEvent;
  state.mediumEvent = MEDIUM_EVENT.none;
  return Uint8Array.of(0, 6, 0x04, 0x10, event, (state.isOpen ? 1 : 0) | (hasMedium ? 2 : 0), 0, 0);
}

/** Pages of parameters (MMC-5, 7); undefined if there is no such one. */
export function modeSense(packet: Uint8Array, state: DriveState, hasMedium: boolean): Uint8Array | undefined {
  const control = (packet[2] ?? 0) >>> 6;
  const wanted = (packet[2] ?? 0) & 0x3f;
  // Nothing can be changed, and nothing is kept.
  if (control === 3) return undefined;
  const isMask = control === 1;
  const pages = [
    { code: 0x01, data: [0, 5, 0, 0, 0, 0, 0, 0, 0, 0] },
    { code: 0x0e, data: [0x04, 0, 0, 0, 0, 75, 1, 0xff, 2, 0xff, 0, 0, 0, 0] },
    { code: 0x1a, data: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0] },
    {
      code: 0x2a,
      // Reads CD-R, CD-RW, DVD-ROM; a tray that can be locked and ejects by command; 16 times the speed of a CD.
      data: [
        0x0b,
        0,
        0x60,
        0x60,
        0x29 | (state.isLocked ? 2 : 0),
        0,
        ...big(2822, 2),
        0,
        2,
        ...big(512, 2),
        ...big(2822, 2),
        0,
        0,
        0,
        0,
      ],
    },
  ].filter(({ code }) => wanted === 0x3f || wanted === code);
  if (pages.length === 0) return undefined;
  const bytes = pages.flatMap(({ code, data }) => [code, data.length, ...(isMask ? data.map(() => 0) : data)]);
  const medium = hasMedium ? 0x01 : 0x70;
  return Uint8Array.of(...big(bytes.length + 6, 2), medium, 0, 0, 0, 0, 0, ...bytes);
}

/** A finished disc with one session and one track. */
export const discInformation = (): Uint8Array => {
  const data = new Uint8Array(34);
  data.set([0, 32, 0x0e, 1, 1, 1, 1, 0x20, 0]);
  data.fill(0xff, 16, 24);
  return data;
};

export function trackInformation(frames: number): Uint8Array {
  const data = new Uint8Array(36);
  data.set([0, 34, 1, 1, 0, 0x04, 0x01, 0]);
  data.set(big(frames, 4), 24);
  return data;
}

export const mechanismStatus = (state: DriveState): Uint8Array =>
  Uint8Array.of(0, state.isOpen ? 0x10 : 0, 0, 0, 0, 1, 0, 0);

/** The status of a drive before it tells why: an error in the error register. */
export const errorOf = (key: number): number => (key << 4) | (key === SENSE_KEY.illegalRequest ? 0x04 : 0);
