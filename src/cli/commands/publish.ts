/** `t2l publish workers-ai`: an adapter as a fine-tune of Cloudflare Workers AI. */
import { T2lError } from '../../contract/errors.ts';
import { finetuneCall, publishToWorkersAi } from '../../publish/workers-ai.ts';
import { readLayout } from '../adapter-files.ts';
import type { Context } from '../options.ts';
import { pairs } from '../output.ts';
import { openService } from '../service.ts';

/** What to call it and with whose account. */
interface PublishOptions {
  readonly account: string;
  readonly tokenEnv: string;
  readonly name?: string;
  readonly model?: string;
  readonly api?: string;
}

/** Publishes an adapter; repeating it completes what failed half-way and changes nothing else. */
export async function publishWorkersAi(
  id: string,
  { account, tokenEnv, name, model, api }: PublishOptions,
  { options, output, signal }: Context,
): Promise<void> {
  const apiToken = process.env[tokenEnv];
  if (!apiToken) {
    throw new T2lError(
      'usage_invalid',
      `The variable ${tokenEnv} is empty; it must hold an API token that may edit Workers AI.`,
    );
  }
  const service = await openService(options);
  const document = await service.adapter(id, { signal });
  const files = await readLayout(service, document, 'workers-ai', signal);
  const [config, weights] = ['adapter_config.json', 'adapter_model.safetensors'].map(
    (file) => files.get(file) ?? new Uint8Array(),
  ) as [Uint8Array, Uint8Array];
  output.progress(`publishing ${document.id.slice(0, 12)}`);
  const published = await publishToWorkersAi({
    accountId: account,
    apiToken,
    ...(name === undefined ? {} : { name }),
    ...(model === undefined ? {} : { model }),
    ...(api === undefined ? {} : { api }),
    files: { config, weights },
    document,
    signal,
  });
  const use = finetuneCall(published);
  output.result({ ...published, use }, () => [
    ...pairs([
      ['fine-tune', `${published.name} (${published.id})`],
      ['model', published.model],
      ['state', published.created ? 'created' : 'existed'],
      ['uploaded', published.uploaded.join(', ') || 'nothing: all files were there'],
    ]),
    '',
    use.worker,
    '',
    use.curl,
  ]);
}
