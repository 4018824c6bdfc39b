/**
 * Text to embedding, by whichever encoder the bundle names.
 *
 * A kind only turns text into a raw vector; preparing the text, checking the dimension, and the
 * normalisation and scale that the manifest asks for are done here, once, for all of them. The
 * result is what the graph takes as `embedding` and what a client may send instead of a description.
 */

import type { Bundle } from '../bundle/bundle.ts';
import type { Manifest } from '../bundle/manifest.ts';
import { T2lError } from '../contract/errors.ts';
import { createHttpEncoder, type HttpEncoderOptions } from './http.ts';
import { createOnnxEncoder } from './onnx.ts';
import { createWorkersAiEncoder, type TextEmbedder } from './workers-ai.ts';

/** Turns a normalised description into the hypernetwork's input. */
export interface Encoder {
  encode(text: string): Promise<Float32Array>;
}

/** What a kind of encoder provides: the vector of a text, before normalisation and scale. */
export type RawEncoder = (text: string) => Promise<ArrayLike<number>>;

/** What the environment offers to encoders that do not run here. */
export interface EncoderServices {
  /** The Workers AI binding, for bundles of kind `workers-ai`. */
  readonly ai?: TextEmbedder | undefined;
  /** The embedding service, for bundles of kind `http`. */
  readonly http?: HttpEncoderOptions | undefined;
}

/**
 * The encoder of a bundle.
 *
 * @throws T2lError `description_unsupported` if the bundle takes embeddings only,
 *   `encoder_not_configured` if the environment lacks what its encoder needs
 */
export async function loadEncoder(bundle: Bundle, services: EncoderServices): Promise<Encoder> {
  const { encoder } = bundle.manifest;
  const raw = await rawEncoder(bundle, services);
  return {
    async encode(text) {
      return finish(encoder, await raw(encoderText(encoder, text)));
    },
  };
}

/** The very text that an encoder reads for a normalised description. */
export function encoderText(
  { template, ending }: Manifest['encoder'],
  description: string,
): string {
  const ended =
    ending === 'full-stop' && /\p{L}$/u.test(description) ? `${description}.` : description;
  return template.replaceAll('{description}', () => ended);
}

async function rawEncoder(bundle: Bundle, { ai, http }: EncoderServices): Promise<RawEncoder> {
  const { encoder, name } = bundle.manifest;
  switch (encoder.kind) {
    case 'onnx':
      return createOnnxEncoder(bundle, encoder);
    case 'workers-ai':
      return createWorkersAiEncoder(encoder, configured(ai, name, 'the Workers AI binding AI'));
    case 'http':
      return createHttpEncoder(
        encoder,
        configured(http, name, 'ENCODER_URL, the URL of an embedding service'),
      );
    case 'given':
      throw new T2lError(
        'description_unsupported',
        `${name} takes no description: send "embedding", ${encoder.dim} numbers from ${encoder.model}.`,
      );
  }
}

function configured<T>(service: T | undefined, name: string, what: string): T {
  if (service === undefined) {
    throw new T2lError(
      'encoder_not_configured',
      `The encoder of ${name} needs ${what}, which is not set.`,
    );
  }
  return service;
}

function finish(encoder: Manifest['encoder'], raw: ArrayLike<number>): Float32Array {
  if (raw.length !== encoder.dim) {
    throw new T2lError(
      'encoder_answer_invalid',
      `The encoder ${encoder.model} gave ${raw.length} numbers where ${encoder.dim} are expected.`,
    );
  }
  let squares = 0;
  for (let i = 0; i < raw.length; i++) {
    squares += (raw[i] as number) ** 2;
  }
  const length = Math.sqrt(squares);
  if (!Number.isFinite(length) || length === 0) {
    throw new T2lError(
      'encoder_answer_invalid',
      `The encoder ${encoder.model} gave a vector that is zero or not finite.`,
    );
  }
  const factor = encoder.scale / (encoder.normalize ? length : 1);
  return Float32Array.from(raw, (value) => value * factor);
}
