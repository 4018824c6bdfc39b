/**
 * What the driver of traffic knows: the adapters that it had made, and of each what it was given first. Every
 * later answer must have the same bytes.
 *
 * A description that one adapter of was removed is never sent again: it would bring the adapter back, with another
 * date, while others still ask whether it is gone.
 */
import { createHash } from 'node:crypto';
import type { AdapterDocument } from '../../../src/sdk/index.ts';

/** An adapter and what its answers must be. */
export interface KnownAdapter {
  readonly document: AdapterDocument;
  /** Path of an answer -> its body, as it was read first. */
  readonly bodies: Map<string, Buffer>;
  /** A removal has begun: an answer may be that there is none. */
  leaving: boolean;
  /** It ended: no answer may be another. */
  gone: boolean;
}

/** What has become of a description. */
interface Description {
  /** Requests with it at this moment: as long as there are any, none of its adapters is removed. */
  asking: number;
  retired: boolean;
}

/** The adapters, and those that are there as a list to draw from. */
export class Known {
  readonly present: KnownAdapter[] = [];
  readonly gone: KnownAdapter[] = [];
  /** Ids whose files are not those that the document had before. */
  readonly changed: string[] = [];
  readonly #byId = new Map<string, KnownAdapter>();
  readonly #descriptions = new Map<string, Description>();

  /** How many adapters there ever were. */
  get made(): number {
    return this.#byId.size;
  }

  /** Notes a document that a request for an adapter got. */
  note(document: AdapterDocument): void {
    const before = this.#byId.get(document.id);
    if (before === undefined) {
      const adapter = { document, bodies: new Map(), leaving: false, gone: false };
      this.#byId.set(document.id, adapter);
      this.present.push(adapter);
    } else if (filesOf(before.document) !== filesOf(document)) {
      this.changed.push(document.id);
    }
  }

  /** Whether its description may be sent again. */
  mayAsk(adapter: KnownAdapter): boolean {
    return !this.#descriptionOf(adapter).retired;
  }

  /** Does work that sends the descriptions of adapters, which are not removed meanwhile. */
  async asking<T>(adapters: readonly KnownAdapter[], work: () => Promise<T>): Promise<T> {
    const descriptions = adapters.map((one) => this.#descriptionOf(one));
    for (const one of descriptions) {
      one.asking++;
    }
    try {
      return await work();
    } finally {
      for (const one of descriptions) {
        one.asking--;
      }
    }
  }

  /** Takes an adapter from those that are read, before it is removed; false if that must not be now. */
  leave(adapter: KnownAdapter): boolean {
    const description = this.#descriptionOf(adapter);
    if (description.asking > 0) {
      return false;
    }
    description.retired = true;
    adapter.leaving = true;
    this.present.splice(this.present.indexOf(adapter), 1);
    return true;
  }

  /** It is removed. */
  remove(adapter: KnownAdapter): void {
    adapter.gone = true;
    this.gone.push(adapter);
  }

  #descriptionOf({ document }: KnownAdapter): Description {
    const text = document.description ?? '';
    const known = this.#descriptions.get(text) ?? { asking: 0, retired: false };
    this.#descriptions.set(text, known);
    return known;
  }
}

/** sha256 in hex. */
export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function filesOf({ files }: AdapterDocument): string {
  return JSON.stringify(
    Object.entries(files).map(([name, file]) => [name, file.bytes, file.sha256]),
  );
}
