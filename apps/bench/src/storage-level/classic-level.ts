/** LevelDB through classic-level. */
import { peer, peerVersion } from '../contender.ts';
import { runEngine } from '../storage-lsm/workload.ts';
import { type LevelDatabase, type LevelPut, levelEngine } from './level-engine.ts';

interface Level extends LevelDatabase {
  batch(operations: LevelPut[]): Promise<void>;
}

type Constructor = new (directory: string, options: object) => Level;

const { ClassicLevel } = await peer<{ ClassicLevel: Constructor }>('classic-level');

await runEngine({
  name: 'classic-level',
  version: peerVersion('classic-level'),
  configuration: 'defaults, encoding view',
  open: (directory) => {
    const encodings = { keyEncoding: 'view', valueEncoding: 'view' };
    const database = new ClassicLevel(directory, encodings);
    return levelEngine(database, (operations) => database.batch(operations));
  },
});
