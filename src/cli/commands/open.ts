/** `t2l open`: the endpoint's page, in the reader's browser if there is one. */
import { T2lError } from '../../contract/errors.ts';
import { parseEndpoint } from '../../sdk/transport.ts';
import { openInBrowser } from '../browser.ts';
import type { Context } from '../options.ts';
import { endpointOf, openService } from '../service.ts';

/** Prints the address of the page, of an adapter on it if one is named, and opens it. */
export async function open(id: string | undefined, context: Context): Promise<void> {
  const { options, output, signal } = context;
  const endpoint = endpointOf(options);
  if (endpoint === undefined) {
    throw new T2lError(
      'usage_invalid',
      'The page is an endpoint\'s: name one with --endpoint or T2L_ENDPOINT; "t2l serve" starts one here.',
    );
  }
  const page = `${parseEndpoint(endpoint)}/`;
  // The page takes whole ids; that there is such an adapter is known before a browser says it is not.
  const whole =
    id === undefined ? undefined : (await (await openService(options)).adapter(id, { signal })).id;
  const url = whole === undefined ? page : `${page}#${whole}`;
  output.result({ url }, () => [url]);
  // A program that reads JSON has no use for a window.
  if (!options.json) {
    await openInBrowser(url);
  }
}
