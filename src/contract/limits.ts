/** Every bound the endpoint puts on what it is given, each with its reason. */

/**
 * The largest lawful body is an embedding: MAX_EMBEDDING_DIM numbers of at most 25 characters, about
 * 100 kB. Anything larger is a mistake, and reading it would only cost memory (128 MB an isolate).
 */
export const MAX_BODY_BYTES = 128 * 1024;

/** The widest text encoders in use give 4,096 numbers. */
export const MAX_EMBEDDING_DIM = 4096;

/**
 * Code points of a description after normalisation. Encoders read a few hundred tokens; 2,000
 * characters are more than any of them uses, and a task that needs more is not one sentence.
 */
export const MAX_DESCRIPTION_CHARACTERS = 2000;

/**
 * Bounds of the size of `strength`, and the steps between them: 160 sizes. Above 8 an update leaves the
 * range in which any adapter was ever measured; one that is rounded to 0 does nothing, and an adapter of
 * zeros is a mistake of the caller. Half a step changes no answer that anyone measured, and without
 * steps every digit that somebody typed would be an adapter of its own, with files of its own. Negative
 * strengths are lawful: they push away from the task.
 */
export const MAX_STRENGTH = 8;
export const STRENGTH_STEPS_A_UNIT = 20;
export const MIN_STRENGTH = 1 / STRENGTH_STEPS_A_UNIT;

/** Hex digits of a short adapter id: 48 bits, so a clash needs some ten million adapters. */
export const MIN_ID_PREFIX = 12;

/** Adapters in one page of the list; a document is about 2 kB, so the largest page is 200 kB. */
export const MAX_PAGE = 100;
export const DEFAULT_PAGE = 20;

/**
 * Rows that one page of a search looks through; a page that ends there says where the next one begins.
 * No index helps a search within text, and D1 bills every row that is read, whoever asks.
 */
export const SEARCHED_ROWS = 10_000;

/** Characters of the search text `q`. */
export const MAX_SEARCH_CHARACTERS = 200;

/** Characters of a bundle's name: one fewer than a digest has, so that the two cannot be confused. */
export const MAX_NAME_CHARACTERS = 63;
export const MAX_BASE_MODEL_CHARACTERS = 200;
