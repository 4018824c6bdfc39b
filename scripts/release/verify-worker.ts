/**
 * The Worker that judges a bundle before it is released: the edge's own code in the edge's runtime.
 * It never leaves this machine.
 *
 * POST {name, version, digest, base}, where base is the URL of the bundle's files, answers with a report, or with the code and sentence of what is wrong.
 */

import { type BundleSource, checkBundle, openBundle } from '../../src/bundle/bundle.ts';
import type { ErrorCode } from '../../src/contract/error-codes.ts';
import { T2lError } from '../../src/contract/errors.ts';
import { wasmMemoryBytes } from '../../src/ort/session.ts';
import { isCanonical } from './canonical.ts';
import { checkGolden, type GoldenReport } from './golden.ts';

/** What was found out about a bundle that is fit for release. */
export interface VerifyReport {
  readonly files: number;
  readonly bytes: number;
  readonly golden: GoldenReport;
  readonly wasm_bytes: number;
}

/** The answer of the Worker. */
export type VerifyAnswer =
  | { readonly ok: true; readonly report: VerifyReport }
  | { readonly ok: false; readonly code: ErrorCode; readonly detail: string };

interface VerifyRequest {
  readonly name: string;
  readonly version: string;
  readonly digest: string;
  readonly base: string;
}

// biome-ignore lint/style/noDefaultExport: the entry of a Worker
export default {
  async fetch(request: Request): Promise<Response> {
    let answer: VerifyAnswer;
    try {
      answer = { ok: true, report: await verify(await request.json()) };
    } catch (error) {
      if (error instanceof T2lError) {
        answer = { ok: false, code: error.code, detail: error.detail };
      } else {
        answer = { ok: false, code: 'bundle_graph_invalid', detail: String(error) };
      }
    }
    return Response.json(answer);
  },
};

async function verify({ base, ...reference }: VerifyRequest): Promise<VerifyReport> {
  const source = httpSource(base);
  const bundle = await openBundle(source, reference);
  const manifest = await source.read(`${reference.name}/${reference.version}/manifest.json`);
  if (manifest === null || !isCanonical(manifest)) {
    throw new T2lError(
      'manifest_not_canonical',
      'The manifest must have its keys sorted, no white space and no escapes that JSON does not demand.',
    );
  }
  const files = await checkBundle(bundle);
  const listed = Object.values(bundle.manifest.files);
  return {
    files: files + 1,
    bytes: listed.reduce((sum, { bytes }) => sum + bytes, manifest.length),
    golden: await checkGolden(bundle),
    wasm_bytes: wasmMemoryBytes(),
  };
}

function httpSource(base: string): BundleSource {
  return {
    async read(path) {
      const response = await fetch(base + path);
      if (response.status === 404) {
        await response.body?.cancel();
        return null;
      }
      if (!response.ok) {
        throw new Error(`${path} cannot be read: status ${response.status}`);
      }
      return new Uint8Array(await response.arrayBuffer());
    },
  };
}
