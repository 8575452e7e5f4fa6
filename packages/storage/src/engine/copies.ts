/**
 * Copies of short byte strings for callers, cut from a shared buffer: an array of more than 64
 * bytes of its own would cost more than ten times as much to make.
 *
 * Cost: one view; a copy that is kept keeps the 8 KiB alive of which it is a part, as with Node's
 * `Buffer`. What is long gets memory of its own, what is tiny lies on the heap anyway.
 */
const POOL_BYTES = 8192;
const OWN_FROM_BYTES = 2048;
const HEAP_UP_TO_BYTES = 64;
/** Up to here a loop beats the native copy and the view that it needs. */
const LOOP_UP_TO_BYTES = 128;

let pool = new ArrayBuffer(POOL_BYTES);
let used = 0;

/** A copy of `source[start, end)`; its `buffer` may hold others beside it. */
export function copyOf(source: Uint8Array, start: number, end: number): Uint8Array {
  const length = end - start;
  if (length >= OWN_FROM_BYTES) return source.slice(start, end);
  const copy = length <= HEAP_UP_TO_BYTES ? new Uint8Array(length) : fromPool(length);
  if (length > LOOP_UP_TO_BYTES) copy.set(viewOf(source, start, end));
  else for (let to = 0, from = start; to < length; to += 1, from += 1) copy[to] = source[from]!;
  return copy;
}

/** `source.subarray(start, end)` at half the cost. */
export function viewOf(source: Uint8Array, start: number, end: number): Uint8Array {
  return new Uint8Array(source.buffer, source.byteOffset + start, end - start);
}

function fromPool(length: number): Uint8Array {
  if (used + length > POOL_BYTES) {
    pool = new ArrayBuffer(POOL_BYTES);
    used = 0;
  }
  const piece = new Uint8Array(pool, used, length);
  // Each piece begins at a multiple of 8, so that other views of it are aligned.
  used = (used + length + 7) & ~7;
  return piece;
}
