import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { finetuneCall } from '../../src/publish/workers-ai.ts';

const FINETUNE = { model: '@cf/mistral/mistral-7b-instruct-v0.2-lora', name: 't2l-0123' };
const PROMPT = `Reverse "cat's" $HOME \`id\``;

test('the call of a Worker names the model, the fine-tune and the question', async () => {
  const calls: unknown[][] = [];
  const env = { AI: { run: async (...args: unknown[]) => calls.push(args) } };
  const { worker } = finetuneCall(FINETUNE, PROMPT);
  const run = new Function('env', `return (async () => { ${worker} return answer; })()`);
  await run(env);
  expect(calls).toEqual([
    [FINETUNE.model, { messages: [{ role: 'user', content: PROMPT }], lora: FINETUNE.name }],
  ]);
});

test('the call of a shell says the same, whatever is in the question', () => {
  const { curl } = finetuneCall(FINETUNE, PROMPT);
  // The shell itself splits the line; a function in curl's place shows what curl would get.
  const script = `curl() { printf '%s\\0' "$@"; }\n${curl}`;
  const args = execFileSync('sh', ['-c', script], {
    env: { CLOUDFLARE_ACCOUNT_ID: 'account', CLOUDFLARE_API_TOKEN: 'secret' },
    encoding: 'utf8',
  }).split('\0');
  expect(args[0]).toBe(
    `https://api.cloudflare.com/client/v4/accounts/account/ai/run/${FINETUNE.model}`,
  );
  expect(args).toContain('Authorization: Bearer secret');
  expect(JSON.parse(args[args.indexOf('-d') + 1] ?? '')).toEqual({
    messages: [{ role: 'user', content: PROMPT }],
    lora: FINETUNE.name,
  });
});
