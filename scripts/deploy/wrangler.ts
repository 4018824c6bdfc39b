/** The Worker at Cloudflare, by wrangler's commands; wrangler finds the account in its own variables. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod';
import { Refusal } from '../command.ts';
import { OFFLINE, ROOT, WRANGLER } from '../environment.ts';
import { runWithUs } from '../signals.ts';
import type { Platform, Share } from './roll-out.ts';
import { ailmentOf } from './smoke.ts';

/** Where the files are kept that were uploaded, for whoever signs them. */
const DEPLOYED = 'dist/deployed';

const deploymentSchema = z.object({
  versions: z.array(z.object({ version_id: z.string(), percentage: z.number() })),
});

const uploadSchema = z.object({
  type: z.literal('version-upload'),
  worker_name: z.string(),
  version_id: z.string(),
});

/** Where the Worker answers, and what its versions and deployments are to say. */
export interface CloudflareOptions {
  readonly endpoint: string;
  readonly message: string;
  /** wrangler's program; replaced by tests. */
  readonly program?: string;
  readonly wait?: (milliseconds: number) => Promise<unknown>;
}

/** The Worker of wrangler.toml at Cloudflare. */
export function cloudflare({
  endpoint,
  message,
  program = WRANGLER,
  wait,
}: CloudflareOptions): Platform {
  let worker: string | undefined;

  async function wrangler(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<string> {
    try {
      // Below this level it does not even print the JSON that it is asked for.
      const own = { ...process.env, ...OFFLINE, WRANGLER_LOG: 'log', ...env };
      const options = { cwd: ROOT, env: own };
      const { stdout } = await runWithUs([program, ...args], options);
      return stdout;
    } catch (error) {
      const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
      const said = `${stdout}${stderr}`.trim();
      throw new Refusal(`wrangler ${args.slice(0, 2).join(' ')} failed: ${said || String(error)}`);
    }
  }

  return {
    async shares() {
      const text = await wrangler(['deployments', 'status', '--json']);
      return deploymentSchema
        .parse(JSON.parse(text))
        .versions.map(({ version_id: version, percentage }) => ({ version, percentage }));
    },
    async migrate() {
      await wrangler(['d1', 'migrations', 'apply', 'DB', '--remote']);
    },
    async upload() {
      const folder = await mkdtemp(join(tmpdir(), 't2l-deploy-'));
      const record = join(folder, 'wrangler.ndjson');
      try {
        await wrangler(['versions', 'upload', '--message', message, '--outdir', DEPLOYED], {
          WRANGLER_OUTPUT_FILE_PATH: record,
        });
        const upload = uploadOf(await readFile(record, 'utf8'));
        worker = upload.worker_name;
        return upload.version_id;
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
    async share(shares) {
      await wrangler([
        ...['versions', 'deploy', ...shares.map(specOf)],
        ...['--message', message, '--yes'],
      ]);
    },
    async ailment(version) {
      if (worker === undefined) {
        throw new Error('No version was uploaded that could be asked.');
      }
      return ailmentOf({ endpoint, worker, version, ...(wait && { wait }) });
    },
  };
}

function specOf({ version, percentage }: Share): string {
  return `${version}@${percentage}`;
}

/** The upload among the records that wrangler writes, one JSON a line. */
function uploadOf(record: string): z.output<typeof uploadSchema> {
  for (const line of record.split('\n').filter((text) => text !== '')) {
    const { data } = uploadSchema.safeParse(JSON.parse(line));
    if (data !== undefined) {
      return data;
    }
  }
  throw new Refusal('wrangler uploaded a version, but did not say which.');
}
