/** The page: puts the text, the editor, the transport and the words around them together. */
import './style/page.css';
import './style/editor.css';
import { systemClock } from '@ds/clock';
import { Text } from '@ds/crdt';
import { decodeSyncMessage, Replicator } from '@ds/crdt/sync';
import { openBrowserTransport } from '@ds/transport-ws/browser';
import {
  decodeSavingAnswer,
  EXCHANGE_MS,
  MAX_MESSAGE_BYTES,
  NOTE_CHANNEL,
  SAVING_CHANNEL,
} from '../../src/note-messages.ts';
import type { Welcome } from '../../src/page-server.ts';
import { NetworkSwitch } from './network-switch.ts';
import { NoteEditor } from './note-editor.ts';
import { PresenceChannel } from './presence-channel.ts';
import { find, type LinkState, StatusLine } from './status-line.ts';
import { UnsavedEdits } from './unsaved-edits.ts';
import { rememberedVisitor, rename } from './visitor.ts';

function start({ node, door, identity, token }: Welcome): void {
  const replica = 1 + Math.floor(Math.random() * (2 ** 32 - 1));
  const text = new Text({ replica });
  const network = new NetworkSwitch();
  const status = new StatusLine();
  let visitor = rememberedVisitor(replica);
  const unsaved = new UnsavedEdits(text, localStorage);
  let full = false;
  let isUp = false;

  const transport = openBrowserTransport({
    self: `${identity}/${replica}`,
    nodes: { [node]: door },
    token,
    WebSocket: network.WebSocket,
    maxMessageBytes: MAX_MESSAGE_BYTES,
  });
  const replicator = new Replicator({
    replicated: text,
    channel: transport.channel(NOTE_CHANNEL, decodeSyncMessage),
    neighbours: transport,
    clock: systemClock,
    exchangeMs: EXCHANGE_MS,
  });
  const saving = transport.channel<unknown>(SAVING_CHANNEL, decodeSavingAnswer);
  saving.onMessage((_from, answer) => {
    const { replica: of, saved, full: isFull } = answer as ReturnType<typeof decodeSavingAnswer>;
    full = isFull;
    unsaved.saved(of, saved);
    showSaving();
  });
  const editor = new NoteEditor({
    parent: find('.sheet'),
    text,
    edited: () => {
      replicator.changed();
      unsaved.keep();
      showSaving();
    },
    selected: () => presence.tell(),
  });
  const presence = new PresenceChannel({
    text,
    transport,
    visitor: () => visitor,
    selection: () => editor.selection,
    changed: () => showPeople(),
  });

  const linkState = (): LinkState => (network.isCut ? 'cut' : isUp ? 'up' : 'connecting');
  const showSaving = (): void => {
    status.showSaving({ link: linkState(), unsaved: unsaved.count, full, kept: unsaved.isKept });
  };
  const showPeople = (): void => {
    const others = presence.others();
    status.showPeople(visitor, isUp ? others : []);
    editor.show(isUp ? others : []);
  };
  const showLink = (): void => {
    status.showLink(linkState());
    showSaving();
    showPeople();
  };

  transport.onPeer(({ kind, peer }) => {
    isUp = kind === 'up';
    if (isUp) for (const asked of unsaved.replicas) saving.send(peer, { replica: asked });
    showLink();
  });
  text.onChange((_change, origin) => {
    status.showSize(text.toString());
    // A moment later the editor shows the change, and cursors can be drawn on it.
    if (origin === 'remote') queueMicrotask(showPeople);
  });
  find('.cut').addEventListener('click', () => {
    if (network.isCut) network.heal();
    else network.cut();
    if (!network.isCut) transport.reconnect();
    showLink();
    editor.focus();
  });
  const name = find('.name input') as HTMLInputElement;
  name.value = visitor.name;
  name.addEventListener('input', () => {
    visitor = rename(visitor, name.value);
    presence.tell();
    showPeople();
  });

  // What pages before this one could not send goes with the next update.
  unsaved.restore();
  // For whoever drives the page from outside: the whole note, also what is scrolled out of sight.
  Object.assign(globalThis, { noteText: () => text.toString() });
  status.showSize('');
  showLink();
  editor.focus();
}

const response = await fetch('./visit', { method: 'POST' });
if (!response.ok) throw new Error(`the server answered ${response.status}`);
start((await response.json()) as Welcome);
