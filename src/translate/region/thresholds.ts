/** When a block is translated: after so many executions, a power of two. */
export interface Thresholds {
  /** In the interpreter. */
  readonly hot: number;
  /** By way of other regions, once it has one: then it becomes the entry of a larger one. */
  readonly busy: number;
}
