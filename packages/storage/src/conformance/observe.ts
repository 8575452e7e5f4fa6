/**
 * How the suites look at results: codes for errors, text for bytes, so that a failure reads well
 * under any test runner.
 */

/**
 * The code of a `StorageError`, or a sentence about what was thrown instead. By name and code, not
 * by class: two copies of this package in one program are no breach of a rule.
 */
export function codeOf(error: unknown): string {
  if (error instanceof Error && error.name === 'StorageError' && 'code' in error) {
    return String(error.code);
  }
  return `not a StorageError: ${String(error)}`;
}

/** What `run` throws, or `undefined`. */
export function thrownBy(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  return undefined;
}

/** The code of what `run` throws. */
export function thrownCode(run: () => unknown): string {
  let outcome = 'nothing was thrown';
  try {
    run();
  } catch (error) {
    outcome = codeOf(error);
  }
  return outcome;
}

/** The code of what the promise of `start` rejects with; a throw is told apart. */
export async function rejectedCode(start: () => Promise<unknown>): Promise<string> {
  let promise: Promise<unknown>;
  try {
    promise = start();
  } catch (error) {
    return `thrown, not rejected: ${codeOf(error)}`;
  }
  return promise.then(() => 'it resolved', codeOf);
}

/** A promise that is awaited later: if the test fails before, its rejection is not news. */
export function later<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}

/** Bytes as hexadecimal text, shortened in the middle; `absent` for `undefined`. */
export function hex(bytes: Uint8Array | undefined): string {
  if (bytes === undefined) return 'absent';
  const digits = (part: Uint8Array) =>
    Array.from(part, (byte) => byte.toString(16).padStart(2, '0')).join('');
  if (bytes.length <= 40) return `<${digits(bytes)}>`;
  return `<${digits(bytes.subarray(0, 16))}..${digits(bytes.subarray(-16))} ${bytes.length} bytes>`;
}

/** The bytes of a text of ASCII characters. */
export function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** Bytes that differ from their neighbours, so that a shift or a swap is seen. */
export function pattern(length: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i += 1) bytes[i] = (i * 31 + (i >>> 8) * 7 + seed * 101) & 0xff;
  return bytes;
}
