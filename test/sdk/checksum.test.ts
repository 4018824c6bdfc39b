import { createHash } from 'node:crypto';
import { expect, onTestFinished, test } from 'vitest';
import { createClient, type T2lClient } from '../../src/sdk/index.ts';
import { type Script, startScripted } from './scripted-server.ts';

async function serve(script: Script): Promise<T2lClient> {
  const server = await startScripted(script);
  onTestFinished(() => server.close());
  return createClient({ endpoint: server.origin });
}

test('a file that is not the one of the document is refused', async () => {
  const client = await serve((_, response) => response.end('other bytes'));
  const document = {
    id: '0'.repeat(64),
    files: { 'README.md': { url: 'http://x.example/', bytes: 11, sha256: 'f'.repeat(64) } },
  };
  await expect(client.download(document, 'README.md')).rejects.toMatchObject({
    code: 'download_corrupt',
    detail: expect.stringMatching(/README\.md of 0+ has sha256 [0-9a-f]{64}, its document says f+/),
  });
});

test('a file that is made on demand must have the sha256 that the answer names', async () => {
  const digest = (body: string) =>
    `sha-256=:${createHash('sha256').update(body).digest('base64')}:`;
  const client = await serve(({ url }, response) => {
    const named = new URL(url ?? '', 'http://x').searchParams.get('layout') ?? 'none';
    const values: Record<string, string> = {
      none: digest('made bytes'),
      // Of a dictionary in which another hash comes first.
      mlx: `sha-512=:AAAA:, ${digest('made bytes')}`,
      'workers-ai': 'sha-256=:cut',
    };
    response.writeHead(200, { 'repr-digest': values[named] ?? '' }).end('made byteS');
  });
  const document = {
    id: '0'.repeat(64),
    // The stored file of that name, which has other bytes.
    files: {
      'adapter_config.json': {
        url: 'http://x.example/',
        bytes: 10,
        sha256: createHash('sha256').update('made byteS').digest('hex'),
      },
    },
  };
  const named = createHash('sha256').update('made bytes').digest('hex');
  for (const [file, layout, says] of [
    ['adapter.gguf', undefined, named],
    ['adapter_config.json', 'mlx', named],
    ['adapter_config.json', 'workers-ai', ':cut'],
  ] as const) {
    await expect(client.download(document, file, { layout })).rejects.toMatchObject({
      code: 'download_corrupt',
      status: 502,
      detail: expect.stringMatching(
        new RegExp(`^${file} of 0+ has sha256 [0-9a-f]{64}, the answer's Repr-Digest says ${says}`),
      ),
    });
  }
  // Of a stored file the document counts, whatever else is said.
  const stored = await client.download(document, 'adapter_config.json');
  expect(new TextDecoder().decode(stored)).toBe('made byteS');
});

test('a layout that was not made of the weights of the document is refused', async () => {
  const weights = 'a'.repeat(64);
  const client = await serve(({ url }, response) => {
    const layout = new URL(url ?? '', 'http://x').searchParams.get('layout');
    const origin = { mlx: weights, 'workers-ai': 'b'.repeat(64) }[layout ?? ''];
    response.writeHead(200, origin === undefined ? {} : { 't2l-weights': origin }).end('made');
  });
  const document = {
    id: '0'.repeat(64),
    files: {
      'adapter_model.safetensors': { url: 'http://x.example/', bytes: 4, sha256: weights },
    },
  };
  const made = await client.download(document, 'adapters.safetensors', { layout: 'mlx' });
  expect(new TextDecoder().decode(made)).toBe('made');
  for (const [file, layout, says] of [
    ['adapter.gguf', undefined, 'does not say of which'],
    ['adapter_model.safetensors', 'workers-ai', 'says of those of sha256 b+'],
  ] as const) {
    await expect(client.download(document, file, { layout })).rejects.toMatchObject({
      code: 'download_corrupt',
      detail: expect.stringMatching(new RegExp(`${file} of 0+ is made of .* a+; .*${says}`)),
    });
  }
});

test('without Repr-Digest only what is made on demand is taken as it comes', async () => {
  const client = await serve((_, response) => response.end('some bytes'));
  const document = { id: '0'.repeat(64), files: {} };
  for (const [file, layout] of [
    ['adapter.gguf', undefined],
    ['adapter_config.json', 'mlx'],
  ] as const) {
    const bytes = await client.download(document, file, { layout });
    expect(new TextDecoder().decode(bytes)).toBe('some bytes');
  }
  for (const layout of [undefined, 'peft'] as const) {
    await expect(client.download(document, 'README.md', { layout })).rejects.toMatchObject({
      code: 'download_corrupt',
      detail: expect.stringMatching(/README\.md of 0+ cannot be checked/),
    });
  }
});
