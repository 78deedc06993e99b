/** Waits for all, so that none is under way any more when one has failed; then fails as the first of them did. */
export async function settleAll(parts: readonly Promise<unknown>[]): Promise<void> {
  if (parts.length === 1) return void (await parts[0]);
  for (const result of await Promise.allSettled(parts)) if (result.status === 'rejected') throw result.reason;
}
