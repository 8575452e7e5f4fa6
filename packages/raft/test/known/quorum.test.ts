/** The majorities of etcd's raft, script by script: the same commit index, the same vote. */
import { describe, expect, it } from 'vitest';
import { quorumIndex, quorumVote, type VoterSets } from '../../src/members/quorum.ts';
import { type Command, present, readScript, scriptsIn, trimmed } from './scripts.ts';

function voterSets({ options }: Command): VoterSets {
  const set = (name: string) => options.get(name)?.filter((id) => id !== 'zero') ?? [];
  return { voters: set('cfg'), outgoing: set('cfgj') };
}

/** The voters of both sets as they come first, each with its value from `option`. */
function given(command: Command, option: string): Map<string, string> {
  const { voters, outgoing } = voterSets(command);
  const ids = [...new Set([...voters, ...outgoing])];
  const values = command.options.get(option) ?? [];
  return new Map(ids.map((id, i) => [id, values[i] ?? '_']));
}

function vote(command: Command): string {
  const votes = given(command, 'votes');
  const result = quorumVote(voterSets(command), (id) => {
    const said = votes.get(id);
    return said === '_' ? undefined : said === 'y';
  });
  return { won: 'VoteWon', lost: 'VoteLost', pending: 'VotePending' }[result];
}

function committed(command: Command): string {
  const values = given(command, 'idx');
  const known = new Map([...values].flatMap(([id, v]) => (v === '_' ? [] : [[id, Number(v)]])));
  const index = quorumIndex(voterSets(command), (id) => known.get(id) ?? 0);
  if (values.size === 0) return `<empty majority quorum>${index === Infinity ? '∞' : index}`;
  const ids = [...values.keys()].sort((a, b) => Number(a) - Number(b));
  return trimmed([...drawing(ids, known), String(index)]);
}

/** One line a voter, in the order of their numbers; as many crosses as there are voters that have reached less. */
function drawing(ids: readonly string[], known: ReadonlyMap<string, number>): string[] {
  const reached = (id: string) => known.get(id) ?? 0;
  const lines = ids.map((id) => {
    const behind = ids.filter((other) => reached(other) < reached(id)).length;
    const mark = known.has(id) ? `${'x'.repeat(behind)}>` : '?';
    return `${mark.padEnd(ids.length + 1)} ${String(reached(id)).padStart(5)}    (id=${id})`;
  });
  return [`${' '.repeat(ids.length)}    idx`, ...lines];
}

describe.skipIf(!present && !process.env.CI)('majorities agree with etcd-raft', () => {
  it('has its 127 commands', () => {
    expect(scriptsIn('quorum').flatMap(readScript)).toHaveLength(127);
  });

  it.each(scriptsIn('quorum'))('%s', (file) => {
    for (const command of readScript(file)) {
      const answer = command.name === 'vote' ? vote(command) : committed(command);
      expect(`${file}:${command.line}\n${answer}`).toBe(
        `${file}:${command.line}\n${command.output}`,
      );
    }
  });
});
