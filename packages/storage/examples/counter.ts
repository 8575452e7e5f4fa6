/**
 * A counter that survives its process, written against the FileSystem port: here on the machine's
 * disk, in a test on a MemoryFileSystem. Run it twice.
 *
 * A new value is written aside, synced, and renamed over the old one, so that after a power cut
 * the file holds the one or the other.
 */
import { tmpdir } from 'node:os';
import type { FileSystem } from '@ds/storage';
import { nodeFileSystem } from '@ds/storage/node';

export async function increment(fileSystem: FileSystem, directory: string): Promise<number> {
  fileSystem.mkdir(directory);
  const lock = fileSystem.lock(`${directory}/lock`);
  try {
    const next = read(fileSystem, `${directory}/count`) + 1;
    const draft = fileSystem.open(`${directory}/count.new`, { mode: 'write' });
    const bytes = new DataView(new ArrayBuffer(4));
    bytes.setUint32(0, next);
    draft.write(0, new Uint8Array(bytes.buffer));
    await draft.datasync();
    draft.close();
    fileSystem.rename(`${directory}/count.new`, `${directory}/count`);
    await fileSystem.syncDirectory(directory);
    return next;
  } finally {
    lock.release();
  }
}

function read(fileSystem: FileSystem, path: string): number {
  const [name] = path.split('/').slice(-1);
  if (!fileSystem.list(path.slice(0, -name!.length - 1)).includes(name!)) return 0;
  const file = fileSystem.open(path, { mode: 'read' });
  const bytes = new Uint8Array(4);
  file.read(0, bytes);
  file.close();
  return new DataView(bytes.buffer).getUint32(0);
}

const directory: string = process.argv[2] ?? `${tmpdir()}/ds-storage-counter`;
console.log(`run ${await increment(nodeFileSystem(), directory)}`);
