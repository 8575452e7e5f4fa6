/**
 * Hybrid timestamps as text, the two ways in which CockroachDB writes them: for people
 * `1718000000.123,7` (seconds, then the count), and as a decimal number `1718000000123.0000000007`
 * (wall time, then the count in ten digits), which databases keep in a DECIMAL column.
 */
import { ClockError } from './errors.ts';
import { type HybridTimestamp, MAX_LOGICAL } from './hybrid-timestamp.ts';

/**
 * What `wallMs` counts, where it is not milliseconds. Numbers are exact up to 2^53: microseconds
 * since 1970 until the year 2255, nanoseconds only for 104 days.
 */
export type WallUnit = 'ms' | 'us' | 'ns';

const DIGITS: Record<WallUnit, number> = { ms: 3, us: 6, ns: 9 };
const DECIMAL_DIGITS = 10;

/** Seconds with the fraction that the unit has, and the count: `1.234,5`, `0,0`. */
export function formatTimestamp(
  { wallMs, logical }: HybridTimestamp,
  unit: WallUnit = 'ms',
): string {
  const digits = DIGITS[unit];
  const text = String(Math.abs(wallMs)).padStart(digits + 1, '0');
  const fraction = wallMs === 0 ? '' : `.${text.slice(-digits)}`;
  return `${wallMs < 0 ? '-' : ''}${text.slice(0, -digits)}${fraction},${logical}`;
}

/**
 * Reads what {@link formatTimestamp} writes; the fraction and the count may be absent.
 * @throws {ClockError} `CLOCK_MALFORMED`
 */
export function parseTimestamp(text: string, unit: WallUnit = 'ms'): HybridTimestamp {
  const parts = /^(-?)(\d+)(?:\.(\d+))?(?:,(-?\d+))?$/.exec(text);
  const [, sign, seconds = '', fraction = '', logical = '0'] = parts ?? refuse(text);
  if (fraction.length > DIGITS[unit]) refuse(text);
  const wall = Number(seconds + fraction.padEnd(DIGITS[unit], '0'));
  return checked(sign === '-' ? -wall : wall, Number(logical), text);
}

/** The wall time, and the count in ten decimals: `1718000000123.0000000007`. */
export function formatDecimalTimestamp({ wallMs, logical }: HybridTimestamp): string {
  return `${wallMs}.${String(logical).padStart(DECIMAL_DIGITS, '0')}`;
}

/**
 * Reads what {@link formatDecimalTimestamp} writes, also with trailing zeros left out.
 * @throws {ClockError} `CLOCK_MALFORMED`
 */
export function parseDecimalTimestamp(text: string): HybridTimestamp {
  const [, wall, count = ''] = /^(\d+)(?:\.(\d{1,10}))?$/.exec(text) ?? refuse(text);
  return checked(Number(wall), Number(count.padEnd(DECIMAL_DIGITS, '0')), text);
}

function checked(wallMs: number, logical: number, text: string): HybridTimestamp {
  if (!Number.isSafeInteger(wallMs) || Math.abs(logical) > MAX_LOGICAL) refuse(text);
  // Adding 0 makes 0 of -0.
  return { wallMs: wallMs + 0, logical: logical + 0 };
}

function refuse(text: string): never {
  const shown = text.length > 60 ? `${text.slice(0, 60)}...` : text;
  throw new ClockError('CLOCK_MALFORMED', `${JSON.stringify(shown)} is no hybrid timestamp`);
}
