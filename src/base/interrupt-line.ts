/**
 * One source that drives an interrupt line. Several sources may share a line, which is then high
 * while any of them holds it high. Setting the level it already has does nothing.
 */
export interface InterruptLine {
  setLevel(high: boolean): void;
}

/** Raises the line: an edge-triggered input sees a rising edge, a level-triggered one a request. */
export const raise = (line: InterruptLine): void => line.setLevel(true);

/** Lowers the line. */
export const lower = (line: InterruptLine): void => line.setLevel(false);

/** A rising edge and back: what an edge-triggered source with no status bit of its own sends. */
export const pulse = (line: InterruptLine): void => {
  line.setLevel(true);
  line.setLevel(false);
};
