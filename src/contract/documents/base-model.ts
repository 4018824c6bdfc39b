/** The document of a base model whose file an endpoint has. */
import * as z from 'zod';
import { hex64 } from '../hex.ts';
import { component } from './values.ts';

export const baseModelSchema = component(
  'BaseModel',
  z.object({
    id: z.string().meta({ example: 'HuggingFaceTB/SmolLM2-135M-Instruct' }),
    file: z.object({
      name: z.string().meta({ example: 'model.gguf' }),
      bytes: z.int(),
      sha256: hex64,
      url: z.string(),
    }),
  }),
);
