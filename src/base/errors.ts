/**
 * Something the user asked for cannot be done. The message is one sentence that carries the
 * offending values and says what to do next; a front end prints it as it is and exits with `status`.
 */
export class UserError extends Error {
  override readonly name = 'UserError';
  readonly status: number;

  constructor(message: string, options: { readonly status?: number; readonly cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.status = options.status ?? 2;
  }
}

/** Lodge itself is composed wrongly, such as two devices that claim one port. Never caused by a guest. */
export class CompositionError extends Error {
  override readonly name = 'CompositionError';
}

/** A saved state that does not fit its schema. */
export class StateError extends Error {
  override readonly name = 'StateError';
}
