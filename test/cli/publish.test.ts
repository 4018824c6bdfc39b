import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { t2l, temporaryFolder } from './command.ts';

const ACCOUNT = '0123456789abcdef'.repeat(2);
const MODEL = '@cf/meta-llama/llama-2-7b-chat-hf-lora';
const TOKEN = 'a-secret-token';

interface Upload {
  readonly path: string;
  readonly authorization: string | undefined;
  readonly body: Buffer;
}

test('publish creates the fine-tune once, uploads both files and keeps the token to itself', async () => {
  const cwd = temporaryFolder();
  const made = await t2l(
    [
      'generate',
      'Reverse the words',
      '--data',
      'data',
      '--layout',
      'workers-ai',
      '--out',
      'out',
      '--json',
    ],
    { cwd },
  );
  const { id, files } = JSON.parse(made.stdout);
  const { origin, uploads, created } = await startCloudflare();
  const args = ['publish', 'workers-ai', id, '--account', ACCOUNT, '--model', MODEL];
  const options = { cwd, env: { CLOUDFLARE_API_TOKEN: TOKEN } };
  const run = await t2l([...args, '--data', 'data', '--api', origin, '--json'], options);
  expect(run).toMatchObject({ code: 0, stderr: '' });
  expect(JSON.parse(run.stdout)).toMatchObject({ model: MODEL, created: true });
  const again = await t2l([...args, '--data', 'data', '--api', origin], options);
  expect(again.stdout).toContain('existed');
  expect(created).toHaveLength(1);
  expect(uploads.map(({ authorization }) => authorization)).toEqual(
    uploads.map(() => `Bearer ${TOKEN}`),
  );
  for (const name of Object.keys(files)) {
    expect(
      uploads.some(({ body }) => body.includes(name)),
      name,
    ).toBe(true);
  }
  expect(run.stdout + again.stdout).not.toContain(TOKEN);
  const wrong = await t2l([...args, '--data', 'data', '--api', 'http://127.0.0.1:1'], options);
  expect(wrong.code).toBe(4);
  expect(wrong.stderr).not.toContain(TOKEN);
});

/** As much of Cloudflare's API as one fine-tune needs; it keeps what it is sent. */
async function startCloudflare() {
  const uploads: Upload[] = [];
  const created: { id: string; name: string; model: string; description: string }[] = [];
  const server = createServer(async (request, response) => {
    const body = await bodyOf(request);
    const { method, url = '' } = request;
    let result: unknown = {};
    if (method === 'POST' && url.includes('/finetune-assets')) {
      uploads.push({ path: url, authorization: request.headers.authorization, body });
    } else if (method === 'POST') {
      const finetune = { id: crypto.randomUUID(), ...JSON.parse(body.toString()) };
      created.push(finetune);
      result = finetune;
    } else {
      result = created;
    }
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ success: true, errors: [], messages: [], result }));
  }).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  return { origin: `http://127.0.0.1:${port}`, uploads, created };
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) {
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}
