/**
 * Asking a service of the operator's own: one POST of JSON, with a bearer token if it wants one. Text of
 * users and the token are for the one address that the operator wrote down, so a redirect is not followed:
 * `fetch` would carry the body on, and within an origin the token, wherever the service says.
 */

/** A vector of 4,096 numbers as JSON has them takes a tenth of this. */
const MOST_CHARACTERS = 1_000_000;

/** What to ask, and whom. */
export interface Question {
  readonly url: string;
  readonly body: unknown;
  /** Sent as a bearer token. */
  readonly token: string | undefined;
  /** Milliseconds until the whole answer must be there. */
  readonly timeoutMs: number;
  /** In place of the global `fetch`. */
  readonly fetch?: typeof fetch | undefined;
}

/** What became of a question. */
export type Reply =
  | { readonly kind: 'answer'; readonly status: number; readonly body: string }
  | { readonly kind: 'redirect'; readonly status: number }
  | { readonly kind: 'late' }
  | { readonly kind: 'unreachable'; readonly cause: unknown };

/** Asks once; whatever comes of it, also nothing, is the reply. */
export async function ask({ url, body, token, timeoutMs, fetch: given }: Question): Promise<Reply> {
  // Called as a plain function: workerd refuses a fetch that is called as a method.
  const send = given ?? ((...args: Parameters<typeof fetch>) => fetch(...args));
  try {
    const response = await send(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(token ? { authorization: `Bearer ${token}` } : {}),
      },
      body: JSON.stringify(body),
      // Not `error`, which workerd does not have.
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutMs),
    });
    const { status } = response;
    if (status >= 300 && status <= 399) {
      await response.body?.cancel();
      return { kind: 'redirect', status };
    }
    return { kind: 'answer', status, body: await textOf(response) };
  } catch (cause) {
    const late = cause instanceof Error && cause.name === 'TimeoutError';
    return late ? { kind: 'late' } : { kind: 'unreachable', cause };
  }
}

/** The text of an answer, as far as a service has reason to go. */
async function textOf({ body }: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > MOST_CHARACTERS) {
      throw new Error(`the answer has more than ${MOST_CHARACTERS} characters`);
    }
  }
  return text + decoder.decode();
}

/** The value that a text is in JSON; undefined if it is none. */
export function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Whether a setting is an address that can be asked. */
export function isHttpAddress(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}
