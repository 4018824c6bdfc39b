import { expect, test } from 'vitest';
import { createApp } from '../../src/api/app.ts';
import { RESPONSE_EXAMPLES } from '../../src/api/docs/examples/answers.ts';
import { REQUEST_EXAMPLES } from '../../src/api/docs/examples/requests.ts';
import { modelInfoSchema, refsSchema } from '../../src/api/hub/documents.ts';
import { adapterPageSchema, adapterSchema } from '../../src/contract/documents/adapter.ts';
import { auditSchema } from '../../src/contract/documents/audit.ts';
import { baseModelSchema } from '../../src/contract/documents/base-model.ts';
import {
  healthSchema,
  hypernetListSchema,
  hypernetSchema,
} from '../../src/contract/documents/hypernet.ts';
import { ERROR_CODES, isErrorCode } from '../../src/contract/error-codes.ts';
import { createAdapterSchema } from '../../src/contract/requests/create-adapter.ts';
import {
  activateHypernetSchema,
  canarySchema,
  registerHypernetSchema,
  yankHypernetSchema,
} from '../../src/contract/requests/hypernets.ts';
import { openApi, operationsOf } from './openapi.ts';

const document = openApi(createApp());
const operations = operationsOf(document);

test('every error has an example that is a problem document of its status', () => {
  let examples = 0;
  for (const { responses } of operations) {
    for (const [status, { content = {} }] of Object.entries(responses)) {
      const media = Object.entries(content).find(([type]) => type.endsWith('json'))?.[1];
      if (Number(status) >= 400) {
        for (const [code, { $ref = '' }] of Object.entries(media?.examples ?? {})) {
          const name = $ref.split('/').at(-1) ?? '';
          expect(document.components.examples[name]?.value, name).toMatchObject({
            type: `urn:t2l-edge:problem:${code}`,
            title: isErrorCode(code) && ERROR_CODES[code][1],
            status: Number(status),
            code,
            detail: expect.stringMatching(/^.{10,}\.$/s),
          });
          examples++;
        }
      }
    }
  }
  expect(examples).toBeGreaterThan(100);
});

test('every JSON body has an example', () => {
  let bodies = 0;
  for (const { operationId, requestBody, responses } of operations) {
    for (const { content } of [requestBody, ...Object.values(responses)].filter((one) => !!one)) {
      const schema = content?.['application/json']?.schema;
      const name = (schema?.items ?? schema)?.$ref?.split('/').at(-1);
      if (name !== undefined && name !== 'Description') {
        bodies++;
        const examples = content?.['application/json']?.examples ?? {};
        expect([operationId, name, Object.keys(examples).length > 0]).toEqual([
          operationId,
          name,
          true,
        ]);
      }
    }
  }
  expect(bodies).toBeGreaterThan(10);
});

test('the examples are what the endpoint takes and gives', () => {
  const given = {
    Adapter: adapterSchema,
    AdapterPage: adapterPageSchema,
    BaseModel: baseModelSchema,
    Health: healthSchema,
    Audit: auditSchema,
    Hypernet: hypernetSchema,
    HypernetList: hypernetListSchema,
    HubModel: modelInfoSchema,
    HubRefs: refsSchema,
  };
  for (const [name, schema] of Object.entries(given)) {
    expect([name, schema.safeParse(RESPONSE_EXAMPLES[name]).error]).toEqual([name, undefined]);
  }
  const taken = {
    CreateAdapter: createAdapterSchema,
    RegisterHypernet: registerHypernetSchema,
    ActivateHypernet: activateHypernetSchema,
    YankHypernet: yankHypernetSchema,
    SetCanary: canarySchema,
  };
  for (const [name, schema] of Object.entries(taken)) {
    for (const [summary, example] of Object.entries(REQUEST_EXAMPLES[name] ?? {})) {
      expect([summary, schema.safeParse(example).error]).toEqual([summary, undefined]);
    }
  }
});
