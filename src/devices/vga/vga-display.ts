import type { Display, DisplaySize, Rectangle } from '../../base/display.ts';
import { Emitter } from '../../base/event.ts';
import { Surface } from '../../base/surface.ts';
import { characterOf } from './code-page-437.ts';
import { pixelColours } from './colour-registers.ts';
import { crtTiming, framePeriod } from './crt-timing.ts';
import { drawGraphics, drawPlanes } from './draw-graphics.ts';
import { drawLinear } from './draw-linear.ts';
import { blinkPhase, drawText } from './draw-text.ts';
import type { BlinkPhase } from './draw-text.ts';
import { countShift, planeAddress, scanLine, scanOut } from './scan-out.ts';
import type { ScanLine, ScanOut } from './scan-out.ts';
import { isVbe, vbePitch } from './vbe.ts';
import { ATTRIBUTE, SEQUENCER } from './vga-state.ts';
import type { VgaState } from './vga-state.ts';
import type { VideoMemory } from './video-memory.ts';

const BLACK = 0xff00_0000;
/** What a screen is before anything was set up. */
const FIRST_SIZE: DisplaySize = { width: 720, height: 400 };

/** The picture of a VGA. Draws scan lines whose memory was written, and all of them when a register changed. */
export class VgaDisplay implements Display {
  readonly #memory: VideoMemory;
  readonly #state: () => VgaState;
  readonly #now: () => number;
  readonly #resized = new Emitter<DisplaySize>();
  readonly onResize = this.#resized.event;
  #surface = new Surface(FIRST_SIZE, 1);
  #isStale = true;
  #phase: BlinkPhase = { cursor: true, characters: true };
  #row = new Uint32Array(0);
  #dots = new Uint8Array(0);

  /** `now` is the domain's time in nanoseconds, which blinking follows. */
  constructor(memory: VideoMemory, state: () => VgaState, now: () => number) {
    this.#memory = memory;
    this.#state = state;
    this.#now = now;
  }

  get size(): DisplaySize {
    return this.#surface.size;
  }

  get pixels(): Uint8Array {
    return this.#surface.bytes;
  }

  damageSince(version: number): readonly Rectangle[] {
    return this.#surface.damageSince(version);
  }

  /** A register that the picture depends on was written. */
  invalidate(): void {
    this.#isStale = true;
  }

  refresh(): number {
    const state = this.#state();
    const geometry = scanOut(state);
    const isText = !isVbe(state) && geometry.format === 'text' && isShown(state);
    if (isText) this.#followBlinking(state);
    if (this.#isStale || this.#memory.isDirty) {
      const all = this.#isStale || (isText && this.#memory.isFontDirty);
      this.#isStale = false;
      if (isVbe(state)) this.#drawExtended(state, all);
      else if (isShown(state)) this.#drawStandard(state, geometry, all);
      else this.#drawBlank();
      this.#memory.clearDirty();
    }
    return this.#surface.commit();
  }

