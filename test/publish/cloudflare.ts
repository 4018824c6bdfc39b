/**
 * Cloudflare's API for fine-tunes on a port of this machine: it takes exactly the requests that the
 * API reference describes, answers everything else with an error and notes it in `wrong`, keeps what
 * it is given, and fails where a test wants it to.
 */
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export const ACCOUNT = '023e105f4ecef8ad9ca31a8372d0c353';
export const TOKEN = 'Sn3lZJTBX6kkg7OdcBUAxOO963GEIyGQqnFTOFYY';
/** As many as Workers AI allows an account. */
const ROOM = 100;

/** A request, named by what it is for. */
export type Step = 'list' | 'create' | 'upload adapter_config.json' | UploadWeights;
type UploadWeights = 'upload adapter_model.safetensors';

/** How a request fails: with a status, or with a cut connection; before or after it took effect. */
export interface Fault {
  readonly step: Step;
  readonly how: 'cut' | number;
  readonly when: 'before' | 'after';
  /** How often; for ever unless given. */
  readonly times?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly message?: string;
}

/** A fine-tune as the server keeps it. */
export interface KeptFinetune {
  readonly id: string;
  readonly name: string;
  readonly model: string;
  readonly description: string;
  readonly assets: Map<string, Buffer>;
}

/** A running server and what it knows. */
export interface Cloudflare {
  readonly api: string;
  readonly finetunes: KeptFinetune[];
  /** Every request that was understood, in order. */
  readonly steps: Step[];
  /** What was wrong with requests. */
  readonly wrong: string[];
  readonly faults: Fault[];
  /** Fine-tunes a page; all on one page, without `result_info`, unless given. */
  pageSize: number | undefined;
  add(finetune: { name: string; model: string; description?: string }): KeptFinetune;
  reset(): void;
  close(): Promise<void>;
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** Starts a server. */
export async function startCloudflare(): Promise<Cloudflare> {
  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => {
      cloudflare.wrong.push(String(error));
      response.destroy();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const cloudflare: Cloudflare = {
    api: `http://127.0.0.1:${port}/client/v4`,
    finetunes: [],
    steps: [],
    wrong: [],
    faults: [],
    pageSize: undefined,
    add({ name, model, description = '' }) {
      const kept = { id: randomUUID(), name, model, description, assets: new Map() };
      cloudflare.finetunes.push(kept);
      return kept;
    },
    reset() {
      for (const list of [cloudflare.finetunes, cloudflare.steps, cloudflare.faults]) {
        list.length = 0;
      }
      cloudflare.wrong.length = 0;
      cloudflare.pageSize = undefined;
    },
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
  return cloudflare;

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = Buffer.concat(await request.toArray());
    const { authorization } = request.headers;
    if (authorization !== `Bearer ${TOKEN}`) {
      // The real API does not quote the token; this one does, to see that it goes no further.
      const message = `Authentication error: ${authorization}`;
      return send(response, failure(403, message, 10000));
    }
    const [path, query = ''] = (request.url ?? '').split('?');
    const base = `/client/v4/accounts/${ACCOUNT}/ai/finetunes`;
    if (!path?.startsWith(base)) {
      return send(response, failure(404, 'Could not route to that account', 7003));
    }
    const rest = path.slice(base.length);
    const [, id] = /^\/([^/]+)\/finetune-assets$/.exec(rest) ?? [];
    if (request.method === 'GET' && rest === '') {
      return perform(response, 'list', () => listed(new URLSearchParams(query)));
    }
    if (query !== '') {
      return send(response, wrong(`${request.method} with the query ${query}`));
    }
    if (request.method === 'POST' && rest === '') {
      return perform(response, 'create', () => created(request, body));
    }
    if (request.method === 'POST' && id !== undefined) {
      const form = await new Response(body, {
        headers: { 'content-type': request.headers['content-type'] ?? '' },
      }).formData();
      const name = form.get('file_name');
      if (name !== 'adapter_config.json' && name !== 'adapter_model.safetensors') {
        return send(response, wrong(`file_name is ${String(name)}`));
      }
      const file = form.get('file');
      if (!(file instanceof File) || [...form.keys()].sort().join() !== 'file,file_name') {
        return send(response, wrong(`the parts are ${[...form.keys()].join()}`));
      }
      const content = Buffer.from(await file.arrayBuffer());
      return perform(response, `upload ${name}`, () => uploaded(id, name, content));
    }
    return send(response, wrong(`${request.method} ${path}`));
  }

  function perform(response: ServerResponse, step: Step, act: () => Answer): void {
    cloudflare.steps.push(step);
    const at = cloudflare.faults.findIndex((one) => one.step === step);
    const fault = cloudflare.faults[at];
    if (fault === undefined) {
      send(response, act());
      return;
    }
    const { times = Number.POSITIVE_INFINITY } = fault;
    cloudflare.faults.splice(at, 1, ...(times > 1 ? [{ ...fault, times: times - 1 }] : []));
    if (fault.when === 'after') {
      act();
    }
    if (fault.how === 'cut') {
      response.destroy();
      return;
    }
    const { status, body } = failure(fault.how, fault.message ?? 'it was not to be', 1);
    send(response, { status, body, headers: fault.headers });
  }

  function listed(query: URLSearchParams): Answer {
    const { pageSize: size } = cloudflare;
    const all = cloudflare.finetunes.map(({ assets: _assets, ...finetune }) => finetune);
    if (size === undefined) {
      return success(all);
    }
    const page = Number(query.get('page') ?? 1);
    const result = all.slice((page - 1) * size, page * size);
    return success(result, {
      page,
      per_page: size,
      count: result.length,
      total_count: all.length,
    });
  }

  function created(request: IncomingMessage, body: Buffer): Answer {
    if (request.headers['content-type'] !== 'application/json') {
      return wrong(`the body is ${request.headers['content-type']}`);
    }
    const { model, name, description, ...more } = JSON.parse(body.toString());
    if (![model, name, description].every((field) => typeof field === 'string')) {
      return wrong('model, name and description must be text');
    }
    if (Object.keys(more).length > 0) {
      return wrong(`the body has ${Object.keys(more).join()}`);
    }
    if (!/^@cf\/[a-z-]+\/[a-z0-9.-]+-lora$/.test(model)) {
      return failure(400, 'MODEL_NOT_SUPPORTED', 3030);
    }
    if (cloudflare.finetunes.some((one) => one.name === name)) {
      return failure(409, 'Finetune name in use', 3031);
    }
    if (cloudflare.finetunes.length >= ROOM) {
      return failure(400, 'Too many finetunes', 3032);
    }
    const { assets: _assets, ...finetune } = cloudflare.add({ name, model, description });
    return success({ ...finetune, public: false });
  }

  function uploaded(id: string, name: string, content: Buffer): Answer {
    const finetune = cloudflare.finetunes.find((one) => one.id === id);
    if (finetune === undefined) {
      return failure(404, 'Finetune not found', 3037);
    }
    if (finetune.assets.has(name)) {
      return failure(400, `Asset ${name} already exists`, 3033);
    }
    finetune.assets.set(name, content);
    return { status: 200, body: { success: true } };
  }

  function wrong(problem: string): Answer {
    cloudflare.wrong.push(problem);
    return failure(400, problem, 1001);
  }
}

function success(result: unknown, info?: unknown): Answer {
  const body = { success: true, errors: [], messages: [], result };
  return { status: 200, body: info === undefined ? body : { ...body, result_info: info } };
}

function failure(status: number, message: string, code: number): Answer {
  const errors = [{ code, message }];
  return { status, body: { success: false, errors, messages: [], result: null } };
}

function send(response: ServerResponse, { status, body, headers = {} }: Answer): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}
