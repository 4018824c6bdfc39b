/**
 * Bindings that fail on purpose. Each call of D1, of R2 or of the assets that has an effect or an answer is
 * a step; a plan names the step at which a failure begins, and when:
 *
 *   before   nothing happened
 *   after    it happened, and the answer is lost
 *   midway   of what is read, the body ends in the middle; of anything else, the answer is lost
 *
 * and whether the failure is over at once or goes on. The proxies are made once for a binding, because the
 * Worker remembers by the binding what it has read.
 */
import type { Env } from '../../src/env.ts';

export const MOMENTS = ['before', 'after', 'midway'] as const;

/** What is to fail. */
export interface FaultPlan {
  /** The first step that fails; the first of all is 1. */
  readonly step: number;
  readonly moment: (typeof MOMENTS)[number];
  /** Whether every later step fails too. */
  readonly lasting: boolean;
}

/** What happened since a plan was made. */
export interface FaultReport {
  /** The steps by name, in their order. */
  readonly steps: readonly string[];
  /** How many of them failed. */
  readonly failed: number;
}

/** Counts steps, and fails those that the plan names. */
export interface Faults {
  /** Begins to count anew; gives what happened until then. */
  plan(next: FaultPlan | null): FaultReport;
  env(real: Env): Env;
}

type Step = <T>(name: string, work: () => Promise<T>) => Promise<T>;

/** Faults that nothing is planned of yet. */
export function createFaults(): Faults {
  let planned: FaultPlan | null = null;
  let steps: string[] = [];
  let failed = 0;
  let faulty: Env | undefined;

  async function step<T>(name: string, work: () => Promise<T>): Promise<T> {
    steps.push(name);
    const number = steps.length;
    const plan = planned;
    if (plan === null || number < plan.step || (number > plan.step && !plan.lasting)) {
      return work();
    }
    failed++;
    const lost = new Error(`${name}: Network connection lost (step ${number}).`);
    if (plan.moment === 'before') {
      throw lost;
    }
    const result = await work();
    if (plan.moment === 'midway' && hasBody(result)) {
      return cutInTheMiddle(result, lost) as T;
    }
    await (hasBody(result) ? result.body.cancel() : undefined);
    throw lost;
  }

  return {
    plan(next) {
      const report = { steps, failed };
      [planned, steps, failed] = [next, [], 0];
      return report;
    },
    env(real) {
      faulty ??= {
        ...real,
        DB: faultyDatabase(real.DB, step),
        ADAPTERS: faultyBucket(real.ADAPTERS, 'ADAPTERS', step),
        HYPERNETS: faultyBucket(real.HYPERNETS, 'HYPERNETS', step),
        ASSETS: faultyAssets(real.ASSETS, step),
      };
      return faulty;
    },
  };
}

function faultyDatabase(database: D1Database, step: Step): D1Database {
  const real = new WeakMap<D1PreparedStatement, D1PreparedStatement>();

  function faultyStatement(statement: D1PreparedStatement, gist: string): D1PreparedStatement {
    const proxy = proxied(statement, {
      bind: (...values) => faultyStatement(statement.bind(...values), gist),
      ...stepping(statement, ['first', 'run', 'all', 'raw'], () => `D1 ${gist}`, step),
    });
    real.set(proxy, statement);
    return proxy;
  }

  return proxied(database, {
    prepare: (query: string) => faultyStatement(database.prepare(query), gistOf(query)),
    batch: (statements: D1PreparedStatement[]) =>
      step('D1 batch', () => database.batch(statements.map((one) => real.get(one) ?? one))),
  });
}

/** "select adapters", for whoever reads which step failed. */
function gistOf(query: string): string {
  const [verb = ''] = query.split(' ', 1);
  const [, table = ''] = /\b(?:from|into|update) "?(\w+)/i.exec(query) ?? [];
  return `${verb} ${table}`;
}

function faultyBucket(bucket: R2Bucket, name: string, step: Step): R2Bucket {
  const calls = ['get', 'put', 'head', 'delete', 'list'] as const;
  return proxied(
    bucket,
    stepping(bucket, calls, (call) => `${name} ${call}`, step),
  );
}

function faultyAssets(assets: Fetcher, step: Step): Fetcher {
  return proxied(
    assets,
    stepping(assets, ['fetch'], () => 'ASSETS fetch', step),
  );
}

type Method = (...args: never[]) => unknown;
type Methods = Readonly<Record<string, Method>>;

/** The methods of a binding, each as a step. */
function stepping<Binding extends object>(
  binding: Binding,
  names: readonly (keyof Binding & string)[],
  nameOf: (method: string) => string,
  step: Step,
): Methods {
  return Object.fromEntries(
    names.map((name) => {
      const method = binding[name] as (...args: never[]) => Promise<unknown>;
      return [
        name,
        (...args: never[]) => step(nameOf(name), async () => method.apply(binding, args)),
      ];
    }),
  );
}

/** An object with some methods replaced; the others are called on the object itself. */
function proxied<Binding extends object>(binding: Binding, methods: Methods): Binding {
  return new Proxy(binding, {
    get(target, name) {
      const own = typeof name === 'string' && Object.hasOwn(methods, name);
      const member: unknown = own ? methods[name] : Reflect.get(target, name, target);
      return typeof member === 'function' && !own ? member.bind(target) : member;
    },
  });
}

type WithBody = (R2ObjectBody | Response) & { readonly body: ReadableStream };

function hasBody(result: unknown): result is WithBody {
  return (
    typeof result === 'object' &&
    result !== null &&
    'body' in result &&
    result.body instanceof ReadableStream
  );
}

/** The same object or answer, whose body fails after its first piece. */
function cutInTheMiddle(result: WithBody, lost: Error): WithBody {
  const reader = result.body.getReader();
  let pieces = 0;
  const body = new ReadableStream({
    type: 'bytes',
    async pull(controller) {
      const { value, done } = await reader.read();
      if (pieces++ > 0 || done || value === undefined || value.length < 2) {
        await reader.cancel();
        controller.error(lost);
        return;
      }
      controller.enqueue(value.slice(0, value.length >> 1));
    },
  });
  if (result instanceof Response) {
    return new Response(body, result) as WithBody;
  }
  return new Proxy(result, {
    get(target, name) {
      const member: unknown = name === 'body' ? body : Reflect.get(target, name, target);
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
}
