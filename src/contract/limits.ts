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
 * The index of texts names the rows to look into, but it knows no text of one or two characters, and no
 * licence; D1 does one thing at a time and bills every row that is read, whoever asks: these take it milliseconds.
 */
export const SEARCHED_ROWS = 2_000;

/** Characters of the search text `q`. */
export const MAX_SEARCH_CHARACTERS = 200;

/** Characters of a bundle's name: one fewer than a digest has, so that the two cannot be confused. */
export const MAX_NAME_CHARACTERS = 63;
export const MAX_BASE_MODEL_CHARACTERS = 200;

/** Characters of the name of a token, which people read in a list. */
export const MAX_TOKEN_NAME_CHARACTERS = 100;
/** Ten years: whoever wants more means a token that does not expire. */
export const MAX_TOKEN_DAYS = 3650;
/** More than one token can have made in a day, by any arithmetic. */
export const MAX_DAILY_ADAPTERS = 1_000_000;

/** Characters of the reason for an activation: a sentence and a link. Lists show it on one line. */
export const MAX_REASON_CHARACTERS = 500;

/** Activations that a hypernetwork's document shows; the rows of all of them stay. */
export const SHOWN_ACTIVATIONS = 20;

/** Requests of a batch: some ten seconds of making, and less than the largest body. */
export const MAX_BATCH = 64;
