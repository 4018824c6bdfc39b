/** Where a client can go from an answer, for the description of the API. */

/** Name -> link. */
type Links = Readonly<Record<string, object>>;

const ID = '$response.body#/id';
const WEIGHTS = 'adapter_model.safetensors';
const REPOSITORY = { namespace: 't2l', name: ID };
const REVISION = { ...REPOSITORY, revision: 'main' };

const FROM_ADAPTER: Links = {
  document: { operationId: 'readAdapter', parameters: { id: ID } },
  weights: file(WEIGHTS),
  configuration: file('adapter_config.json'),
  card: file('README.md'),
  gguf: file('adapter.gguf'),
  forWorkersAi: file(WEIGHTS, 'workers-ai'),
  forMlx: file('adapters.safetensors', 'mlx'),
  removal: { operationId: 'deleteAdapter', parameters: { id: ID } },
  repository: { operationId: 'getApiModelsNamespaceName', parameters: REPOSITORY },
  references: { operationId: 'getApiModelsNamespaceNameRefs', parameters: REPOSITORY },
  folder: { operationId: 'getApiModelsNamespaceNameTreeRevision', parameters: REVISION },
  download: {
    operationId: 'getNamespaceNameResolveRevisionPath',
    parameters: { ...REVISION, path: WEIGHTS },
  },
  pointer: {
    operationId: 'getNamespaceNameRawRevisionPath',
    parameters: { ...REVISION, path: WEIGHTS },
  },
};

const FROM_PAGE: Links = {
  next: {
    operationId: 'listAdapters',
    parameters: { cursor: '$response.body#/next_cursor' },
    description: 'Unless next_cursor is null.',
  },
};

const FROM_HYPERNETS: Links = {
  default: { operationId: 'readHypernet', parameters: { name: '$response.body#/default' } },
};

/** Operation -> the links of its answers of success. */
const LINKS: Readonly<Record<string, Links>> = {
  createAdapter: FROM_ADAPTER,
  adapterByDescription: FROM_ADAPTER,
  listAdapters: FROM_PAGE,
  listHypernets: FROM_HYPERNETS,
};

/** The links of an answer. */
export function linksOf(operation: string, status: number): Links | undefined {
  return status === 200 || status === 201 ? LINKS[operation] : undefined;
}

function file(name: string, layout?: string): object {
  const parameters = { id: ID, file: name, ...(layout !== undefined && { layout }) };
  return { operationId: 'readAdapterFile', parameters };
}
