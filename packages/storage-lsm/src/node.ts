/** What the store can be handed on Node: its zlib as a block codec, its threads for merging. */
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { BlockCodec } from './block/block-codec.ts';

export { type WorkerCompactorOptions, workerCompactor } from './compaction/start-worker.ts';

/**
 * Raw deflate (RFC 1951) by zlib at its fastest level: codec 1. A call costs some 20 us, whatever
 * it is for, so larger blocks suit it: `blockBytes` of 16 KiB.
 */
export function deflateCodec(): BlockCodec {
  return {
    id: 1,
    // The format's own bound is 258 bytes for two bits.
    maxExpansion: 1040,
    compress: (block) => deflateRawSync(block, { level: 1 }),
    decompress: (compressed, length) => inflateRawSync(compressed, { maxOutputLength: length }),
  };
}
