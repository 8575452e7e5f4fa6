/** Who sits at this page: a name that can be changed and is remembered, and a colour. */
import { COLOURS, MAX_NAME_LENGTH, type Visitor } from '../../src/note-messages.ts';

const REMEMBERED = 'notes.name';
const NAMES = ['Otter', 'Heron', 'Badger', 'Wren', 'Lynx', 'Newt', 'Robin', 'Marten'];

/** `draw` is any whole number, such as this copy's number: it chooses name and colour. */
export function rememberedVisitor(draw: number): Visitor {
  const name = localStorage.getItem(REMEMBERED) ?? NAMES[draw % NAMES.length] ?? 'Somebody';
  return {
    name: name.slice(0, MAX_NAME_LENGTH),
    colour: Math.floor(draw / NAMES.length) % COLOURS,
  };
}

export function rename(visitor: Visitor, name: string): Visitor {
  const trimmed = name.trim().slice(0, MAX_NAME_LENGTH) || 'Somebody';
  localStorage.setItem(REMEMBERED, trimmed);
  return { ...visitor, name: trimmed };
}
