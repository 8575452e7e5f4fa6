import { logName, paddedNumber } from '@ds/storage/engine';

/** What each file of a store is called, and back; one counter numbers logs, tables, manifests. */
export type NamedFile =
  | { readonly kind: 'log' | 'table' | 'manifest'; readonly number: number }
  | { readonly kind: 'current' | 'current-new' | 'lock' };

const PATTERN = /^(?:(\d{6,})\.(log|table)|MANIFEST-(\d{6,})|(CURRENT)|(CURRENT\.new)|(LOCK))$/;

export { logName };

export function tableName(number: number): string {
  return `${paddedNumber(number)}.table`;
}

export function manifestName(number: number): string {
  return `MANIFEST-${paddedNumber(number)}`;
}

export const CURRENT_NAME = 'CURRENT';
export const CURRENT_NEW_NAME = 'CURRENT.new';
export const LOCK_NAME = 'LOCK';

/** What `name` stands for; `undefined` for a file that is none of ours, which is left alone. */
export function parseFileName(name: string): NamedFile | undefined {
  const match = PATTERN.exec(name);
  if (!match) return undefined;
  const [, number, extension, manifest, current, currentNew] = match;
  if (number) return { kind: extension as 'log' | 'table', number: Number(number) };
  if (manifest) return { kind: 'manifest', number: Number(manifest) };
  if (current) return { kind: 'current' };
  return currentNew ? { kind: 'current-new' } : { kind: 'lock' };
}
