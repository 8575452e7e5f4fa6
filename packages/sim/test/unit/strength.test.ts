import {
  checkCounter,
  checkLinearizability,
  checkSequentialConsistency,
  checkSessionGuarantees,
  checkStrength,
  type Floor,
  type Operation,
  type RegisterInput,
  type RegisterOutput,
  registerModel,
  SimulationError,
  strengthOf,
  timelineSvg,
  timelineText,
} from '@ds/sim';
import { describe, expect, it } from 'vitest';

const write = (value: number, callAt: number, returnAt?: number) => ({
  input: { kind: 'write', value } as const,
  output: {},
  callAt,
  returnAt,
  process: `p${value}`,
});
const operations: Operation<RegisterInput, RegisterOutput>[] = [
  write(1, 0, 1),
  write(2, 2, 5),
  write(3, 3, 4),
  write(4, 6),
];

describe('the strength of a history', () => {
  it('counts its operations, those that overlap, and those that nobody knows of', () => {
    expect(strengthOf(operations)).toEqual({
      operations: 4,
      unknownOutcomes: 1,
      ambiguousShare: 0.25,
      maxConcurrency: 2,
      contention: 0.5,
    });
    expect(strengthOf([])).toMatchObject({ operations: 0, contention: 0, ambiguousShare: 0 });
  });

  it.each<[Floor, string]>([
    [{ minOperations: 5 }, '4 operations of at least 5'],
    [{ minContention: 0.6 }, '50.0 % overlap'],
    [{ maxAmbiguousShare: 0.2 }, '25.0 % ambiguous'],
  ])('has to reach its floor: %j', (floor, message) => {
    expect(() => checkStrength(strengthOf(operations), floor)).toThrow(message);
  });

  it('is asked of every checker: an idle history proves nothing', () => {
    const checks = [
      () => checkLinearizability(registerModel(0), [], { floor: {} }),
      () => checkSequentialConsistency(registerModel(0), []),
      () => checkSessionGuarantees([]),
      () => checkCounter([]),
    ];
    for (const check of checks) {
      expect(check).toThrow(SimulationError);
      expect(check).toThrow('proves too little');
    }
    expect(() => checkStrength(strengthOf(operations), {})).not.toThrow();
  });
});

describe('a counter-example', () => {
  const wrong: Operation<RegisterInput, RegisterOutput>[] = [
    { ...write(1, 0, 3), process: 'ann' },
    { input: { kind: 'read' }, output: { value: 1 }, callAt: 1, returnAt: 2, process: 'bob' },
    { input: { kind: 'read' }, output: { value: 0 }, callAt: 4, returnAt: 5, process: 'bob' },
    { ...write(2, 6), process: 'ann' },
  ];
  const { violation } = checkLinearizability(registerModel(0), wrong);
  const options = {
    marked: [violation!.stuckAt],
    describe: ({ kind }: RegisterInput, output?: RegisterOutput) =>
      `${kind} ${output?.value ?? ''}`,
  };

  it('is drawn as text, one row for each process, bars over one another where they overlap', () => {
    expect(timelineText(wrong, { ...options, caption: 'wrong' })).toBe(
      [
        'ann  | write  ----|               | write  ?',
        'bob    | read 1 |   | !! read 0 |',
        '',
        'wrong',
      ].join('\n'),
    );
  });

  it('is drawn as SVG, the operation that nothing explains marked', () => {
    const svg = timelineSvg(wrong, { ...options, caption: 'a < b & "c"' });
    expect(svg).toMatch(/^<svg [^>]*>[\s\S]*<\/svg>\n$/);
    expect(svg.match(/class="bad"/g)).toHaveLength(1);
    expect(svg.match(/class="(bar|open|bad)"/g)).toHaveLength(4);
    expect(svg).toContain('a &lt; b &amp; &quot;c&quot;');
  });

  it('is cut out of a long history around what is marked', () => {
    const long = Array.from({ length: 500 }, (_, i) => write(i, i * 2, i * 2 + 1));
    const text = timelineText(long, { marked: [300], maxOperations: 8 });
    expect(text.split('\n')).toHaveLength(8);
    expect(text).toContain('!!');
  });
});
