/**
 * Counting votes and acknowledgements over sets of voters: every majority question is asked here.
 *
 * While the members change there are two sets, the old and the new, and whatever is decided needs a
 * majority of each (joint consensus). A set without voters has no say: it has won every vote and
 * committed everything, which is what makes a configuration that is not joint a special case of one
 * that is.
 *
 * Cost: O(n log n) in the voters at most, for n voters; no allocation to count votes.
 * Source: Ongaro and Ousterhout, section 6 of the extended Raft paper (2014).
 */
import type { NodeId } from '@ds/transport';

/** The voters: `outgoing` is empty unless the configuration is joint. */
export interface VoterSets {
  readonly voters: readonly NodeId[];
  readonly outgoing: readonly NodeId[];
}

export type VoteResult = 'won' | 'lost' | 'pending';

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

/**
 * Filled and read within one call: counting is what a leader does most, so it allocates nothing.
 */
const scratch: number[] = [];

/**
 * The highest index that a majority of each set has acknowledged; infinite without voters.
 * `acknowledged` gives a voter's index, 0 when it is not known.
 */
export function quorumIndex(
  { voters, outgoing }: VoterSets,
  acknowledged: (voter: NodeId) => number,
): number {
  return Math.min(majorityIndex(voters, acknowledged), majorityIndex(outgoing, acknowledged));
}

function majorityIndex(voters: readonly NodeId[], acknowledged: (voter: NodeId) => number): number {
  if (voters.length === 0) return Number.POSITIVE_INFINITY;
  scratch.length = 0;
  for (const voter of voters) scratch.push(acknowledged(voter));
  return reachedByMajority(scratch);
}

/**
 * How an election stands. `vote` gives what a voter said, `undefined` while it has said nothing.
 * Lost in one set is lost; won takes both.
 */
export function quorumVote(
  { voters, outgoing }: VoterSets,
  vote: (voter: NodeId) => boolean | undefined,
): VoteResult {
  const ofVoters = majorityVote(voters, vote);
  const ofOutgoing = majorityVote(outgoing, vote);
  if (ofVoters === 'lost' || ofOutgoing === 'lost') return 'lost';
  return ofVoters === 'won' && ofOutgoing === 'won' ? 'won' : 'pending';
}

function majorityVote(
  voters: readonly NodeId[],
  vote: (voter: NodeId) => boolean | undefined,
): VoteResult {
  const needed = majority(voters.length);
  let granted = 0;
  let missing = 0;
  for (const voter of voters) {
    const said = vote(voter);
    if (said === undefined) missing += 1;
    else if (said) granted += 1;
  }
  if (voters.length === 0 || granted >= needed) return 'won';
  return granted + missing >= needed ? 'pending' : 'lost';
}
