/**
 * The decisions on which it rests that a log on disk keeps what it has acknowledged, one function
 * each; positions are places in the stream of records, in bytes.
 */
export interface LogRules {
  /**
   * Whether the oldest segment may be removed: the next begins at `nextStart`, records from
   * `neededFrom` on are in use, and everything before `synced` is on the device.
   */
  mayRemove(nextStart: number, neededFrom: number, synced: number): boolean;
  /**
   * Whether a stream that breaks at `position` was damaged, when a record behind the break says
   * that everything before `synced` was on the device; else a crash has torn it.
   */
  isDamage(position: number, synced: number): boolean;
  /** From where on what a recovery has read is written again, when it knows of this sync. */
  rewriteFrom(synced: number): number;
}

export const logRules: LogRules = {
  // What a segment held the next one's header repeats, which must be on the device for that: it may
  // have been begun while the last sync ran.
  mayRemove: (nextStart, neededFrom, synced) => nextStart <= neededFrom && nextStart < synced,

  isDamage: (position, synced) => synced > position,

  // After a failed sync the system's cache shows bytes that it will never write by itself, and the
  // next process cannot tell (Rebello et al., "Can Applications Recover from fsync Failures?",
  // ATC 2020). What is written anew the next sync covers.
  rewriteFrom: (synced) => synced,
};
