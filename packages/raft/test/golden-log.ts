/**
 * Writes the log that the files in golden/ hold: run it when version 1 of the format may change.
 */
import { MemoryFileSystem } from '@ds/storage/memory';
import { openRaftLog } from '../src/index.ts';
import { initialConfiguration } from '../src/members/configuration.ts';
import { encodeConfiguration } from '../src/members/configuration-codec.ts';

const NOTHING = new Uint8Array(0);
const encoder = new TextEncoder();

/** The names of the files, and their bytes without the zeros that end a segment. */
export async function writeGoldenLog(): Promise<Map<string, Uint8Array>> {
  const fileSystem = new MemoryFileSystem();
  const where = { fileSystem, directory: 'log', self: 'a', clusterId: 'test' };
  const log = await openRaftLog({ ...where, segmentBytes: 4096 });
  const [few, many] = [initialConfiguration(['a', 'b', 'c']), initialConfiguration(['a', 'b'])];
  const empty = { command: NOTHING, tag: undefined };
  log.write({
    hardState: { term: 1, votedFor: undefined },
    reset: { index: 0, term: 0, configuration: few },
    entries: [
      { index: 1, term: 1, kind: 'no-op', ...empty },
      { index: 2, term: 1, kind: 'register-session', ...empty },
      { index: 3, term: 1, kind: 'no-op', ...empty },
    ],
  });
  await log.sync();
  const tag = { session: 2, sequence: 1, acknowledged: 0 };
  const configuration = { command: encodeConfiguration(many), tag: undefined };
  log.write({
    hardState: { term: 3, votedFor: 'b' },
    entries: [
      { index: 3, term: 3, kind: 'configuration', ...configuration },
      { index: 4, term: 3, kind: 'command', command: encoder.encode('golden'), tag },
    ],
    compact: { index: 1, term: 1, configuration: few },
  });
  await log.sync();
  const stage = log.stageSnapshot({ index: 9, term: 3, configuration: many });
  stage.append(encoder.encode('machine'));
  await stage.finish();
  await log.close();
  const files = new Map<string, Uint8Array>();
  for (const name of ['0000000000000001.log', 'snapshot']) {
    const file = fileSystem.open(`log/${name}`, { mode: 'read' });
    const bytes = new Uint8Array(file.size());
    file.read(0, bytes);
    file.close();
    files.set(name, bytes);
  }
  return files;
}
