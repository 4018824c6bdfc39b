/**
 * The description of the API. The generator gives what the routes and the schemas say; this adds what
 * holds for all of them, so that no route must repeat it: the headers of answers, an example for every
 * body and every error, the fault that any call may end with, and the links from one call to the next.
 */
import { OpenApiGeneratorV31 } from '@asteasolutions/zod-to-openapi';
import { ERROR_CODES, type ErrorCode, isErrorCode } from '../../contract/error-codes.ts';
import { T2lError } from '../../contract/errors.ts';
import { exampleName, PROBLEM_TYPE, problemOf, problemSchema } from '../problem.ts';
import type { App } from '../route.ts';
import { refusalsOf, securityOf, withCodes } from './access.ts';
import { DETAILS } from './details.ts';
import { RESPONSE_EXAMPLES } from './examples/answers.ts';
import { REQUEST_EXAMPLES } from './examples/requests.ts';
import { HEADERS, headersOf } from './headers.ts';
import { linksOf } from './links.ts';

/** The whole document. */
export type Description = ReturnType<OpenApiGeneratorV31['generateDocument']>;
type Operation = NonNullable<NonNullable<Description['paths']>[string]['get']>;

/** The parts of a generated document that are completed here. */
interface Schema {
  readonly $ref?: string;
  readonly enum?: readonly string[];
  readonly items?: Schema;
  readonly allOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
}
interface Media {
  readonly schema?: Schema;
  examples?: object;
}
interface Answer {
  readonly description: string;
  readonly content?: Readonly<Record<string, Media>>;
  headers?: object;
  links?: object;
}

const INFO = {
  title: 't2l-edge',
  version: '1',
  description:
    'Describe a task in a sentence, get a LoRA adapter for a frozen language model.\n\n' +
    'Every error is a problem document (RFC 9457) with a stable `code`; every answer has ' +
    '`Server-Timing`. Each GET also answers HEAD. A path that is not listed here is 404 with the ' +
    'code `route_unknown`; a method that is not listed is 405 with the code `method_not_allowed` ' +
    'and the header `Allow`. Bodies are JSON in UTF-8 of at most 131,072 bytes.',
  license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
};

const TAGS = [
  { name: 'adapters', description: 'Make, find, read and remove adapters.' },
  { name: 'hypernets', description: 'The hypernetworks of this endpoint and their versions.' },
  { name: 'access', description: 'The tokens that let others read and make adapters.' },
  { name: 'hub', description: 'The read protocol of the Hugging Face Hub.' },
  { name: 'endpoint', description: 'The endpoint itself.' },
];

/** The examples of answers as components. */
const ANSWERS: Readonly<Record<string, { value: unknown }>> = Object.fromEntries(
  Object.entries(RESPONSE_EXAMPLES).map(([name, value]) => [name, { value }]),
);

const METHODS = ['get', 'head', 'post', 'put', 'patch', 'delete'] as const;

/** Describes the routes that the app has by now; without `servers`, which each request tells. */
export function describeApi(app: App): Description {
  app.openAPIRegistry.registerComponent('securitySchemes', 'admin', {
    type: 'http',
    scheme: 'bearer',
    description: 'The secret ADMIN_TOKEN of the endpoint, or a token with the scope admin.',
  });
  app.openAPIRegistry.registerComponent('securitySchemes', 'token', {
    type: 'http',
    scheme: 'bearer',
    description:
      'A token with the scope read or generate, where the endpoint wants one: its operator decides.',
  });
  app.openAPIRegistry.register('Problem', problemSchema);
  const document = new OpenApiGeneratorV31(app.openAPIRegistry.definitions).generateDocument({
    openapi: '3.1.0',
    info: INFO,
  });
  const used = new Set<string>();
  for (const [path, item] of Object.entries(document.paths ?? {})) {
    for (const method of METHODS) {
      const operation = item[method];
      if (operation !== undefined) {
        // The paths of the hub protocol are not ours to name, so they name their operations.
        operation.operationId ??= nameOf(method, path);
        operation.tags ??= ['hub'];
        complete(operation, method, path);
        used.add(operation.tags[0] ?? '');
      }
    }
  }
  return {
    ...document,
    tags: TAGS.filter(({ name }) => used.has(name)),
    components: {
      ...document.components,
      headers: HEADERS,
      examples: { ...ANSWERS, ...errorExamples() },
    },
  };
}

