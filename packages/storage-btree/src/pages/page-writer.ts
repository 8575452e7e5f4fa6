/**
 * New pages on their way to the file: neighbours gathered into one write call.
 *
 * A page is built in place in the buffer, and given its checksum once it is whole. Nothing here is
 * durable; that is the checkpoint's business.
 * Cost: one CRC per page, one write call per run of up to `GATHERED_BYTES`.
 */

import { crc32 } from '@ds/storage';
import { setU32 } from '@ds/storage/engine';
import type { SpaceMap } from '../durable/space-map.ts';
import type { Pager } from './pager.ts';

const GATHERED_BYTES = 256 * 1024;

export class PageWriter {
  readonly space: SpaceMap;
  readonly pager: Pager;
  readonly pageBytes: number;
  readonly #buffer: Uint8Array;
  #firstId = 0;
  #gathered = 0;
  #written = 0;
  #others = 0;

  constructor(pager: Pager, space: SpaceMap) {
    this.pager = pager;
    this.space = space;
    this.pageBytes = pager.file.pageBytes;
    const pages = Math.max(1, Math.floor(GATHERED_BYTES / this.pageBytes));
    this.#buffer = new Uint8Array(pages * this.pageBytes);
  }

  /** Pages written since opening, those of large values among them. */
  get written(): number {
    return this.#written + this.#others;
  }

  /** A new page's place in the buffer, zeroed; `finish` it before the next one. */
  begin(): { id: number; bytes: Uint8Array } {
    const id = this.space.allocate();
    const { pageBytes } = this;
    const isNeighbour = id === this.#firstId + this.#gathered;
    if (!isNeighbour || (this.#gathered + 1) * pageBytes > this.#buffer.length) this.flush();
    if (this.#gathered === 0) this.#firstId = id;
    const start = this.#gathered * pageBytes;
    this.#gathered += 1;
    const bytes = this.#buffer.subarray(start, start + pageBytes);
    bytes.fill(0);
    setU32(bytes, 4, id);
    return { id, bytes };
  }

  /** Seals the page; returns its checksum. With `keep`, a copy goes into the cache. */
  finish(id: number, bytes: Uint8Array, keep: boolean): number {
    const checksum = crc32(bytes, 4, bytes.length, id);
    setU32(bytes, 0, checksum);
    this.#written += 1;
    this.pager.wrote(id, keep ? bytes : undefined);
    return checksum;
  }

  /** Writes a whole page that is not of a tree; returns its checksum. */
  writeSpace(id: number, bytes: Uint8Array): number {
    setU32(bytes, 4, id);
    const checksum = crc32(bytes, 4, bytes.length, id);
    setU32(bytes, 0, checksum);
    this.pager.wrote(id, undefined);
    this.pager.file.write(id, bytes);
    this.#others += 1;
    return checksum;
  }

  /** Writes `bytes` to pages of their own, side by side; returns the first one's id. */
  writeOutside(bytes: Uint8Array): number {
    const pages = Math.ceil(bytes.length / this.pageBytes);
    const first = this.space.allocateRun(pages);
    for (let id = first; id < first + pages; id += 1) this.pager.wrote(id, undefined);
    this.pager.file.write(first, bytes);
    this.#others += pages;
    return first;
  }

  /** Hands what is gathered to the file; needed before anything new is read. */
  flush(): void {
    if (this.#gathered === 0) return;
    const bytes = this.#buffer.subarray(0, this.#gathered * this.pageBytes);
    this.pager.file.write(this.#firstId, bytes);
    this.#gathered = 0;
  }
}
