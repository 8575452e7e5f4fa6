/** The whole app in one process: the store, the door for pages, the server and its page. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { nodeFileSystem } from '@ds/storage/node';
import { openLsmStore } from '@ds/storage-lsm';
import { openClientDoor } from '@ds/transport-ws';
import { MAX_MESSAGE_BYTES } from './note-messages.ts';
import { NoteServer } from './note-server.ts';
import { NoteStore } from './note-store.ts';
import { PageServer } from './page-server.ts';
import { VisitorTokens } from './visitor-tokens.ts';

const NODE = 'notes';

export interface NotesOptions {
  readonly directory: string;
  readonly webDirectory: string;
  /** The page's port; 0 for a free one. @default 0 */
  readonly port?: number;
  /** The door's port; 0 for a free one. @default 0 */
  readonly doorPort?: number;
  /** The disk has failed: nothing more can be kept. */
  readonly onFailure: (error: unknown) => void;
}

export interface Notes {
  readonly url: string;
  readonly doorPort: number;
  readonly text: string;
  status(): ReturnType<NoteServer['status']> & { readonly visitors: number };
  close(): Promise<void>;
}

/** Resolves when pages can be loaded. */
export async function openNotes({
  directory,
  webDirectory,
  port = 0,
  doorPort = 0,
  onFailure,
}: NotesOptions): Promise<Notes> {
  mkdirSync(directory, { recursive: true });
  const opened: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    for (let end = opened.pop(); end !== undefined; end = opened.pop()) await end();
  };
  try {
    const fileSystem = nodeFileSystem();
    const engine = await openLsmStore({ directory: join(directory, 'store'), fileSystem });
    opened.push(() => engine.close());
    const store = new NoteStore({ store: engine, onFailure });
    const tokens = VisitorTokens.open(directory);
    const door = await openClientDoor({
      self: NODE,
      listen: { port: doorPort },
      maxMessageBytes: MAX_MESSAGE_BYTES,
      authenticate: (token) => {
        const id = tokens.identityOf(token);
        return id === undefined ? undefined : { id };
      },
    });
    opened.push(() => door.close());
    const server = new NoteServer({ door, store });
    opened.push(async () => server.close());
    const address = `ws://127.0.0.1:${door.port}`;
    const page = await PageServer.listen({ webDirectory, port, node: NODE, door: address, tokens });
    opened.push(() => page.close());
    return {
      url: page.url,
      doorPort: door.port,
      get text() {
        return store.text.toString();
      },
      status: () => ({ ...server.status(), visitors: [...door.peers()].length }),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
