import { watch } from 'node:fs';
import { cp, readdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { canonicalBytes } from '../../scripts/release/canonical.ts';
import { defaultBundle } from '../bundles.ts';
import { t2l, temporaryFolder } from './command.ts';

const HYPERNETS = join(import.meta.dirname, '../../src/assets/hypernets');

test('a generate that is killed while it writes leaves a whole folder or none', async () => {
  for (const moment of [/^\.t2l-out-/, /^data$/]) {
    const cwd = temporaryFolder();
    const args = ['generate', 'Reverse the words', '--out', 'out', '--data', 'data'];
    const watcher = watch(cwd);
    onTestFinished(() => watcher.close());
    const seen = Promise.withResolvers<void>();
    watcher.on('change', (_event, name) => {
      if (moment.test(String(name))) {
        seen.resolve();
      }
    });
    const run = await t2l(args, { cwd, interrupt: { after: seen.promise, signal: 'SIGKILL' } });
    const there = (await readdir(cwd)).includes('out');
    if (there) {
      expect(await t2l(['verify', 'out'], { cwd })).toMatchObject({ code: 0 });
    }
    // A run that was faster than the signal has done all of it.
    expect(run.code === null || there, String(moment)).toBe(true);
    // What the store holds by now is whole, or is made again.
    expect(await t2l(args, { cwd })).toMatchObject({ code: 0, stderr: '' });
    expect(await t2l(['verify', 'out'], { cwd })).toMatchObject({ code: 0 });
  }
});

test('an interrupted generate says so, writes no folder and ends with 130', async () => {
  const cwd = temporaryFolder();
  const { url, asked } = await silentServer();
  const run = await t2l(['generate', 'x', '--out', 'out', '--endpoint', url], {
    cwd,
    interrupt: { after: asked, signal: 'SIGINT' },
  });
  expect(run).toMatchObject({
    code: 130,
    stdout: '',
    stderr: 't2l: interrupted; nothing was written\n',
  });
  expect(await readdir(cwd)).toEqual([]);
});

test('local work that waits for its encoder is interrupted at once, and makes no adapter', async () => {
  const cwd = temporaryFolder();
  await writeHttpBundle(join(cwd, 'hypernets/patient/1.0.0'));
  const { url, asked } = await silentServer();
  const local = ['--data', 'data', '--hypernets', 'hypernets'];
  const run = await t2l(['generate', 'x', '--hypernet', 'patient', '--out', 'out', ...local], {
    cwd,
    env: { ENCODER_URL: url },
    interrupt: { after: asked, signal: 'SIGINT' },
  });
  expect(run).toMatchObject({ code: 130, stderr: 't2l: interrupted; nothing was written\n' });
  expect(await t2l(['list', ...local], { cwd })).toMatchObject({ stdout: 'no adapters\n' });
});

/** The default bundle, made to ask a service for its embeddings. */
async function writeHttpBundle(folder: string): Promise<void> {
  const { name, version, manifest } = await defaultBundle();
  await cp(join(HYPERNETS, name, version), folder, { recursive: true });
  const { files: _files, ...encoder } = manifest.encoder as typeof manifest.encoder & {
    files?: object;
  };
  const files = Object.entries(manifest.files).filter(([file]) => !file.startsWith('encoders/'));
  const patient = {
    ...manifest,
    name: 'patient',
    version: '1.0.0',
    encoder: { ...encoder, kind: 'http' },
    files: Object.fromEntries(files),
  };
  const bytes = new TextEncoder().encode(JSON.stringify(patient));
  await writeFile(join(folder, 'manifest.json'), canonicalBytes(bytes));
}

/** A server that takes a request and never answers: a signal can come while it is asked. */
async function silentServer(): Promise<{ url: string; asked: Promise<void> }> {
  const asked = Promise.withResolvers<void>();
  const server = createServer(() => asked.resolve()).listen(0, '127.0.0.1');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, asked: asked.promise };
}
