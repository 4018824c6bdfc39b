/** Schemas of the Hub's documents, for the description of the API. */
import * as z from '../described.ts';

const commit = z.string().openapi({ pattern: '^[0-9a-f]{40}$' });

/** Model info; with `expand` only the properties that were asked for. */
export const modelInfoSchema = z
  .looseObject({
    id: z.string().openapi({ example: 't2l/<adapter id>' }),
    sha: commit.optional(),
    tags: z.array(z.string()).optional(),
    library_name: z.string().optional(),
    pipeline_tag: z.string().optional(),
    lastModified: z.iso.datetime().optional(),
    siblings: z
      .array(
        z.object({
          rfilename: z.string(),
          size: z.int().optional(),
          blobId: z.string().optional(),
          lfs: z.object({ sha256: z.string(), size: z.int(), pointerSize: z.int() }).optional(),
        }),
      )
      .optional(),
  })
  .openapi('HubModel');

export const modelListSchema = z.array(modelInfoSchema);

/** Entries of a folder. */
export const treeSchema = z.array(
  z
    .object({
      type: z.enum(['file', 'directory']),
      oid: z.string().openapi({ description: 'The name that git gives the entry.' }),
      size: z.int(),
      path: z.string(),
      lfs: z
        .object({
          oid: z.string().openapi({ description: 'sha256 of the file.' }),
          size: z.int(),
          pointerSize: z.int(),
        })
        .optional(),
      lastCommit: z.object({ id: commit, title: z.string(), date: z.iso.datetime() }).optional(),
    })
    .openapi('HubEntry'),
);

/** The history of a repository. */
export const commitsSchema = z.array(
  z
    .object({
      id: commit,
      title: z.string(),
      message: z.string(),
      authors: z.array(z.object({ user: z.string() })),
      date: z.iso.datetime(),
      formatted: z
        .object({ title: z.string(), message: z.string() })
        .optional()
        .openapi({ description: 'Only with `expand=formatted`.' }),
    })
    .openapi('HubCommit'),
);

const refSchema = z.object({ name: z.string(), ref: z.string(), targetCommit: commit });

/** Branches and tags. */
export const refsSchema = z
  .object({
    branches: z.array(refSchema),
    converts: z.array(refSchema),
    tags: z.array(refSchema),
    pullRequests: z.array(refSchema),
  })
  .openapi('HubRefs');
