/**
 * All text ever inserted, in the order of the events, deleted or not.
 *
 * Full chunks are strings, one byte per character where all are Latin; the chunk being filled is
 * an array. Cost: O(length) to append and to slice.
 */
const CHUNK = 1024;

export class Content {
  readonly #chunks: string[] = [];
  readonly #tail: Uint16Array = new Uint16Array(CHUNK);
  #tailLength = 0;

  get length(): number {
    return this.#chunks.length * CHUNK + this.#tailLength;
  }

  append(text: string): void {
    for (let index = 0; index < text.length; index += 1) {
      this.#tail[this.#tailLength] = text.charCodeAt(index);
      this.#tailLength += 1;
      if (this.#tailLength === CHUNK) {
        this.#chunks.push(textOf(this.#tail));
        this.#tailLength = 0;
      }
    }
  }

  slice(from: number, to: number): string {
    let text = '';
    for (let at = from; at < to; ) {
      const chunk = Math.floor(at / CHUNK);
      const start = at - chunk * CHUNK;
      const end = Math.min(CHUNK, start + to - at);
      const full = this.#chunks[chunk];
      text += full === undefined ? textOf(this.#tail.subarray(start, end)) : full.slice(start, end);
      at += end - start;
    }
    return text;
  }
}

function textOf(units: Uint16Array): string {
  return String.fromCharCode.apply(null, units as unknown as number[]);
}
