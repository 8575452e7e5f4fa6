/** The kinds of files of a store, and the version of each. */
import type { FileFormat } from '@ds/storage/engine';

export const LOG_FORMAT: FileFormat = { magic: 'DSLSMLOG', version: 1 };
export const MANIFEST_FORMAT: FileFormat = { magic: 'DSLSMMAN', version: 1 };
export const TABLE_FORMAT: FileFormat = { magic: 'DSLSMTAB', version: 1 };
export const CURRENT_FORMAT: FileFormat = { magic: 'DSLSMCUR', version: 1 };
