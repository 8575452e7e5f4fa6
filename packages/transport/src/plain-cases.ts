/** What plain data is and is not, by example: the cases every transport is judged on. */
import { MAX_PLAIN_DEPTH } from './plain.ts';

export interface PlainCase {
  readonly message: unknown;
  /** What the receiver gets. */
  readonly arrives: unknown;
}

const same = (message: unknown): PlainCase => ({ message, arrives: message });

const NUMBERS = [
  0,
  1,
  -1,
  31,
  32,
  -32,
  -33,
  127,
  128,
  -128,
  -129,
  255,
  256,
  32_767,
  32_768,
  -32_768,
  -32_769,
  65_535,
  65_536,
  2 ** 31 - 1,
  2 ** 31,
  -(2 ** 31),
  -(2 ** 31) - 1,
  2 ** 32 - 1,
  2 ** 32,
  2 ** 53,
  Number.MAX_SAFE_INTEGER,
  Number.MIN_SAFE_INTEGER,
  0.5,
  -0.1,
  Math.PI,
  Number.MAX_VALUE,
  Number.MIN_VALUE,
  1e21,
  1e300,
];

const STRINGS = [
  '',
  'a',
  'plain',
  'é',
  'ß𝄞€',
  '\u0000',
  '\ufeffbom',
  '\ud83d\ude00',
  'x'.repeat(31),
  'x'.repeat(32),
  'x'.repeat(255),
  'x'.repeat(256),
  'é'.repeat(40_000),
  'constructor',
];

export const plainMessages: readonly PlainCase[] = [
  ...[null, true, false, ...NUMBERS, ...STRINGS].map(same),
  { message: -0, arrives: 0 },
  { message: [-0, { zero: -0 }], arrives: [0, { zero: 0 }] },
  ...[0n, 1n, -1n, 2n ** 63n - 1n, -(2n ** 63n), 5_000_000_000n].map(same),
  ...[0, 1, 31, 32, 255, 256, 65_536].map((length) => same(new Uint8Array(length).fill(0xa5))),
  same([]),
  same({}),
  same([[], [[]], {}]),
  same({ a: { b: [null, { c: 'd' }] }, 'key with spaces': 1, '': 0 }),
  same(Array.from({ length: 20 }, (_, i) => i)),
  same(Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`key ${i}`, i]))),
  same({ constructor: 1, toString: 'own', hasOwnProperty: null }),
  same(JSON.parse('{"length": 3, "then": "not a promise"}')),
  { message: Object.assign(Object.create(null), { bare: true }), arrives: { bare: true } },
  { message: new Uint8Array(Uint8Array.of(1, 2, 3, 4).buffer, 1, 2), arrives: Uint8Array.of(2, 3) },
  same(nested(MAX_PLAIN_DEPTH)),
];

export const unplainMessages: readonly { readonly message: unknown }[] = [
  undefined,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  2n ** 63n,
  -(2n ** 63n) - 1n,
  '\ud800',
  'lone \udc00 surrogate',
  Symbol('symbol'),
  () => {},
  new Date(0),
  new Map(),
  new Set([1]),
  /pattern/,
  new Error('error'),
  new (class Point {
    x = 1;
  })(),
  new Uint16Array(2),
  new ArrayBuffer(4),
  [1, undefined],
  Object.assign(new Array(2), { 1: 'after a hole' }),
  { deep: [{ at: undefined }] },
  { '\ud800': 'key' },
  JSON.parse('{"__proto__": 1}'),
  nested(MAX_PLAIN_DEPTH + 1),
  cycle(),
].map((message) => ({ message }));

function nested(depth: number): unknown {
  let value: unknown = 'bottom';
  for (let i = 0; i < depth; i += 1) value = i % 2 === 0 ? [value] : { value };
  return value;
}

function cycle(): unknown {
  const self: unknown[] = [];
  self.push(self);
  return self;
}
