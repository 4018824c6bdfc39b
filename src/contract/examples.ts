/**
 * The descriptions that people are shown, in the banner, the API page and the README. They are for
 * t2l-mini; test/pipeline/examples.test.ts makes their adapters and asks its base model with each.
 */

/** What is shown first. */
export const EXAMPLE = 'Reverse the order of the words.';

/** What is shown beside it. */
export const ANOTHER_EXAMPLE = 'Sort the words from a to z.';
