/** What writes and reads frames where: the tests judge both alike. */
import { browserCodec } from '../../src/browser-codec.ts';
import type { Codec } from '../../src/codec.ts';
import { nodeCodec } from '../../src/node-codec.ts';

export const codecs: readonly (readonly [host: string, codec: Codec])[] = [
  ['node', nodeCodec],
  ['browser', browserCodec],
];
