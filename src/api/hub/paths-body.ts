/** The body of paths-info: Python sends a form, JavaScript sends JSON. */
import type * as z from 'zod';
import { parse } from '../../contract/parse.ts';
import { readBody, readLimited } from '../body.ts';
import { pathsBodySchema } from './parameters.ts';

const FORM = 'application/x-www-form-urlencoded';

/** The paths that are asked for. */
export async function readPaths(request: Request): Promise<z.output<typeof pathsBodySchema>> {
  const type = request.headers.get('content-type')?.split(';', 1)[0]?.trim().toLowerCase();
  if (type !== FORM) {
    return readBody(request, pathsBodySchema);
  }
  const form = new URLSearchParams(new TextDecoder().decode(await readLimited(request)));
  return parse(pathsBodySchema, { paths: form.getAll('paths'), expand: form.get('expand') });
}
