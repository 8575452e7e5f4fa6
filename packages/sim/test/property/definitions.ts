/** What the checkers have to find out, spelled out and tried out: slow, and plainly right. */
import {
  Choice,
  ILLEGAL,
  type Model,
  type Operation,
  type SessionGuarantee,
  type SessionInput,
  type SessionOutput,
} from '@ds/sim';

/** Whether `next` may come before all of `left`. */
type MayComeNext<Input, Output> = (
  next: Operation<Input, Output>,
  left: readonly Operation<Input, Output>[],
) => boolean;

/** Some order of the operations, in which those without a return may be missing. */
function isExplainable<State, Input, Output>(
  model: Model<State, Input, Output>,
  operations: readonly Operation<Input, Output>[],
  mayComeNext: MayComeNext<Input, Output>,
): boolean {
  const explain = (left: readonly Operation<Input, Output>[], state: State): boolean => {
    if (left.every(({ returnAt }) => returnAt === undefined)) return true;
    return left.some((next) => {
      if (!mayComeNext(next, left)) return false;
      const after = model.step(state, next.input, next.output);
      if (after === ILLEGAL) return false;
      const states = after instanceof Choice ? after.states : [after];
      const others = left.filter((other) => other !== next);
      return states.some((each) => explain(others, each));
    });
  };
  return explain(operations, model.initial);
}

/** No operation takes effect after another one that was called when it had returned. */
export function isLinearizable<State, Input, Output>(
  model: Model<State, Input, Output>,
  operations: readonly Operation<Input, Output>[],
): boolean {
  return isExplainable(model, operations, (next, left) =>
    left.every(({ returnAt }) => returnAt === undefined || returnAt >= next.callAt),
  );
}

/** The operations of each process that returned keep their order; the others come after those. */
export function isSequential<State, Input, Output>(
  model: Model<State, Input, Output>,
  operations: readonly Operation<Input, Output>[],
): boolean {
  const order = [...operations].sort((a, b) => a.callAt - b.callAt);
  return isExplainable(model, order, (next, left) =>
    left
      .slice(0, left.indexOf(next))
      .every(
        ({ process, returnAt }) =>
          returnAt === undefined || process === undefined || process !== next.process,
      ),
  );
}

type SessionOperation = Operation<SessionInput, SessionOutput>;

/** Each broken promise as `guarantee operation`, in order. */
export function brokenGuarantees(history: readonly SessionOperation[]): string[] {
  const known = history.filter(
    ({ output, process }) => output !== undefined && process !== undefined,
  );
  const order = [...known].sort((a, b) => a.callAt - b.callAt);
  const version = ({ output }: SessionOperation): number => output!.version;
  /** Pairs of one session, in its order. */
  const pairs = order.flatMap((second, i) =>
    order
      .slice(0, i)
      .filter(({ process }) => process === second.process)
      .map((first) => ({ first, second })),
  );
  const broken = new Set<string>();
  const breaks = (guarantee: SessionGuarantee, at: SessionOperation): void => {
    broken.add(`${history.indexOf(at)} ${guarantee}`);
  };
  for (const { first, second } of pairs) {
    if (first.input.key !== second.input.key || version(second) >= version(first)) continue;
    const [before, after] = [first.input.kind, second.input.kind];
    if (after === 'read')
      breaks(before === 'read' ? 'monotonic-reads' : 'read-your-writes', second);
    else breaks(before === 'read' ? 'writes-follow-reads' : 'monotonic-writes', second);
  }
  // Whoever has read the second of a pair sees the first as well, or something newer.
  for (const { first, second } of pairs) {
    if (second.input.kind !== 'write') continue;
    for (const { first: saw, second: sees } of pairs) {
      if (saw.input.kind !== 'read' || sees.input.kind !== 'read') continue;
      if (saw.input.key !== second.input.key || version(saw) !== version(second)) continue;
      if (sees.input.key !== first.input.key || version(sees) >= version(first)) continue;
      breaks(first.input.kind === 'write' ? 'monotonic-writes' : 'writes-follow-reads', sees);
    }
  }
  return [...broken].sort();
}
