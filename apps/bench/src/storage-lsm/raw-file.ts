/** The least that a durable put can cost: one write of as many bytes into a file, and a sync. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeFileSystem } from '@ds/storage/node';
import { runContender } from '../contender.ts';
import { KEY_BYTES, VALUE_BYTES } from './records.ts';
import { countedPuts, durableRate } from './workload.ts';

const RECORD_BYTES = KEY_BYTES + VALUE_BYTES + 36;
const PREALLOCATED_BYTES = 16 * 1024 * 1024;

const folder = mkdtempSync(join(tmpdir(), 'bench-raw-'));
try {
  const file = nodeFileSystem().open(join(folder, 'file'), { mode: 'create' });
  file.preallocate(PREALLOCATED_BYTES);
  await file.datasync();
  const record = new Uint8Array(RECORD_BYTES).fill(1);
  let position = 0;
  const putDurable = (): Promise<void> => {
    file.write(position, record);
    position = (position + RECORD_BYTES) % (PREALLOCATED_BYTES - RECORD_BYTES);
    return file.datasync();
  };
  const about = {
    name: 'raw write and datasync',
    version: process.version,
    configuration: `${RECORD_BYTES} bytes into a file of zeros allocated before`,
  };
  if (process.argv.includes('--only=writers')) {
    await countedPuts({ putDurable, close: async () => {} }, 1);
    console.log(JSON.stringify({ ...about, figures: {} }));
  } else {
    await runContender(about, {
      'e. durable puts, 1 writer': async (durationMs) => {
        const { puts, wallMs } = await durableRate({ putDurable }, 1, durationMs * 2);
        return puts / wallMs;
      },
    });
  }
  file.close();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
