/** What a segment of a log is called; one counter may number other files beside it. */
export function logName(number: number): string {
  return `${paddedNumber(number)}.log`;
}

/** A file's number as it stands in its name: sorted by name, files are sorted by number. */
export function paddedNumber(number: number): string {
  return String(number).padStart(6, '0');
}
