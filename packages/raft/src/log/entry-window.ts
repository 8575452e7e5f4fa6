/** Reading entries back from segments: those that lie together are read from the disk together. */
import type { LogEntry } from './entry.ts';
import { corrupt, type Segment } from './log-recovery.ts';
import {
  claimedBytes,
  decodeRecord,
  HEADER_BYTES,
  RECORD_BYTES,
  recordEnd,
} from './segment-format.ts';

const READ_BYTES = 256 * 1024;

/** A stretch of a segment in memory. */
export class EntryWindow {
  #segment: Segment | undefined;
  #bytes: Uint8Array = new Uint8Array(0);
  #from = 0;

  /** The entry at `place`; damage is `RAFT_CORRUPT`. */
  read(segment: Segment, place: number): LogEntry {
    let end = this.#segment === segment ? this.#recordEnd(place) : 0;
    if (end === 0) {
      this.#load(segment, place, READ_BYTES);
      const claimed = claimedBytes(this.#bytes, 0);
      const rest = segment.end - place;
      if (claimed > this.#bytes.length && claimed <= rest) this.#load(segment, place, claimed);
      end = this.#recordEnd(place);
    }
    const at = HEADER_BYTES + place - segment.start;
    const record = end === 0 ? undefined : decodeRecord(this.#bytes, place - this.#from);
    if (record?.kind !== 'entry') throw corrupt(segment.path, at, 'an entry is damaged');
    return record.entry;
  }

  #recordEnd(place: number): number {
    return place < this.#from ? 0 : recordEnd(this.#bytes, place - this.#from, place);
  }

  #load(segment: Segment, place: number, bytes: number): void {
    const wanted = new Uint8Array(Math.max(RECORD_BYTES, Math.min(bytes, segment.end - place)));
    const read = segment.file.read(HEADER_BYTES + place - segment.start, wanted);
    this.#segment = segment;
    this.#bytes = wanted.subarray(0, read);
    this.#from = place;
  }
}
