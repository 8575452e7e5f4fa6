/**
 * Pages by id and checksum: from the cache, or from the file, verified as they come in.
 *
 * Whoever asks says which checksum the page has to have, since whatever led there was told; so
 * neither a page that another has been written over, nor a write that never reached the file, nor
 * a flipped bit is taken for the page.
 * Cost: a page that is not cached is one read call and one CRC; its memory is that of one that has
 * given way, where nobody holds that: what is left to the garbage collector in thousands of pieces
 * comes back late.
 */
import { crc32 } from '@ds/storage';
import { corrupt, getU32 } from '@ds/storage/engine';
import type { SafetyDecisions } from '../decisions.ts';
import { Page } from './page.ts';
import { PageCache } from './page-cache.ts';
import type { TreeFile } from './tree-file.ts';

/** Pages' worth of memory that is kept to be used again. */
const MAX_SPARE_PAGES = 64;

export class Pager {
  readonly file: TreeFile;
  readonly #cache: PageCache;
  readonly #decisions: SafetyDecisions;
  readonly #spare: Page[] = [];
  #reads = 0;

  constructor(file: TreeFile, cacheBytes: number, decisions: SafetyDecisions) {
    this.file = file;
    this.#cache = new PageCache(Math.floor(cacheBytes / file.pageBytes));
    this.#decisions = decisions;
  }

  get cachedBytes(): number {
    return this.#cache.size * this.file.pageBytes;
  }

  /** Pages read from the file since opening. */
  get reads(): number {
    return this.#reads;
  }

  /** The page of the tree with this id and checksum. */
  load(id: number, checksum: number): Page {
    const cached = this.#cache.get(id);
    if (cached !== undefined) return this.#expect(cached, checksum);
    const page = this.#readPage(id, checksum);
    this.#takeIn(page);
    return page;
  }

  /** The page under child `index` of a branch, which remembers where in the cache it was. */
  loadChild(branch: Page, index: number): Page {
    const id = branch.childPage(index);
    const checksum = branch.childChecksum(index);
    const { childPlaces } = branch;
    const cached = this.#cache.getAt(childPlaces[index]!, id);
    if (cached !== undefined) return this.#expect(cached, checksum);
    const page = this.load(id, checksum);
    childPlaces[index] = this.#cache.placeOf(id);
    return page;
  }

  /** The page for whoever replaces it: it does not stay in the cache. {@link giveBack} it. */
  take(id: number, checksum: number): { page: Page; wasCached: boolean } {
    const cached = this.#cache.delete(id);
    if (cached === undefined) return { page: this.#readPage(id, checksum), wasCached: false };
    return { page: this.#expect(cached, checksum), wasCached: true };
  }

  /** Takes back a page that was taken, when it is not read any more. */
  giveBack(page: Page): void {
    if (page.holders === 0 && this.#spare.length < MAX_SPARE_PAGES) this.#spare.push(page);
  }

  /** The bytes of a page of any kind, verified, past the cache. */
  read(id: number, checksum: number): Uint8Array {
    const bytes = new Uint8Array(this.file.pageBytes);
    this.#readInto(bytes, id, checksum);
    return bytes;
  }

  #readInto(bytes: Uint8Array, id: number, checksum: number): void {
    const { file, path, pageBytes } = this.file;
    const offset = this.file.offsetOf(id);
    this.#reads += 1;
    if (file.read(offset, bytes) < pageBytes) throw this.damage(id, 'the file ends before it');
    const stored = getU32(bytes, 0);
    const computed = crc32(bytes, 4, pageBytes, id);
    if (!this.#decisions.checksumMatches(stored, computed)) {
      throw this.damage(id, `page ${id} does not match its checksum`);
    }
    if (!this.#decisions.checksumMatches(checksum, stored)) {
      throw corrupt(path, offset, `page ${id} is not the page that was written there last`);
    }
  }

  /** Keeps a copy of a page just written, or forgets what the cache has under its id. */
  wrote(id: number, bytes: Uint8Array | undefined): void {
    if (bytes === undefined) {
      const old = this.#cache.delete(id);
      if (old !== undefined) this.giveBack(old);
      return;
    }
    const page = this.#unused();
    page.bytes.set(bytes);
    page.reset();
    this.#takeIn(page);
  }

  /** Closes the file, and lets go of what is in memory though somebody may still hold the store. */
  close(): void {
    this.file.file.close();
    this.#cache.clear();
    this.#spare.length = 0;
  }

  /** The error for damage in page `id`. */
  damage(id: number, reason: string): Error {
    return corrupt(this.file.path, this.file.offsetOf(id), reason);
  }

  #takeIn(page: Page): void {
    const old = this.#cache.set(page);
    if (old !== undefined) this.giveBack(old);
  }

  /** A page to be filled and then reset. */
  #unused(): Page {
    return this.#spare.pop() ?? new Page(new Uint8Array(this.file.pageBytes));
  }

  #readPage(id: number, checksum: number): Page {
    const page = this.#unused();
    this.#readInto(page.bytes, id, checksum);
    page.reset();
    const fault = page.fault();
    if (fault !== undefined) throw this.damage(id, `page ${id}: ${fault}`);
    return page;
  }

  #expect(page: Page, checksum: number): Page {
    if (this.#decisions.checksumMatches(checksum, page.checksum)) return page;
    throw this.damage(page.id, `page ${page.id} is not the page that was written there last`);
  }
}
