/** Keeps a number of operations in flight, each beginning when another has ended. */

/** Operations per second. */
export async function perSecond(
  inFlight: number,
  durationMs: number,
  operation: () => Promise<unknown>,
): Promise<number> {
  const started = performance.now();
  let done = 0;
  const worker = async (): Promise<void> => {
    while (performance.now() - started < durationMs) {
      await operation();
      done += 1;
    }
  };
  await Promise.all(Array.from({ length: inFlight }, worker));
  return done / ((performance.now() - started) / 1_000);
}
