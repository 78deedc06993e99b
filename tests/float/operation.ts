/** What an operation's operands are, so that interesting ones can be made. */
export type OperandKind = 'f32' | 'f64' | 'f80' | 'i32' | 'i64' | 'decimal' | 'none';

/** One operation of the differential test: how the processor does it, and how the core does. */
export interface Operation {
  readonly name: string;
  /** MXCSR or the x87 control word. */
  readonly control: 'sse' | 'x87';
  readonly a: OperandKind;
  readonly b: OperandKind;
  /** A statement over the macros of native.c. */
  readonly native: string;
  /** A statement over the harness of build.ts. */
  readonly core: string;
  /** Condition bits that the manual defines for it and that are compared. */
  readonly conditions?: number;
  /** Needs the host to have AVX. */
  readonly avx?: true;
  /** Units in the last place by which two right answers may differ; absent: none, and flags count. */
  readonly tolerance?: number;
}
