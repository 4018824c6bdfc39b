import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import type { Bundle } from '../../src/bundle/bundle.ts';
import type { Manifest } from '../../src/bundle/manifest.ts';
import type { HttpEncoderOptions } from '../../src/encoder/http.ts';
import { loadEncoder } from '../../src/encoder/index.ts';
import { smallManifest } from '../fixtures/manifest.ts';

type Answer = (request: { path: string; body: unknown; headers: IncomingMessage['headers'] }) =>
  | {
      status?: number;
      body: string;
      location?: string;
    }
  | undefined;

let server: Server | undefined;

afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

/** A real embedding service on a free port; no answer means it hangs. */
async function serve(answer: Answer): Promise<string> {
  server = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request) {
      text += chunk;
    }
    const { url = '', headers, method } = request;
    expect(method).toBe('POST');
    const result = answer({ path: url, body: JSON.parse(text), headers });
    if (result !== undefined) {
      const { status = 200, location } = result;
      response.writeHead(status, {
        'content-type': 'application/json',
        ...(location && { location }),
      });
      response.end(result.body);
    }
  });
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function bundleWith(encoder: Partial<Manifest['encoder']>): Bundle {
  const manifest = smallManifest();
  manifest.encoder = { ...manifest.encoder, kind: 'http', ...encoder } as Manifest['encoder'];
  return { manifest, digest: '', read: () => Promise.reject(new Error('nothing to read')) };
}

async function encode(
  http: HttpEncoderOptions,
  encoder: Partial<Manifest['encoder']> = {},
): Promise<number[]> {
  const loaded = await loadEncoder(bundleWith(encoder), { http });
  return [...(await loaded.encode('reverse it'))];
}

test('the OpenAI dialect', async () => {
  const url = await serve(({ path, body, headers }) => {
    expect(path).toBe('/base/v1/embeddings');
    expect(body).toEqual({
      model: 'some/encoder',
      input: ['reverse it'],
      encoding_format: 'float',
    });
    expect(headers.authorization).toBe('Bearer secret');
    return {
      body: JSON.stringify({
        object: 'list',
        data: [{ object: 'embedding', index: 0, embedding: [3, 0, 4] }],
        usage: { prompt_tokens: 2 },
      }),
    };
  });
  expect(await encode({ url: `${url}/base/`, token: 'secret' })).toEqual(
    [0.6, 0, 0.8].map(Math.fround),
  );
});

test('the dialect of text-embeddings-inference, with template and scale, not normalised', async () => {
  const url = await serve(({ path, body, headers }) => {
    expect(path).toBe('/embed');
    expect(body).toEqual({ inputs: ['query: reverse it!'], normalize: false, truncate: true });
    expect(headers.authorization).toBeUndefined();
    return { body: '[[3,0,4]]' };
  });
  const spec = { template: 'query: {description}!', normalize: false, scale: 2 };
  expect(await encode({ url, dialect: 'tei' }, spec)).toEqual([6, 0, 8]);
});

test.each([
  ['another dimension', '[[1,2]]', /2 numbers where 3/],
  ['two vectors', '[[1,2,3],[1,2,3]]', /other than one vector/],
  ['text in the vector', '[["1",2,3]]', /other than one vector/],
  ['a null', '[[1,null,3]]', /other than one vector/],
  ['an object', '{"error":"no"}', /other than one vector/],
  ['something that is not JSON', '<html>', /other than one vector/],
  ['a vector of zeros', '[[0,0,0]]', /zero or not finite/],
  ['numbers too large to measure', '[[1e300,1,1]]', /zero or not finite/],
])('an answer with %s is refused', async (_case, body, message) => {
  const url = await serve(() => ({ body }));
  const answer = encode({ url, dialect: 'tei' });
  await expect(answer).rejects.toThrow(
    expect.objectContaining({ code: 'encoder_answer_invalid', status: 502 }),
  );
  await expect(answer).rejects.toThrow(message);
});

test('a failing service is named with its status and the beginning of its answer', async () => {
  const url = await serve(() => ({ status: 503, body: 'overloaded '.repeat(100) }));
  const answer = encode({ url, quoting: true });
  await expect(answer).rejects.toThrow(
    expect.objectContaining({ code: 'encoder_unavailable', status: 502 }),
  );
  await expect(answer).rejects.toThrow(/answered 503: overloaded/);
});

test('the public is told that the service fails, not what it says or where it is', async () => {
  const url = await serve(() => ({ status: 401, body: 'Incorrect API key provided: sk-abc' }));
  const secret = /sk-abc|127\.0\.0\.1|s3cret/;
  for (const one of [url, 'http://127.0.0.1:9', 'user:s3cret@embeddings.internal']) {
    const error = await encode({ url: one }).catch((cause: unknown) => String(cause));
    expect(error).toMatch(/encoder_/);
    expect(error).not.toMatch(secret);
  }
});

test('a service that does not answer in time', async () => {
  const url = await serve(() => undefined);
  await expect(encode({ url, timeoutMs: 50 })).rejects.toThrow(
    expect.objectContaining({ code: 'encoder_timeout', status: 504 }),
  );
});

test.each([301, 302, 303, 307, 308])(
  'a redirect (%i) is not followed, with the token or without',
  async (status) => {
    let asked = 0;
    const url = await serve(({ path }) => {
      asked += 1;
      return path === '/elsewhere'
        ? { body: '[[3,0,4]]' }
        : { status, location: '/elsewhere', body: '' };
    });
    for (const token of ['secret', undefined]) {
      const answer = encode({ url, dialect: 'tei', token });
      await expect(answer).rejects.toThrow(
        expect.objectContaining({ code: 'encoder_unavailable', status: 502 }),
      );
      await expect(answer).rejects.toThrow(
        `a redirect (${status}), which is not followed; ENCODER_URL must be the address that answers itself`,
      );
    }
    expect(asked).toBe(2);
  },
);

test('a service that is not there', async () => {
  const url = await serve(() => ({ body: '' }));
  server?.close();
  await expect(encode({ url })).rejects.toThrow(
    expect.objectContaining({ code: 'encoder_unavailable', status: 502 }),
  );
});

test('an endpoint without a service says what it lacks', async () => {
  await expect(loadEncoder(bundleWith({}), {})).rejects.toThrow(
    expect.objectContaining({ code: 'encoder_not_configured', status: 503 }),
  );
});

test('a bundle that takes embeddings only says which', async () => {
  const given = loadEncoder(bundleWith({ kind: 'given' }), {});
  await expect(given).rejects.toThrow(
    expect.objectContaining({ code: 'description_unsupported', status: 400 }),
  );
  await expect(given).rejects.toThrow(/3 numbers from some\/encoder/);
});
