/**
 * Bits that change in R2, in the folder where miniflare keeps the objects: everything that R2 says of an
 * object, its sha256 too, stays as it was. Whatever is asked then, the answer is right or an error, and
 * after the next read, or after a repair, it is right, without a restart.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ROOT } from '../../scripts/environment.ts';
import { adapterSchema } from '../../src/contract/documents/adapter.ts';
import { auditSchema } from '../../src/contract/documents/audit.ts';
import { type BuiltInBundle, miniBundle } from '../bundles.ts';
import { findBytes, flipBit, ownTemporaryFolder, placesIn } from '../fixtures/damage.ts';
import { ADMIN_TOKEN, startServer, type TestServer } from '../server.ts';

const WEIGHTS = 'adapter_model.safetensors';
const CONFIG = 'adapter_config.json';
const DESCRIPTION = 'Reverse the order of the words.';
const HYPERNETS = join(ROOT, 'src/assets/hypernets');
const VERSION = '99.0.0';
const WEIGHTS_PLACES = 80;
const CONFIG_PLACES = 32;
const BUNDLE_PLACES = 8;
/** Every bit of a bundle costs some readings of all its files. */
const BUNDLE_TIMEOUT_MS = 900_000;

type AdapterDocument = ReturnType<typeof adapterSchema.parse>;

const admin = { authorization: `Bearer ${ADMIN_TOKEN}` };

let temporary: ReturnType<typeof ownTemporaryFolder>;
let server: TestServer;
/** A copy of the bundle that ships, under another version, in the bucket. */
let bundle: BuiltInBundle;
/** File of the copy -> its bytes and where R2 keeps them. */
const files = new Map<string, { bytes: Buffer; path: string; key: string }>();
let cases = 0;

beforeAll(async () => {
  temporary = ownTemporaryFolder();
  server = await startServer({ ADMIN_TOKEN }, { copies: false });
  const shipped = await miniBundle();
  const manifest = await readFile(join(HYPERNETS, shipped.name, shipped.version, 'manifest.json'));
  const text = manifest
    .toString()
    .replace(`"version":"${shipped.version}"`, `"version":"${VERSION}"`);
  const digest = sha256(Buffer.from(text));
  bundle = { ...shipped, version: VERSION, digest };
  await putObject('manifest.json', Buffer.from(text));
  for (const file of Object.keys(shipped.manifest.files)) {
    const shared = file.startsWith('encoders/');
    const folder = shared ? HYPERNETS : join(HYPERNETS, shipped.name, shipped.version);
    await putObject(file, await readFile(join(folder, file)));
  }
});

afterAll(async () => {
  await server.close();
  await temporary.remove();
  console.log(`${cases} changed bits`);
});

