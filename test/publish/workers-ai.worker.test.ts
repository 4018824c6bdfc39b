/** Publishing from a Worker: the requests that workerd itself makes of the calls. */
import { expect, test } from 'vitest';
import { publishToWorkersAi } from '../../src/publish/workers-ai.ts';
import { DOCUMENT, FILES } from './adapter.ts';

test('a Worker can publish: its forms carry the bytes', async () => {
  const files = new Map<unknown, Uint8Array>();
  const finetune = { id: 'one', name: `t2l-${DOCUMENT.id.slice(0, 32)}`, model: '' };
  const published = await publishToWorkersAi({
    accountId: '0'.repeat(32),
    apiToken: 'token',
    document: DOCUMENT,
    files: FILES,
    async fetch(input, init) {
      const request = new Request(input, init);
      expect(request.headers.get('authorization')).toBe('Bearer token');
      if (request.method === 'GET') {
        return Response.json({ success: true, result: [] });
      }
      if (!request.url.endsWith('/finetune-assets')) {
        finetune.model = (await request.json<{ model: string }>()).model;
        return Response.json({ success: true, result: finetune });
      }
      const form = await request.formData();
      files.set(form.get('file_name'), await (form.get('file') as File).bytes());
      return Response.json({ success: true });
    },
  });
  expect(published).toMatchObject({ id: 'one', created: true });
  expect(files).toEqual(
    new Map([
      ['adapter_config.json', FILES.config],
      ['adapter_model.safetensors', FILES.weights],
    ]),
  );
});
