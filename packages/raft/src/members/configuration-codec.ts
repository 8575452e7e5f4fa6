/**
 * The bytes of a configuration, as they lie in the log, in segment records, in staged snapshots and
 * on the wire:
 *
 *     auto-leave u8, then for each of voters, outgoing, learners, learnersNext:
 *     count u8, { length u8, id in UTF-8 }...
 *
 * Equal configurations have equal bytes. The decoder takes nothing that breaks the invariants of
 * configuration.ts, so that what has been decoded need not be doubted again.
 */
import { checkNodeId, type NodeId } from '@ds/transport';
import { type Configuration, MAX_MEMBERS } from './configuration.ts';

/** The most bytes a configuration takes: its ids have at most 128 bytes, in at most two lists. */
export const MAX_CONFIGURATION_BYTES: number = 5 + 2 * MAX_MEMBERS * 129;

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });

export function encodeConfiguration(configuration: Configuration): Uint8Array {
  const { voters, outgoing, learners, learnersNext, autoLeave } = configuration;
  const bytes: number[] = [autoLeave ? 1 : 0];
  for (const list of [voters, outgoing, learners, learnersNext]) {
    bytes.push(list.length);
    for (const id of list) {
      const encoded = encoder.encode(id);
      bytes.push(encoded.length, ...encoded);
    }
  }
  return Uint8Array.from(bytes);
}

/**
 * The configuration that `bytes` spell.
 * @throws {TypeError} for anything else.
 */
export function decodeConfiguration(bytes: Uint8Array): Configuration {
  let at = 0;
  const byte = (): number => {
    const value = bytes[at++];
    if (value === undefined) throw new TypeError('a configuration ends too early');
    return value;
  };
  const ids = (): NodeId[] => {
    const list: NodeId[] = [];
    for (let count = byte(); count > 0; count -= 1) {
      const length = byte();
      if (at + length > bytes.length) throw new TypeError('a configuration ends too early');
      const id = decoder.decode(bytes.subarray(at, at + length));
      at += length;
      checkNodeId(id);
      // In the one order there is, so that none is named twice.
      if (list.length > 0 && id <= list[list.length - 1]!) throw new TypeError('ids out of order');
      list.push(id);
    }
    return list;
  };
  const flags = byte();
  const configuration: Configuration = {
    voters: ids(),
    outgoing: ids(),
    learners: ids(),
    learnersNext: ids(),
    autoLeave: flags === 1,
  };
  if (flags > 1 || at !== bytes.length) throw new TypeError('not a configuration');
  checkInvariants(configuration);
  return configuration;
}

/**
 * The rules at the head of configuration.ts; nobody at all is a group that is still to be joined.
 */
function checkInvariants(configuration: Configuration): void {
  const { voters, outgoing, learners, learnersNext, autoLeave } = configuration;
  const isOut = new Set(outgoing);
  const roles = new Set([...voters, ...learners, ...learnersNext]);
  const isApart = roles.size === voters.length + learners.length + learnersNext.length;
  const isSound =
    isApart &&
    learnersNext.every((id) => isOut.has(id)) &&
    !learners.some((id) => isOut.has(id)) &&
    (voters.length > 0 || roles.size + isOut.size === 0) &&
    (!autoLeave || isOut.size > 0) &&
    roles.size + isOut.size <= 2 * MAX_MEMBERS;
  if (!isSound) throw new TypeError('a configuration that cannot be');
}
