/** Bytes as text, a character a byte. */
export const text = (value: string): Uint8Array => Uint8Array.from(value, (c) => c.charCodeAt(0));

export const toText = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');
