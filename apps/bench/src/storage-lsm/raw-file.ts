/** The least that a durable put can cost: one write of as many bytes into a file, and a sync. */
import { join } from 'node:path';
import { nodeFileSystem } from '@ds/storage/node';
import { KEY_BYTES, VALUE_BYTES } from './records.ts';

const RECORD_BYTES = KEY_BYTES + VALUE_BYTES + 36;
const PREALLOCATED_BYTES = 16 * 1024 * 1024;

export interface RawFile {
  putDurable(): Promise<void>;
  close(): void;
}

/** A file of zeros, whose size no write changes. */
export async function openRawFile(folder: string): Promise<RawFile> {
  const file = nodeFileSystem().open(join(folder, 'raw'), { mode: 'create' });
  file.preallocate(PREALLOCATED_BYTES);
  await file.datasync();
  const record = new Uint8Array(RECORD_BYTES).fill(1);
  let position = 0;
  return {
    putDurable() {
      file.write(position, record);
      position = (position + RECORD_BYTES) % (PREALLOCATED_BYTES - RECORD_BYTES);
      return file.datasync();
    },
    close: () => file.close(),
  };
}
