/** `t2l list` and `t2l show`: what is known of adapters. */
import { T2lError } from '../../contract/errors.ts';
import type { AdapterDocument } from '../../sdk/index.ts';
import { fitRows } from '../fit.ts';
import { kindText } from '../kind.ts';
import type { Context } from '../options.ts';
import { columns, pairs, size } from '../output.ts';
import { openService, type Service } from '../service.ts';

/** Which adapters to list. */
interface ListOptions {
  readonly hypernet?: string;
  readonly baseModel?: string;
  readonly q?: string;
  readonly unlisted?: boolean;
  readonly limit: number;
}

/** The largest page an endpoint gives; longer lists are several pages. */
const PAGE = 100;

/** Lists adapters, newest first. */
export async function list(options: ListOptions, context: Context): Promise<void> {
  const service = await openService(context.options);
  const { hypernet, baseModel, q, unlisted, limit } = options;
  const query = {
    ...(hypernet === undefined ? {} : { hypernet }),
    ...(baseModel === undefined ? {} : { base_model: baseModel }),
    ...(q === undefined ? {} : { q }),
    ...(unlisted === true ? { unlisted } : {}),
    limit: Math.min(limit, PAGE),
  };
  const adapters: AdapterDocument[] = [];
  for await (const document of service.allAdapters(query, { signal: context.signal })) {
    adapters.push(document);
    if (adapters.length >= limit) {
      break;
    }
  }
  context.output.result({ adapters }, () =>
    adapters.length === 0
      ? ['no adapters']
      : columns(
          adapters.map((document) => [
            document.id.slice(0, 12),
            document.created_at.slice(0, 16).replace('T', ' '),
            `${document.hypernet.name} ${document.hypernet.version}`,
            document.fit.verdict,
            document.description ?? '(embedding)',
          ]),
        ),
  );
}

/** Prints an adapter document. */
export async function show(id: string, context: Context): Promise<void> {
  const service = await openService(context.options);
  const document = await service.adapter(id, { signal: context.signal });
  const { hypernet } = document;
  // The document alone is the answer of --json.
  const sizes = context.options.json ? undefined : await sizesOf(document, service, context.signal);
  context.output.result(document, () =>
    pairs([
      ['id', document.id],
      ['description', document.description ?? '(made from an embedding)'],
      ...fitRows(document.fit, context.output),
      ...document.warnings.map(({ text }) => ['warning', text] as const),
      ...(sizes === undefined ? [] : [['sizes', sizes] as const]),
      ...document.fit.nearest.map(
        ({ task, similarity }, at) =>
          [at === 0 ? 'nearest' : '', `${similarity.toFixed(2)}  ${task}`] as const,
      ),
      ['hypernet', `${hypernet.name} ${hypernet.version}, ${document.precision}`],
      ['base model', document.base_model],
      ['adapter', adapterText(document)],
      ['repository', document.repository],
      ['made', document.created_at],
      ...(document.unlisted ? [['listed', 'no: lists and searches leave it out'] as const] : []),
      ...Object.entries(document.files).map(
        ([name, { bytes, sha256 }]) => ['file', `${sha256}  ${name}, ${size(bytes)}`] as const,
      ),
      ['layouts', ['peft', ...Object.keys(document.formats)].join(', ')],
    ]),
  );
}

/** What the hypernetwork says of sizes, or nothing once it is gone or cannot be read. */
async function sizesOf({ hypernet }: AdapterDocument, service: Service, signal: AbortSignal) {
  try {
    const { versions } = await service.hypernet(hypernet.name, { signal });
    return versions.find(({ digest }) => digest === hypernet.digest)?.fit?.sizes;
  } catch (error) {
    if (error instanceof T2lError) {
      return undefined;
    }
    throw error;
  }
}

function adapterText(document: AdapterDocument): string {
  const { target_modules: modules, dtype, strength, parameters } = document;
  return `${kindText(document)}, ${modules.join(', ')}, ${parameters} parameters, ${dtype}, strength ${strength}`;
}
