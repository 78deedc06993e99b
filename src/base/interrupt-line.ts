/**
 * One source that drives an interrupt line. Several sources may share a line, which is then high
 * while any of them holds it high. Setting the level it already has does nothing.
 */
export interface InterruptLine {
  setLevel(high: boolean): void;
}
