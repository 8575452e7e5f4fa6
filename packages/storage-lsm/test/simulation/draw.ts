/** A whole number from `least` to `most`, both included. */
export function drawInteger(random: () => number, least: number, most: number): number {
  return least + Math.floor(random() * (most - least + 1));
}
