/** Reading a file that is known to fit into memory. */
import type { FileSystem } from '../file-system.ts';

export function readWholeFile(fileSystem: FileSystem, path: string): Uint8Array {
  const file = fileSystem.open(path, { mode: 'read' });
  try {
    const bytes = new Uint8Array(file.size());
    return bytes.subarray(0, file.read(0, bytes));
  } finally {
    file.close();
  }
}
