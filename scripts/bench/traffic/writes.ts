/** The writes of the traffic: adapters that are made, asked for again, asked for together, and removed. */
import type { AdapterDocument } from '../../../src/sdk/index.ts';
import type { Answer, Client } from './client.ts';
import type { Known, KnownAdapter } from './known.ts';
import { answerOf, type Draw, isExplained, someOf } from './reads.ts';
import type { Tally } from './tally.ts';

/** What a write needs. */
export interface Writing {
  readonly client: Client;
  readonly known: Known;
  readonly tally: Tally;
  readonly draw: Draw;
  readonly admin: Readonly<Record<string, string>>;
}

/** So many adapters stay. */
const FEW = 20;
const HYPERNET = 't2l-mini';
/** The descriptions of this run are counted. */
let described = 0;

/** Writes something, and judges the answer. */
export async function writeSomething(writing: Writing): Promise<void> {
  const place = writing.draw();
  if (place < 0.45) {
    await makeNew(writing);
  } else if (place < 0.75) {
    await makeAgain(writing);
  } else if (place < 0.85) {
    await makeSome(writing);
  } else {
    await removeOne(writing);
  }
}

/** Has an adapter made of a description that nobody sent before. */
export async function makeNew({ client, known, tally }: Writing): Promise<void> {
  const answer = await client.ask({ method: 'POST', path: '/v1/adapters', json: newRequest() });
  judge('new adapter', answer, tally, () => known.note(JSON.parse(answer.body.toString())));
}

async function makeAgain({ client, known, tally, draw }: Writing): Promise<void> {
  const adapters = askable(known, draw, 1);
  await known.asking(adapters, async () => {
    const [json = newRequest()] = adapters.map(requestOf);
    const answer = await client.ask({ method: 'POST', path: '/v1/adapters', json });
    judge('known adapter', answer, tally, () => known.note(JSON.parse(answer.body.toString())));
  });
}

async function makeSome({ client, known, tally, draw }: Writing): Promise<void> {
  const adapters = askable(known, draw, 2);
  await known.asking(adapters, async () => {
    const json = { requests: [...adapters.map(requestOf), newRequest()] };
    const answer = await client.ask({ method: 'POST', path: '/v1/adapters/batch', json });
    judge('batch of 3', answer, tally, () => {
      for (const text of answer.body.toString().trim().split('\n')) {
        const line: { adapter?: AdapterDocument; status: number } = JSON.parse(text);
        if (line.adapter !== undefined) {
          known.note(line.adapter);
        } else if (line.status !== 503) {
          tally.unexplained.push(`a line of a batch: ${text}`);
        }
      }
    });
  });
}

async function removeOne({ client, known, tally, draw, admin }: Writing): Promise<void> {
  const adapter = someOf(known.present, draw);
  if (adapter === undefined || known.present.length <= FEW || !known.leave(adapter)) {
    return;
  }
  const path = `/v1/adapters/${adapter.document.id}`;
  const answer = await client.ask({ method: 'DELETE', path, headers: admin });
  judge('removal', answer, tally, () => known.remove(adapter));
}

function judge(kind: string, answer: Answer, tally: Tally, note: () => void): void {
  tally.add(kind, answer.ms, answerOf(answer));
  if (answer.status >= 200 && answer.status < 300) {
    note();
  } else if (!isExplained(answer)) {
    tally.unexplained.push(`${kind}: ${answerOf(answer)}`);
  }
}

/** Adapters, so many at most, whose descriptions may be sent again. */
function askable(known: Known, draw: Draw, count: number): KnownAdapter[] {
  const drawn = Array.from({ length: count }, () => someOf(known.present, draw));
  return drawn.filter((one) => one !== undefined && known.mayAsk(one)) as KnownAdapter[];
}

function newRequest() {
  return {
    hypernet: HYPERNET,
    description: `Answer with the word number ${described++} of the list.`,
  };
}

function requestOf({ document }: KnownAdapter) {
  return { hypernet: HYPERNET, description: document.description };
}
