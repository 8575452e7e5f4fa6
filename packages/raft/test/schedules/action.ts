/**
 * What can befall a group, as plain data: a schedule is a list of these, and any part of a schedule
 * is one as well, since an action that makes no sense in its moment does nothing.
 */
import type { MemberChange } from '../../src/members/configuration.ts';

export type Action =
  /** Time passes until this node's timer is due: a leader's heartbeat, or an election. */
  | { readonly do: 'wake'; readonly node: string; readonly random: number }
  /** What befalls the oldest message on its way from one node to another. */
  | {
      readonly do: 'deliver' | 'drop' | 'double' | 'delay';
      readonly from: string;
      readonly to: string;
    }
  /** The oldest writes of a slow disk are on it now. */
  | { readonly do: 'persist'; readonly node: string; readonly writes: number }
  /** A snapshot that has arrived on a slow disk is whole and durable now. */
  | { readonly do: 'stage'; readonly node: string }
  /** Power is gone and back at once; of the unsynced writes the first `kept` are on the disk. */
  | { readonly do: 'crash'; readonly node: string; readonly kept: number }
  /** A node loses its network, and with it all that is on its way from and to it. */
  | { readonly do: 'cut' | 'join'; readonly node: string }
  | { readonly do: 'propose' | 'read' | 'retry' | 'compact' | 'transfer'; readonly node: string }
  | { readonly do: 'change'; readonly node: string; readonly changes: readonly MemberChange[] };

export function describeAction(action: Action): string {
  const { do: verb, ...rest } = action;
  const changes = 'changes' in rest ? rest.changes.map(({ type, id }) => `${type} ${id}`) : [];
  const where = 'from' in rest ? `${rest.from} to ${rest.to}` : rest.node;
  const number = 'kept' in rest ? ` keeping ${rest.kept}` : '';
  return `${verb} ${where}${number} ${changes.join(', ')}`.trim();
}
