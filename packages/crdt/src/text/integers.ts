/** A list of 32-bit integers that grows at its end: 4 bytes each, and no object per element. */
export class Integers {
  values: Int32Array = new Int32Array(8);
  length = 0;

  push(value: number): void {
    if (this.length === this.values.length) this.reserve(this.length + 1);
    this.values[this.length] = value;
    this.length += 1;
  }

  at(index: number): number {
    return this.values[index] as number;
  }

  /** Makes room for `count` integers, and a quarter more, so that growing stays cheap. */
  reserve(count: number): void {
    if (count <= this.values.length) return;
    const grown = new Int32Array(
      Math.max(count, this.values.length + (this.values.length >> 2) + 8),
    );
    grown.set(this.values.subarray(0, this.length));
    this.values = grown;
  }

  /** The last index whose value is at most `value`, in an ascending list; -1 if there is none. */
  lastAtMost(value: number): number {
    let low = 0;
    let high = this.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.at(middle) <= value) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}
