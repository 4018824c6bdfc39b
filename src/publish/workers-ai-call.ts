/** The calls that use a published fine-tune, to be copied: from a Worker and from a shell. */

/**
 * How to run a fine-tune.
 *
 * @param prompt the question to show; by default a stand-in for one
 */
export function finetuneCall(
  { model, name }: { readonly model: string; readonly name: string },
  prompt = 'Your question',
): { worker: string; curl: string } {
  const messages = [{ role: 'user', content: prompt }];
  const worker = [
    `const answer = await env.AI.run(${JSON.stringify(model)}, {`,
    `  messages: ${JSON.stringify(messages)},`,
    `  lora: ${JSON.stringify(name)},`,
    '});',
  ];
  const body = JSON.stringify({ messages, lora: name }).replaceAll("'", "'\\''");
  const curl = [
    `curl "https://api.cloudflare.com/client/v4/accounts/$CLOUDFLARE_ACCOUNT_ID/ai/run/${model}" \\`,
    '  -H "Authorization: Bearer $CLOUDFLARE_API_TOKEN" \\',
    "  -H 'content-type: application/json' \\",
    `  -d '${body}'`,
  ];
  return { worker: worker.join('\n'), curl: curl.join('\n') };
}