  text(): readonly string[] | undefined {
    const state = this.#state();
    const geometry = scanOut(state);
    if (isVbe(state) || !isShown(state) || geometry.format !== 'text') return undefined;
    const rows: string[] = [];
    for (let y = 0; y < geometry.height; y += geometry.rowHeight) {
      const { counter, rowScan } = scanLine(state, geometry, y);
      const cells = Array.from({ length: geometry.columns }, (_, column) => {
        const address = planeAddress(state, (counter + column) & 0xffff, rowScan);
        return characterOf((this.#memory.words[address] as number) & 0xff);
      });
      rows.push(cells.join(''));
    }
    return rows;
  }

  #followBlinking(state: VgaState): void {
    const phase = blinkPhase(Math.floor(this.#now() / framePeriod(crtTiming(state))));
    if (phase.cursor !== this.#phase.cursor || phase.characters !== this.#phase.characters) this.#isStale = true;
    this.#phase = phase;
  }

  #drawBlank(): void {
    const { width, height } = this.size;
    const row = new Uint32Array(width).fill(BLACK);
    for (let y = 0; y < height; y += 1) this.#surface.setRow(y, row);
  }

  #drawStandard(state: VgaState, geometry: ScanOut, all: boolean): void {
    const isNew = this.#resize(geometry.width, geometry.height);
    const colours = geometry.format === '256' ? pixelColours(state) : paletteColours(state);
    const { stretch } = geometry;
    const perColumn = geometry.format === '256' ? 4 : geometry.dots;
    if (this.#dots.length < (geometry.columns + 1) * perColumn) this.#dots = new Uint8Array(8192);
    let last: ScanLine | undefined;
    for (let y = 0; y < geometry.height; y += 1) {
      const line = scanLine(state, geometry, y);
      if (!all && !isNew && !this.#wasWritten(state, geometry, line)) continue;
      // Lines that are shown twice are drawn once.
      if (last?.counter !== line.counter || last.rowScan !== line.rowScan || last.panning !== line.panning) {
        if (geometry.format === 'text') drawText(state, this.#memory.words, geometry, line, this.#phase, this.#dots);
        else drawGraphics(state, this.#memory.words, geometry, line, this.#dots);
        this.#colour(colours, line.panning, stretch);
      }
      last = line;
      this.#surface.setRow(y, this.#row);
    }
  }

  /** Colour numbers to pixels, each `stretch` times. */
  #colour(colours: Uint32Array, panning: number, stretch: number): void {
    const row = this.#row;
    const dots = this.#dots;
    if (stretch === 1) for (let x = 0; x < row.length; x += 1) row[x] = colours[dots[panning + x] as number] as number;
    else {
      for (let x = 0; x < row.length; x += stretch) {
        row.fill(colours[dots[panning + x / stretch] as number] as number, x, x + stretch);
      }
    }
  }

  /** Whether what a line shows was written. Errs to the true where addresses wrap around. */
  #wasWritten(state: VgaState, geometry: ScanOut, line: ScanLine): boolean {
    const columns = geometry.columns >> countShift(state);
    const first = planeAddress(state, line.counter, line.rowScan);
    const end = planeAddress(state, (line.counter + columns) & 0xffff, line.rowScan);
    return end < first || end - first > columns * 4 || this.#memory.wasWritten(first * 4, (end - first + 1) * 4);
  }

  #drawExtended(state: VgaState, all: boolean): void {
    const { vbeWidth: width, vbeHeight: height, vbeDepth: depth } = state;
    const isNew = this.#resize(width, height);
    const pitch = vbePitch(state);
    const isPlanar = depth === 4;
    const colours = isPlanar ? paletteColours(state) : pixelColours(state);
    const bytes = (depth + 7) >> 3;
    if (this.#dots.length < width) this.#dots = new Uint8Array(width);
    for (let y = 0; y < height; y += 1) {
      const start = (state.vbeOffsetY + y) * pitch + (isPlanar ? state.vbeOffsetX >> 3 : state.vbeOffsetX * bytes);
      const [at, length] = isPlanar ? [start * 4, width / 2] : [start, width * bytes];
      if (!all && !isNew && !this.#memory.wasWritten(at, length)) continue;
      if (isPlanar) {
        drawPlanes(this.#memory.words, start, width >> 3, this.#dots);
        this.#colour(colours, 0, 1);
      } else drawLinear(this.#memory.bytes, start, depth, colours, this.#row);
      this.#surface.setRow(y, this.#row);
    }
  }

  /** Goes over to another size, if it is one. */
  #resize(width: number, height: number): boolean {
    if (this.#row.length !== width) this.#row = new Uint32Array(width);
    if (this.size.width === width && this.size.height === height) return false;
    this.#surface = new Surface({ width, height }, this.#surface.commit() + 1);
    this.#resized.fire(this.size);
    return true;
  }
}

/** Whether the sequencer runs, the screen is not switched off, and the attribute controller has the palette. */
const isShown = (state: VgaState): boolean =>
  ((state.sequencer[SEQUENCER.reset] as number) & 3) === 3 &&
  ((state.sequencer[SEQUENCER.clocking] as number) & 0x20) === 0 &&
  (state.attributeIndex & 0x20) !== 0;

/** The sixteen colours of the attribute controller as pixels: its palette, then the colour registers. */
const paletteColours = (state: VgaState): Uint32Array => {
  const colours = pixelColours(state);
  const attribute = (index: number): number => state.attribute[index] as number;
  const select = attribute(ATTRIBUTE.colourSelect);
  return Uint32Array.from({ length: 16 }, (_, number) => {
    let index = attribute(number & attribute(ATTRIBUTE.planeEnable)) & 0x3f;
    if ((attribute(ATTRIBUTE.mode) & 0x80) !== 0) index = (index & 0x0f) | ((select & 3) << 4);
    return colours[index | ((select & 0x0c) << 4)] as number;
  });
};
