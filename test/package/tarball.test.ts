import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { createClient } from '../../src/sdk/index.ts';
import { t2l } from '../cli/command.ts';
import { runClient } from '../clients/python.ts';
import { startServer } from '../server.ts';
import { type Installed, installPackage } from './installed.ts';

const DESCRIPTION = 'Reverse the order of the words.';
/** Two bundles with an encoder each; docs/using.md tells a reader the size. */
const MAX_TARBALL_BYTES = 75e6;

let installed: Installed;

beforeAll(async () => {
  installed = await installPackage();
});

afterAll(async () => {
  await rm(installed.folder, { recursive: true, force: true });
});

test('the package brings no other package, and is small enough to fetch', async () => {
  const { folder, tarballBytes } = installed;
  const packages = await readdir(join(folder, 'node_modules'));
  expect(packages.filter((name) => !name.startsWith('.'))).toEqual(['t2l-edge']);
  expect(tarballBytes).toBeLessThan(MAX_TARBALL_BYTES);
});

test('npx t2l generate works offline and gives the bytes of the sources', async () => {
  const { folder, run, node } = installed;
  const answer = await run('npx', 't2l', 'generate', DESCRIPTION, '--out', 'adapter', '--json');
  const { id, files } = JSON.parse(answer);
  expect(await run('npx', 't2l', 'id', DESCRIPTION), node).toBe(`${id}\n`);
  expect(await run('npx', 't2l', 'verify', 'adapter')).toContain(id);
  const out = join(folder, 'from-sources');
  const sources = ['generate', DESCRIPTION, '--out', out, '--data', join(folder, 'data')];
  const same = await t2l([...sources, '--json']);
  expect(JSON.parse(same.stdout)).toMatchObject({ id, files });
  expect(await readdir(join(folder, 'adapter'))).toEqual(await readdir(out));
});

test('PEFT loads what the package made here and gives the logits of the served adapter', async () => {
  // Its base model is here.
  const hypernet = 't2l-mini';
  const base = join(import.meta.dirname, '../../src/assets/base-models/t2l-mini-base');
  const server = await startServer();
  onTestFinished(() => server.close());
  await server.send('/v1/adapters', { description: DESCRIPTION, hypernet });
  const answer = await installed.run(
    ...(['npx', 't2l', 'generate', DESCRIPTION, '--hypernet', hypernet] as const),
    ...['--out', 'for-peft', '--json'],
  );
  const { repository } = JSON.parse(answer).adapter;
  const made = join(installed.folder, 'for-peft');
  const args = ['python', 'peft_calls.py', repository, made, base] as const;
  const differences = JSON.parse(await runClient('training', server.origin, args));
  expect(differences).toMatchObject({ PeftModel: 0, AutoPeftModelForCausalLM: 0 });
  // Or both would agree on an adapter that does nothing.
  expect(differences.moved).toBeGreaterThan(0.1);
});

test('npx t2l says its version and lists its commands', async () => {
  const { version } = JSON.parse(
    await readFile(join(import.meta.dirname, '../../package.json'), 'utf8'),
  );
  expect(await installed.run('npx', 't2l', '--version')).toBe(`${version}\n`);
  expect(await installed.run('npx', 't2l', '--help')).toMatch(/generate[\s\S]*Exit codes/);
});

test('without miniflare, serve says how to get it', async () => {
  const failure = await installed.run('npx', 't2l', 'serve').catch((error: unknown) => error);
  expect(failure).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/npm install miniflare@/),
  });
});

test('with miniflare, serve is an endpoint that keeps what it made', async () => {
  const { folder } = installed;
  await symlink(
    join(import.meta.dirname, '../../node_modules/miniflare'),
    join(folder, 'node_modules/miniflare'),
  );
  const first = await serve(folder);
  const client = createClient({ endpoint: first.endpoint });
  const { id, files } = await client.generate({ description: DESCRIPTION });
  const local = JSON.parse(await installed.run('npx', 't2l', 'show', id, '--json'));
  expect(Object.keys(files)).toEqual(Object.keys(local.files));
  const weights = 'adapter_model.safetensors';
  expect(files[weights]?.sha256).toBe(local.files[weights].sha256);
  expect((await fetch(`${first.endpoint}/docs`)).status).toBe(200);
  await first.close();
  const second = await serve(folder);
  const again = createClient({ endpoint: second.endpoint });
  expect(await again.generate({ description: DESCRIPTION })).toMatchObject({ id, cached: true });
  await second.close();
});

test('the SDK can be imported by its public name', async () => {
  const { folder, run } = installed;
  const script =
    "import { createClient } from 't2l-edge/sdk';\nconsole.log(typeof createClient);\n";
  await writeFile(join(folder, 'sdk.js'), script);
  expect(await run('node', 'sdk.js')).toBe('function\n');
});

/** Starts `t2l serve` of the installed package at a free port. */
async function serve(folder: string) {
  const command = join(folder, 'node_modules/t2l-edge/dist/cli/t2l.js');
  const args = [command, 'serve', '--port', '0', '--data', join(folder, 'served'), '--json'];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  let text = '';
  for await (const chunk of child.stdout.iterator({ destroyOnReturn: false })) {
    text += chunk;
    if (text.endsWith('}\n')) {
      break;
    }
  }
  const { endpoint } = JSON.parse(text) as { endpoint: string };
  return {
    endpoint,
    async close() {
      child.kill('SIGINT');
      await ended;
    },
  };
}
