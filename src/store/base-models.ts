/**
 * The files of base models that somebody put into the bucket of hypernetworks, for the page to run them:
 * one GGUF file each, and beside it a note of its size and sha256, because an object that a command put
 * there has none. `npm run base-model` writes both, the note last.
 *
 *   base-models/<owner>/<name>/model.gguf
 *   base-models/<owner>/<name>/model.json   {"bytes": ..., "sha256": "..."}
 */
import * as z from 'zod';
import { HEX_64 } from '../contract/hex.ts';
import type { ByteRange } from './blobs.ts';
import { steady } from './steady.ts';

/** The file of a base model. */
export const BASE_MODEL_FILE = 'model.gguf';
const NOTE_FILE = 'model.json';
/** As the Hugging Face Hub names owners and models. */
const ID = /^[A-Za-z0-9_][\w.-]{0,95}\/[A-Za-z0-9_][\w.-]{0,95}$/;

/** What is known of a file. */
export const baseModelNoteSchema = z.object({
  bytes: z.int().positive(),
  sha256: z.string().regex(new RegExp(`^${HEX_64}$`)),
});

/** What is known of a file. */
export type BaseModelNote = z.output<typeof baseModelNoteSchema>;

/** The files of base models. */
export interface BaseModelStore {
  /** What is known of a base model's file; null if there is none. */
  find(id: string): Promise<BaseModelNote | null>;
  /** Its bytes, or a part of them; null if they are gone, or not as many as was noted. */
  read(id: string, note: BaseModelNote, range?: ByteRange): Promise<ReadableStream | null>;
}

/** Where the file and the note of a base model lie in the bucket. */
export function baseModelKeys(id: string): { readonly file: string; readonly note: string } {
  const folder = `base-models/${id}`;
  return { file: `${folder}/${BASE_MODEL_FILE}`, note: `${folder}/${NOTE_FILE}` };
}

/** Whether a text is the id of a base model; such an id leads out of no folder. */
export function isBaseModelId(text: string): boolean {
  return ID.test(text);
}

/** Those in a bucket. */
export function baseModelStore(bucket: R2Bucket): BaseModelStore {
  const objects = steady({
    async note(id: string): Promise<string | null> {
      return (await (await bucket.get(baseModelKeys(id).note))?.text()) ?? null;
    },
    async read(
      id: string,
      { bytes }: BaseModelNote,
      range?: ByteRange,
    ): Promise<ReadableStream | null> {
      const object = await bucket.get(baseModelKeys(id).file, range ? { range } : {});
      if (object === null || object.size !== bytes) {
        await object?.body.cancel();
        return null;
      }
      return object.body;
    },
  });
  return {
    read: objects.read,
    async find(id) {
      const note = isBaseModelId(id) ? await objects.note(id) : null;
      return note === null ? null : baseModelNoteSchema.parse(JSON.parse(note));
    },
  };
}
