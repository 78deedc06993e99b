import type { Event } from './event.ts';

/** A part of a picture, in pixels from its upper left corner. */
export interface Rectangle {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** In pixels, both at least 1. */
export interface DisplaySize {
  readonly width: number;
  readonly height: number;
}

/**
 * What a monitor plugged into a graphics adapter would show. Any number of viewers may look: the adapter draws what the guest
 * changed once, when one of them calls `refresh`, and each viewer asks what is new since the version that it saw last.
 */
export interface Display {
  readonly size: DisplaySize;
  /** Fires inside `refresh` when the guest has switched to another size; the whole picture is new then. */
  readonly onResize: Event<DisplaySize>;
  /** Draws what has changed since the last call, and returns the version of the picture, which counts up when it changes. */
  refresh(): number;
  /**
   * The picture as of the last `refresh`: rows from the top, pixels from the left, each the bytes red, green, blue and 255.
   * Changes in place with each `refresh`; another array after a resize.
   */
  readonly pixels: Uint8Array;
  /** Rectangles that do not overlap and hold all that changed after `version` was current. 0 gives the whole picture. */
  damageSince(version: number): readonly Rectangle[];
  /** What is written on the screen, a string a row, while the adapter is in a text mode. */
  text(): readonly string[] | undefined;
}