async function putObject(file: string, bytes: Buffer): Promise<void> {
  const key = file.startsWith('encoders/') ? file : `${bundle.name}/${VERSION}/${file}`;
  await server.env.HYPERNETS.put(key, bytes, { sha256: sha256(bytes) });
  files.set(file, { bytes, key, path: await findBytes(temporary.path, bytes) });
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

async function make(description: string, hypernet?: string): Promise<AdapterDocument | number> {
  const response = await server.send('/v1/adapters', { description, hypernet });
  const answer = await response.json();
  return response.ok ? adapterSchema.parse(answer) : response.status;
}

async function remove(id: string): Promise<void> {
  const response = await server.fetch(`/v1/adapters/${id}`, { method: 'DELETE', headers: admin });
  expect(response.status).toBe(204);
}

async function register(): Promise<{ status: number; code?: string }> {
  const { name, version, digest } = bundle;
  const body = { name, version, digest };
  const response = await server.send('/v1/hypernets', body, { headers: admin });
  const { code } = (await response.json()) as { code?: string };
  return { status: response.status, ...(code !== undefined && { code }) };
}

/** The bytes at a path; undefined for an error, also one that comes while the body is read. */
async function bytesAt(path: string, range?: string): Promise<Buffer | undefined> {
  const headers = { 'accept-encoding': 'identity', ...(range && { range }) };
  try {
    const response = await server.fetch(path, { headers });
    const bytes = Buffer.from(await response.arrayBuffer());
    return response.ok ? bytes : undefined;
  } catch {
    return undefined;
  }
}

async function askedAgain(path: string): Promise<Buffer | undefined> {
  for (let tries = 0; tries < 40; tries++) {
    const bytes = await bytesAt(path);
    if (bytes !== undefined) {
      return bytes;
    }
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  return undefined;
}

test('an encoder that was damaged before it was ever loaded makes nothing, and spoils no other', async () => {
  expect(await register()).toEqual({ status: 201 });
  const [, model] =
    [...files].find(([file]) => file.endsWith('.onnx') && file.includes('encoders/')) ?? [];
  const path = model?.path ?? '';
  await flipBit(path, 9_000_000);
  cases++;
  expect(await make(DESCRIPTION, `${bundle.name}@${VERSION}`)).toBe(500);
  const shipped = (await make(DESCRIPTION, 't2l-mini')) as AdapterDocument;
  await flipBit(path, 9_000_000);
  const copy = (await make(DESCRIPTION, `${bundle.name}@${VERSION}`)) as AdapterDocument;
  expect(copy.files).toEqual(
    Object.fromEntries(
      Object.entries(shipped.files).map(([name, file]) => [
        name,
        { ...file, url: file.url.replace(shipped.id, copy.id) },
      ]),
    ),
  );
  await remove(copy.id);
});

test(
  'a bundle with a changed bit anywhere is neither registered nor activated nor handed out',
  async () => {
    const shipped = (await make(DESCRIPTION, 't2l-mini')) as AdapterDocument;
    const reference = `${bundle.name}@${VERSION}`;
    for (const [file, { bytes, path }] of files) {
      const address = `/t2l/${bundle.name}/resolve/v${VERSION}/${file}`;
      for (const place of placesIn(bytes.length, BUNDLE_PLACES)) {
        await flipBit(path, place);
        cases++;
        const what = `${file} at ${place}`;
        expect([what, await register()]).toEqual([
          what,
          { status: 422, code: 'bundle_digest_mismatch' },
        ]);
        if (file !== 'manifest.json') {
          expect([what, await bytesAt(address)]).toEqual([what, undefined]);
          expect([what, await bytesAt(address, 'bytes=0-99')]).toEqual([what, undefined]);
        }
        const made = await make(DESCRIPTION, reference);
        if (typeof made === 'number') {
          expect([what, made]).toEqual([what, 500]);
        } else {
          // What was loaded while it was whole goes on being right.
          expect([what, made.files[WEIGHTS]?.sha256]).toEqual([
            what,
            shipped.files[WEIGHTS]?.sha256,
          ]);
          await remove(made.id);
        }
        await flipBit(path, place);
      }
      const activate = { method: 'PUT', headers: admin };
      await flipBit(path, bytes.length - 1);
      const refused = await server.send(
        `/v1/hypernets/${bundle.name}/active`,
        { version: VERSION },
        activate,
      );
      expect([file, refused.status]).toEqual([file, 422]);
      await flipBit(path, bytes.length - 1);
      expect([file, await register()]).toEqual([file, { status: 200 }]);
      expect((await bytesAt(address))?.equals(bytes), file).toBe(true);
    }
  },
  BUNDLE_TIMEOUT_MS,
);

test('an adapter with a changed bit anywhere is never sent or converted, and heals', async () => {
  const { id, files: recorded, formats } = (await make(DESCRIPTION, 't2l-mini')) as AdapterDocument;
  const plain = `/v1/adapters/${id}`;
  const doors = [
    `${plain}/${WEIGHTS}`,
    `${plain}/${CONFIG}`,
    `/t2l/${id}/resolve/main/${WEIGHTS}`,
    `/t2l/${id}/resolve/main/${CONFIG}`,
    ...Object.values(formats).flatMap((layout) =>
      Object.values(layout).map((url) => url.replace(server.origin, '')),
    ),
  ];
  expect(doors.some((door) => door.endsWith('.gguf'))).toBe(true);
  const right = new Map<string, string>();
  for (const door of doors) {
    right.set(door, sha256((await bytesAt(door)) ?? Buffer.alloc(0)));
  }
  for (const [name, count] of [
    [WEIGHTS, WEIGHTS_PLACES],
    [CONFIG, CONFIG_PLACES],
  ] as const) {
    const whole = (await bytesAt(`${plain}/${name}`)) as Buffer;
    expect(sha256(whole)).toBe(recorded[name]?.sha256);
    for (const [index, place] of placesIn(whole.length, count).entries()) {
      await flipBit(await findBytes(temporary.path, whole), place);
      cases++;
      const door = doors[index % doors.length] as string;
      const what = `${name} at ${place}, by ${door}`;
      const bytes = door.startsWith('/t2l/') ? await askedAgain(door) : await bytesAt(door);
      expect([what, bytes && sha256(bytes)]).toEqual([what, right.get(door)]);
      const part = await bytesAt(`${plain}/${name}`, 'bytes=3-40');
      expect(part?.equals(whole.subarray(3, 41)), what).toBe(true);
      const stored = await server.env.ADAPTERS.get(`adapters/${id}/${name}`);
      expect([what, sha256((await stored?.bytes()) ?? Buffer.alloc(0))]).toEqual([
        what,
        recorded[name]?.sha256,
      ]);
    }
  }
});

test('a read that finds damage says so, and the next one finds none', async () => {
  const { id } = (await make('Keep the first word', 't2l-mini')) as AdapterDocument;
  const path = `/v1/adapters/${id}/${WEIGHTS}`;
  const whole = (await bytesAt(path)) as Buffer;
  await flipBit(await findBytes(temporary.path, whole), 1000);
  cases++;
  const healing = await server.fetch(path);
  expect(healing.headers.get('server-timing')).toMatch(/damaged;dur=.*remake;dur=/);
  expect(Buffer.from(await healing.arrayBuffer()).equals(whole)).toBe(true);
  const next = await server.fetch(path);
  expect(next.headers.get('server-timing')).not.toMatch(/damaged|remake/);
  await next.body?.cancel();
});

test('the audit finds what nobody asked for, heals adapters and names bundles', async () => {
  const { id } = (await make('Count the words', 't2l-mini')) as AdapterDocument;
  const { id: evicted } = (await make('Sort the words', 't2l-mini')) as AdapterDocument;
  await server.env.ADAPTERS.delete(`adapters/${evicted}/${WEIGHTS}`);
  const whole = (await bytesAt(`/v1/adapters/${id}/${WEIGHTS}`)) as Buffer;
  await flipBit(await findBytes(temporary.path, whole), 70_000);
  const fit = [...files].find(([file]) => file === 'fit.f16')?.[1];
  await flipBit(fit?.path ?? '', 5);
  cases += 2;
  const first = await audit();
  expect(first).toMatchObject({ damaged: 1, healed: 1, evicted: 1 });
  expect(first.failed).toEqual([
    { what: `${bundle.name}@${VERSION}`, why: expect.stringContaining('bundle_digest_mismatch') },
  ]);
  expect(first.bundles).toBeGreaterThan(1);
  await flipBit(fit?.path ?? '', 5);
  expect(await audit()).toMatchObject({ damaged: 0, healed: 0, failed: [] });
});

test('the scheduled audit goes on where it stopped, and begins anew at the end', async () => {
  const { id } = (await make('Count the words', 't2l-mini')) as AdapterDocument;
  const whole = (await bytesAt(`/v1/adapters/${id}/${WEIGHTS}`)) as Buffer;
  await flipBit(await findBytes(temporary.path, whole), 4);
  cases++;
  const places: string[] = [];
  do {
    expect(await server.scheduled()).toBe('ok');
    places.push((await (await server.env.ADAPTERS.get('audit/place.json'))?.text()) ?? '');
  } while (places.at(-1) !== 'adapters' && places.length < 10);
  expect(places[0]).toBe('orphans');
  expect(places.at(-1)).toBe('adapters');
  expect(new Set(places).size).toBe(places.length);
  const stored = await server.env.ADAPTERS.get(`adapters/${id}/${WEIGHTS}`);
  expect(Buffer.from((await stored?.bytes()) ?? []).equals(whole)).toBe(true);
});

/** A whole audit through the admin API. */
async function audit() {
  const all = { damaged: 0, healed: 0, evicted: 0, bundles: 0, failed: [] as object[] };
  let cursor: string | null = '';
  while (cursor !== null) {
    const query: string = cursor === '' ? '' : `?cursor=${cursor}`;
    const answer = await server.fetch(`/v1/audit${query}`, { method: 'POST', headers: admin });
    expect(answer.status).toBe(200);
    const slice = auditSchema.parse(await answer.json());
    for (const name of ['damaged', 'healed', 'evicted', 'bundles'] as const) {
      all[name] += slice[name];
    }
    all.failed.push(...slice.failed);
    cursor = slice.next_cursor;
  }
  return all;
}
