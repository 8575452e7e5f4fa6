/** The note on disk: what is told to be saved is there after a power cut, folded or not. */
import { Text } from '@ds/crdt';
import { MemoryFileSystem, MemoryStore } from '@ds/storage/memory';
import { openLsmStore } from '@ds/storage-lsm';
import { describe, expect, it } from 'vitest';
import { NoteStore } from '../../src/note-store.ts';

function onFailure(error: unknown): never {
  throw error;
}

describe('a note on disk', () => {
  it('is whole after each of 1,500 edits, over a fold and restarts at every hundredth', async () => {
    const fileSystem = new MemoryFileSystem();
    const open = () => openLsmStore({ directory: 'note', fileSystem });
    let engine = await open();
    let note = new NoteStore({ store: engine, onFailure });
    const text = new Text({ replica: 7 });
    for (let edit = 1; edit <= 1_500; edit += 1) {
      const update =
        edit % 5 === 0
          ? text.delete((edit * 7) % text.length)
          : text.insert((edit * 31) % edit, 'x');
      note.apply(update);
      await note.saved();
      if (edit % 100 !== 0) continue;
      await engine.close();
      engine = await open();
      note = new NoteStore({ store: engine, onFailure });
      expect(note.text.toString()).toBe(text.toString());
      expect(note.text.known()).toEqual(text.known());
    }
    // Folding keeps what lies beside the note small.
    expect([...engine.range()].length).toBeLessThan(1_001);
    await engine.close();
  });

  it('keeps what waits for an edit that has not arrived, and the honest part of a bad update', async () => {
    const store = new MemoryStore();
    const text = new Text({ replica: 7 });
    const [first, second, third] = [
      text.insert(0, 'one '),
      text.insert(4, 'two '),
      text.insert(8, 'three'),
    ];
    const note = new NoteStore({ store, onFailure });
    note.apply(second);
    // Well formed, and inserts at position 100 of nothing.
    const impossible = [0x8c, 9, 0, 0, 0xc8, 0x01, 0x78];
    expect(() => note.apply(Uint8Array.of(...first, ...impossible))).toThrow('at 100 of');
    expect(note.text.toString()).toBe('one two ');
    await note.saved();
    const again = new NoteStore({ store, onFailure });
    expect(again.text.toString()).toBe('one two ');
    again.apply(third);
    expect(again.text.toString()).toBe(text.toString());
  });
});
