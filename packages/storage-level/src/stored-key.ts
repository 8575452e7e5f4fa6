/**
 * Keys as they are stored: Level allows the empty key, our engines do not.
 *
 * A key of zero bytes only, the empty one among them, is stored with one zero byte more, as the
 * full hotel of Hilbert takes one more guest; every other key as it is. Such keys come before all
 * others (where a key has its first other byte, they have a zero or have ended) and stay in order
 * among themselves, so the order is kept, and with it every bound and seek.
 *
 * Cost: a look at the first byte; a copy only for these keys.
 */

/** The key to look up and to write. */
export function toStoredKey(key: Uint8Array): Uint8Array {
  return isZeros(key) ? successor(key) : key;
}

/** The caller's key again; shares the memory of `stored`. */
export function fromStoredKey(stored: Uint8Array): Uint8Array {
  return isZeros(stored) ? stored.subarray(0, -1) : stored;
}

/** The first key after `key`: a zero byte longer. */
export function successor(key: Uint8Array): Uint8Array {
  const next = new Uint8Array(key.length + 1);
  next.set(key);
  return next;
}

function isZeros(key: Uint8Array): boolean {
  for (let i = 0; i < key.length; i += 1) if (key[i] !== 0) return false;
  return true;
}
