import { readdir } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createClient } from '../../src/sdk/index.ts';
import { type SharedServer, sharedServer } from '../server.ts';
import { t2l, temporaryFolder } from './command.ts';

const LAYOUTS = ['peft', 'gguf', 'mlx'];

let endpoint: SharedServer;
let id: string;
/** Lets everything through, but changes one byte of every file once it is told to. */
let proxy: Server;
let through: string[];
let damaging = false;

beforeAll(async () => {
  endpoint = await sharedServer();
  const client = createClient({ endpoint: endpoint.origin });
  ({ id } = await client.generate({ description: 'Reverse the order of the words.' }));
  proxy = createServer(async ({ url }, response) => {
    const answer = await fetch(`${endpoint.origin}${url}`, {
      headers: { 'accept-encoding': 'identity' },
    });
    const bytes = new Uint8Array(await answer.arrayBuffer());
    const middle = bytes.length >> 1;
    if (damaging && answer.headers.has('accept-ranges')) {
      bytes[middle] = (bytes[middle] ?? 0) ^ 1;
    }
    response.writeHead(answer.status, Object.fromEntries(answer.headers)).end(bytes);
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  through = ['--endpoint', `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`];
});

afterAll(() => {
  proxy.closeAllConnections();
  proxy.close();
});

test('a file that changes on its way is refused in every layout, and nothing is written', async () => {
  const cwd = temporaryFolder();
  for (const layout of LAYOUTS) {
    damaging = false;
    const whole = ['get', id, '--layout', layout, '--out', join(cwd, layout), ...through];
    expect(await t2l(whole)).toMatchObject({ code: 0, stderr: '' });
    damaging = true;
    const out = join(cwd, `${layout}-damaged`);
    const damaged = await t2l(['get', id, '--layout', layout, '--out', out, ...through]);
    expect(damaged).toMatchObject({ code: 4, stdout: '' });
    const source = layout === 'peft' ? 'its document' : "the answer's Repr-Digest";
    expect(damaged.stderr).toMatch(new RegExp(`has sha256 \\w{64}, ${source} says \\w{64}`));
    expect(damaged.stderr).toContain('download_corrupt');
  }
  expect((await readdir(cwd)).sort()).toEqual([...LAYOUTS].sort());
});
