import { expectTypeOf, test } from 'vitest';
import type * as z from 'zod';
import type { adapterPageSchema, adapterSchema } from '../../src/contract/documents/adapter.ts';
import type {
  healthSchema,
  hypernetListSchema,
  hypernetSchema,
} from '../../src/contract/documents/hypernet.ts';
import type { statsSchema } from '../../src/contract/documents/stats.ts';
import type { createAdapterSchema } from '../../src/contract/requests/create-adapter.ts';
import type {
  activateHypernetSchema,
  registerHypernetSchema,
} from '../../src/contract/requests/hypernets.ts';
import type { listAdaptersSchema } from '../../src/contract/requests/list-adapters.ts';
import type {
  Activation,
  AdapterDocument,
  AdapterPage,
  AdapterQuery,
  AdapterRequest,
  BundleReference,
  Health,
  HypernetDocument,
  HypernetList,
  Stats,
} from '../../src/sdk/index.ts';

// The compiler checks all this, under `npm run check`: a document that changes must change in the SDK.

test('the documents of the SDK are those that the schemas of the API infer', () => {
  expectTypeOf<AdapterDocument>().toEqualTypeOf<z.output<typeof adapterSchema>>();
  expectTypeOf<AdapterPage>().toEqualTypeOf<z.output<typeof adapterPageSchema>>();
  expectTypeOf<HypernetDocument>().toEqualTypeOf<z.output<typeof hypernetSchema>>();
  expectTypeOf<HypernetList>().toEqualTypeOf<z.output<typeof hypernetListSchema>>();
  expectTypeOf<Stats>().toEqualTypeOf<z.output<typeof statsSchema>>();
  expectTypeOf<Health>().toEqualTypeOf<z.output<typeof healthSchema>>();
});

test('the requests of the SDK are those that the schemas of the API take', () => {
  type Request = z.input<typeof createAdapterSchema>;
  expectTypeOf<Omit<AdapterRequest, 'embedding'>>().toEqualTypeOf<Omit<Request, 'embedding'>>();
  expectTypeOf<keyof AdapterRequest>().toEqualTypeOf<keyof Request>();
  expectTypeOf<keyof AdapterQuery>().toEqualTypeOf<keyof z.input<typeof listAdaptersSchema>>();
  expectTypeOf<BundleReference>().toEqualTypeOf<z.input<typeof registerHypernetSchema>>();
  expectTypeOf<Activation>().toExtend<z.input<typeof activateHypernetSchema>>();
});
