/** Joint consensus as etcd's raft does it, script by script: the same configurations, refusals. */
import { describe, expect, it } from 'vitest';
import { type ChangeRefusal, RaftError } from '../../src/errors.ts';
import {
  type Configuration,
  changeSimply,
  enterJoint,
  initialConfiguration,
  leaveJoint,
  type MemberChange,
  membersOf,
} from '../../src/members/configuration.ts';
import { type Command, present, readScript, scriptsIn } from './scripts.ts';

const REFUSALS: Partial<Record<ChangeRefusal, string>> = {
  'already-joint': 'config is already joint',
  'not-joint': "can't leave a non-joint config",
  'joint-in-progress': "can't apply simple config change in joint config",
  'no-voters': "can't make a zero-voter config joint",
  'no-voters-left': 'removed all voters',
  'too-many-voters': 'more than one voter changed without entering joint config',
};

/** `v1 l2 r3 u4`; a change of node 0 or of a node's data says nothing about who takes part. */
function changesOf({ body }: Command): MemberChange[] {
  const types = { v: 'voter', l: 'learner', r: 'remove' } as const;
  return body
    .join(' ')
    .split(' ')
    .filter((word) => word !== '' && !word.startsWith('u') && word.slice(1) !== '0')
    .map((word) => ({ type: types[word[0] as 'v' | 'l' | 'r'], id: word.slice(1) }));
}

function changed(configuration: Configuration, command: Command): Configuration {
  if (command.name === 'leave-joint') return leaveJoint(configuration);
  if (command.name === 'simple') return changeSimply(configuration, changesOf(command));
  const autoLeave = command.options.get('autoleave')?.[0] === 'true';
  return enterJoint(configuration, changesOf(command), { autoLeave });
}

const list = (ids: readonly string[]) => `(${[...ids].sort((a, b) => +a - +b).join(' ')})`;

/** A configuration with the progress of its members, in the words of the scripts. */
function printed(configuration: Configuration, nextIndexes: ReadonlyMap<string, number>): string {
  const { voters, outgoing, learners, learnersNext, autoLeave } = configuration;
  const words = [`voters=${list(voters)}${outgoing.length > 0 ? `&&${list(outgoing)}` : ''}`];
  if (learners.length > 0) words.push(`learners=${list(learners)}`);
  if (learnersNext.length > 0) words.push(`learners_next=${list(learnersNext)}`);
  if (autoLeave) words.push('autoleave');
  const members = membersOf(configuration).sort((a, b) => +a - +b);
  const progress = members.map((id) => {
    const learner = learners.includes(id) ? ' learner' : '';
    return `${id}: StateProbe match=0 next=${nextIndexes.get(id)}${learner}`;
  });
  return [words.join(' '), ...progress].join('\n');
}

/** Runs a script, in which the log grows by one entry a command. */
function run(file: string): void {
  let configuration = initialConfiguration([]);
  let nextIndexes = new Map<string, number>();
  for (const [at, command] of readScript(file).entries()) {
    let answer: string;
    try {
      configuration = changed(configuration, command);
      const lastIndex = Math.max(at, 1);
      // A member that stays keeps what is known of it, whatever it becomes.
      const next = (id: string) => nextIndexes.get(id) ?? lastIndex;
      nextIndexes = new Map(membersOf(configuration).map((id) => [id, next(id)]));
      answer = printed(configuration, nextIndexes);
    } catch (error) {
      if (!(error instanceof RaftError && error.refusal)) throw error;
      answer = REFUSALS[error.refusal] ?? error.message;
    }
    expect(`${file}:${command.line}\n${answer}`).toBe(`${file}:${command.line}\n${command.output}`);
  }
}

describe.skipIf(!present && !process.env.CI)('changes of members agree with etcd-raft', () => {
  it('has its 58 commands', () => {
    expect(scriptsIn('confchange').flatMap(readScript)).toHaveLength(58);
  });

  it.each(scriptsIn('confchange'))('%s', run);
});
