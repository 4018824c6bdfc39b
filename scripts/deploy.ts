/**
 * `npm run deploy`: a new version of the Worker, for a part of the requests first. What each step does is
 * in deploy/roll-out.ts; a failure ends with exit code 1, and with the version before answering.
 */
import { progress, Refusal, readArguments, runCommand } from './command.ts';
import { rollOut } from './deploy/roll-out.ts';
import { cloudflare } from './deploy/wrangler.ts';

const USAGE = `Rolls out this checkout to Cloudflare: migrations, 10% of the requests, 100%.

  npm run deploy -- [options]

  --message TEXT   what the version and its deployments are to say (default: npm run deploy)
  --help           print this

T2L_ENDPOINT is the address at which the Worker answers. wrangler must be logged in, or have
CLOUDFLARE_API_TOKEN and CLOUDFLARE_ACCOUNT_ID. The first version of all is deployed by npx wrangler deploy.`;

await runCommand(main, USAGE);

async function main(): Promise<void> {
  const { values } = readArguments({
    options: { message: { type: 'string', default: 'npm run deploy' } },
  });
  const endpoint = process.env.T2L_ENDPOINT;
  if (endpoint === undefined || !URL.canParse(endpoint)) {
    throw new Refusal('T2L_ENDPOINT must be the address at which the Worker answers.');
  }
  const platform = cloudflare({ endpoint, message: values.message });
  console.log(`${await rollOut(platform, progress)} answers all requests`);
}