function complete(operation: Operation, method: string, path: string): void {
  const { operationId = '', requestBody } = operation;
  if (requestBody !== undefined && 'content' in requestBody) {
    addRequestExamples(requestBody.content as Record<string, Media>);
  }
  const answers: Record<string | number, Answer> = operation.responses ?? {};
  const security = operation.security ?? securityOf(method, path);
  if (security !== undefined) {
    operation.security = security;
  }
  // Whatever nobody foresaw, and what is refused for whoever asks.
  const further = { ...refusalsOf(method, path), 500: ['internal_error' as const] };
  for (const [status, codes] of Object.entries(further)) {
    const { content } = answers[status] ?? {};
    const schema = (content?.[PROBLEM_TYPE] ?? content?.['application/json'])?.schema;
    const hub = operation.tags?.includes('hub') ?? false;
    answers[status] = withCodes(codesOf(schema), codes, Number(status), hub);
  }
  for (const [status, answer] of Object.entries(answers)) {
    addAnswerExamples(answer.content);
    answer.headers = { ...headersOf(operationId, Number(status)), ...answer.headers };
    const links = linksOf(operationId, Number(status));
    if (links !== undefined) {
      answer.links = links;
    }
  }
  operation.responses = answers;
}

function addRequestExamples(content: Readonly<Record<string, Media>>): void {
  for (const media of Object.values(content)) {
    const examples = REQUEST_EXAMPLES[componentOf(media.schema)];
    if (examples !== undefined) {
      media.examples = Object.fromEntries(
        Object.entries(examples).map(([summary, value]) => [
          summary.toLowerCase().replaceAll(' ', '-'),
          { summary, value },
        ]),
      );
    }
  }
}

function addAnswerExamples(content: Readonly<Record<string, Media>> = {}): void {
  for (const media of Object.values(content)) {
    const item = componentOf(media.schema?.items);
    const name = componentOf(media.schema);
    if (RESPONSE_EXAMPLES[item] !== undefined) {
      media.examples = { [item]: { value: [RESPONSE_EXAMPLES[item]] } };
    } else if (RESPONSE_EXAMPLES[name] !== undefined) {
      media.examples = { [name]: { $ref: `#/components/examples/${name}` } };
    }
  }
}

/** `getApiModels` for GET /api/models. */
function nameOf(method: string, path: string): string {
  const words = path.split(/[^A-Za-z0-9]+/).filter((word) => word !== '');
  return method + words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
}

/** The name of the component that a schema refers to. */
function componentOf(schema: Schema | undefined): string {
  return schema?.$ref?.split('/').at(-1) ?? '';
}

/** The codes that the schema of a problem document lists. */
function codesOf(schema: Schema | undefined): readonly ErrorCode[] {
  return (schema?.allOf ?? [])
    .flatMap(({ properties }) => properties?.code?.enum ?? [])
    .filter(isErrorCode);
}

/** A problem document for every code that a route answers with, at each of its statuses. */
function errorExamples(): Record<string, { summary: string; value: object }> {
  const codes = Object.keys(ERROR_CODES).filter(isErrorCode);
  return Object.fromEntries(
    codes.flatMap((code) => {
      const [statuses, summary] = ERROR_CODES[code];
      const detail = DETAILS[code];
      return detail === undefined
        ? []
        : statuses.map((status) => [
            exampleName(code, status),
            { summary, value: problemOf(new T2lError(code, detail, { status })) },
          ]);
    }),
  );
}
