/** `/openapi.json`, generated from the schemas that check the requests, and the index at `/`. */
import type { App } from './route.ts';

const INFO = {
  title: 't2l-edge',
  version: '1',
  description:
    'Describe a task in a sentence, get a LoRA adapter for a frozen language model. Every error is ' +
    'a problem document (RFC 9457) with a stable `code`; every answer has `Server-Timing`.',
  license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
};

/** Adds the description of the API and the index. Comes after all routes that it describes. */
export function registerDocsRoutes(app: App): void {
  app.openAPIRegistry.registerComponent('securitySchemes', 'admin', {
    type: 'http',
    scheme: 'bearer',
    description: 'The secret ADMIN_TOKEN of the endpoint.',
  });
  app.get('/openapi.json', (c) => {
    c.header('Cache-Control', 'no-cache');
    return c.json(
      app.getOpenAPI31Document({
        openapi: '3.1.0',
        info: INFO,
        servers: [{ url: new URL(c.req.url).origin }],
      }),
    );
  });
  app.get('/', (c) =>
    c.json({
      name: 't2l-edge',
      description: 'Text in, LoRA adapter out.',
      try: `curl ${new URL(c.req.url).origin}/v1/adapters -H 'content-type: application/json' -d '{"description": "Reverse the list"}'`,
      adapters: '/v1/adapters',
      hypernets: '/v1/hypernets',
      health: '/healthz',
      openapi: '/openapi.json',
    }),
  );
}
