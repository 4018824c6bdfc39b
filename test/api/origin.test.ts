/** Addresses in answers have the origin that the operator configured, whatever host a request names. */
import { request } from 'node:http';
import { expect, test } from 'vitest';
import { ADMIN_TOKEN, startServer } from '../server.ts';

/** A GET that names another host. */
function getAs(host: string, address: string): Promise<{ body: string; link: string }> {
  return new Promise((resolve, reject) => {
    request(address, { headers: { host } }, (response) => {
      let body = '';
      response.on('data', (chunk) => {
        body += chunk;
      });
      response.on('end', () => resolve({ body, link: String(response.headers.link ?? '') }));
    })
      .on('error', reject)
      .end();
  });
}

test('a host that a client makes up stands in no answer', async () => {
  const server = await startServer({
    ADMIN_TOKEN,
    LISTS: 'public',
    PUBLIC_ORIGIN: 'https://t2l.example/ignored',
  });
  for (const word of ['first', 'last']) {
    const made = await server.send('/v1/adapters', {
      description: `Answer with the ${word} word.`,
    });
    const { files } = (await made.json()) as { files: Record<string, { url: string }> };
    for (const { url } of Object.values(files)) {
      expect(url).toMatch(/^https:\/\/t2l\.example\/v1\/adapters\//);
    }
  }
  for (const path of ['/', '/openapi.json', '/v1/adapters', '/api/models?limit=1']) {
    const { body, link } = await getAs('evil.example', `${server.origin}${path}`);
    expect(body + link, path).not.toContain('evil.example');
    expect(body + link, path).toContain('t2l.example');
  }
  await server.close();
});
