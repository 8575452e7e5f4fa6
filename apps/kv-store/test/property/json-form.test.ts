import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KvError } from '../../src/errors.ts';
import { batchFromJson, entryFromJson, entryToJson, operationToJson } from '../../src/json-form.ts';
import { percentDecode, percentEncode } from '../../src/percent-encoding.ts';

const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  fc.string({ unit: 'grapheme' }).map((text) => Uint8Array.from(Buffer.from(text))),
);

describe('bytes in JSON and in URLs', () => {
  it('come back as they were, UTF-8 or not', () => {
    fc.assert(
      fc.property(bytes, bytes, fc.nat(), (key, value, version) => {
        const entry = entryFromJson(
          JSON.parse(JSON.stringify(entryToJson({ key, value, version }))),
        );
        expect(Buffer.compare(entry.key, key)).toBe(0);
        expect(Buffer.compare(entry.value, value)).toBe(0);
        expect(entry.version).toBe(version);
      }),
    );
    fc.assert(
      fc.property(bytes, (it) => {
        expect(Buffer.compare(percentDecode(percentEncode(it)), it)).toBe(0);
        expect(Buffer.compare(percentDecode(percentEncode(it), true), it)).toBe(0);
        const viaJson = JSON.parse(
          JSON.stringify({ operations: [operationToJson({ type: 'put', key: it, value: it })] }),
        );
        const [operation] = batchFromJson(viaJson);
        expect(operation?.type === 'put' && Buffer.compare(operation.value, it)).toBe(0);
      }),
    );
  });

  it('are read as URLSearchParams and encodeURIComponent write them', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme' }).filter((text) => text.isWellFormed()),
        (text) => {
          const [, form] = new URLSearchParams([['x', text]]).toString().split('=', 2);
          expect(Buffer.from(percentDecode(form!, true)).toString()).toBe(text);
          expect(Buffer.from(percentDecode(encodeURIComponent(text))).toString()).toBe(text);
        },
      ),
    );
  });

  it('are refused with KV_BAD_REQUEST when malformed, whatever the JSON', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (json) => {
        try {
          batchFromJson({ operations: [json] });
          throw new Error('no random value is a whole operation');
        } catch (error) {
          expect(error).toBeInstanceOf(KvError);
          expect((error as KvError).code).toBe('KV_BAD_REQUEST');
        }
      }),
    );
    for (const text of ['%', '%4', '%G0', 'a%zz']) {
      expect(() => percentDecode(text)).toThrow(KvError);
    }
  });
});
