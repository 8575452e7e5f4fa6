/**
 * Counting votes and acknowledgements over a set of voters: every majority question is asked here,
 * so that changing how a majority is formed changes one file.
 */

/** How many of `voters` make a majority. */
export function majority(voters: number): number {
  return (voters >> 1) + 1;
}

/** The largest value that a majority has reached: the `majority`-th largest of `values`. */
export function reachedByMajority(values: number[]): number {
  // Groups are small: an insertion sort beats the general one and allocates nothing.
  for (let i = 1; i < values.length; i += 1) {
    const value = values[i]!;
    let at = i;
    for (; at > 0 && values[at - 1]! < value; at -= 1) values[at] = values[at - 1]!;
    values[at] = value;
  }
  return values[majority(values.length) - 1] ?? 0;
}
