/** UUIDs of version 7 with a monotonic counter and random bits for each. */
import { peer, peerVersion, runContender } from '../contender.ts';
import { rateOf } from './load.ts';

const { uuidv7 } = await peer<{ uuidv7(): string }>('uuidv7');

await runContender(
  { name: 'uuidv7', version: peerVersion('uuidv7'), configuration: 'uuidv7(), the defaults' },
  { 'f. sortable id as text': rateOf(() => uuidv7().length, 10_000) },
);
