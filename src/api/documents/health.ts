/** The document of an endpoint's health. */
import * as z from 'zod';
import { component } from '../component.ts';

/** The answer of an endpoint that can work. */
export const healthSchema = component(
  'Health',
  z.object({
    status: z.literal('ok'),
    hypernet: z.object({ name: z.string(), version: z.string(), digest: z.string() }),
  }),
);
