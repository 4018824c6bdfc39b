/** The page: describe, try, see, keep. */
import { useCallback, useEffect, useState } from 'preact/hooks';
import { KIND_TITLES } from '../contract/output-kinds.ts';
import type { AdapterDocument } from '../sdk/index.ts';
import { prepare } from './answers/client.ts';
import { judgeable } from './judgeable.ts';
import { Compare } from './parts/compare.tsx';
import { Describe } from './parts/describe.tsx';
import { Download } from './parts/download.tsx';
import { Draft } from './parts/draft.tsx';
import { FailureNote } from './parts/failure.tsx';
import { History } from './parts/history.tsx';
import { Keep } from './parts/keep.tsx';
import { Norms } from './parts/norms.tsx';
import { DEFAULTS, OptionFields } from './parts/options.tsx';
import { Recipes } from './parts/recipes.tsx';
import { Stages } from './parts/stages.tsx';
import { Strength } from './parts/strength.tsx';
import { TaskMap } from './parts/task-map.tsx';
import { Try } from './parts/try.tsx';
import { Unanswered } from './parts/unanswered.tsx';
import { Verdict } from './parts/verdict.tsx';
import { useFit } from './state/use-fit.ts';
import { useHypernets, versionOf } from './state/use-hypernets.ts';
import { useOffer } from './state/use-offer.ts';
import { requestOf, usePage } from './state/use-page.ts';
import { descriptionOf } from './tasks.ts';

/** What the norms of each kind of adapter are. */
const MOVES: Readonly<Record<AdapterDocument['output'], string>> = {
  lora: 'the norm of its update.',
  dora: 'the norm of its update, without what its magnitudes change.',
  ia3: 'how far its factors are from 1.',
};

/** The whole page. */
export function App() {
  const [description, setDescription] = useState('');
  const [options, setOptions] = useState(DEFAULTS);
  /** Whether the box has something that no adapter was made of yet. */
  const [written, setWritten] = useState(false);
  /** Whether what is shown is made here, and not by a link. */
  const [generating, setGenerating] = useState(false);
  const opened = useCallback((document: AdapterDocument) => {
    setWritten(false);
    setGenerating(false);
    setDescription(document.description ?? '');
    setOptions({
      hypernet: document.hypernet.name,
      strength: String(document.strength),
      dtype: document.dtype as typeof DEFAULTS.dtype,
    });
  }, []);
  const hypernets = useHypernets();
  const page = usePage(opened);
  const { first, second } = page;
  const adapter = first.made?.document;
  const runs = adapter?.output === 'lora';
  const { offer, askAgain } = useOffer(runs ? adapter.base_model : undefined);
  const adapters = [adapter, second.made?.document].filter((one) => one !== undefined);
  const version = versionOf(hypernets, options.hypernet);
  const sizes = version?.fit?.sizes;
  const baseModel = version?.output === 'lora' ? version.base_model.id : undefined;
  useEffect(() => {
    // While the adapter is made, its base model may come.
    if (generating && first.busy && baseModel !== undefined && !savesData()) {
      prepare(baseModel);
    }
  }, [generating, first.busy, baseModel]);
  const judged = judgeable(hypernets, options.hypernet, savesData());
  const blank = description.trim() === '';
  const known = useFit(
    !written || blank || first.busy || judged === undefined
      ? undefined
      : { hypernet: judged, description, strength: Number(options.strength) },
  );

  function write(text: string): void {
    setDescription(text);
    setWritten(true);
  }

  /** What fills the box with a description of a training task. */
  function chooserOf(digest: string | undefined): (task: string) => void {
    return (task) => void descriptionOf(digest, task).then(write);
  }

  function generate(): void {
    setWritten(false);
    setGenerating(true);
    const { hypernet, strength, dtype } = options;
    page.make({
      description,
      dtype,
      strength: Number(strength),
      ...(hypernet !== undefined && { hypernet }),
    });
  }
  return (
    <>
      <header>
        <p class="name">t2l-edge</p>
        <h1>Describe a task. Watch a language model change its answers.</h1>
        <nav aria-label="More">
          <a href="/docs">API</a>
        </nav>
      </header>
      <main>
        <section aria-labelledby="describe">
          <h2 id="describe">Describe</h2>
          <div>
            <Describe
              label="The task, in a sentence"
              description={description}
              change={write}
              submit={generate}
              busy={first.busy}
            >
              <OptionFields options={options} hypernets={hypernets} change={setOptions} />
            </Describe>
            <Draft known={known} choose={chooserOf(version?.digest)} />
            {sizes !== undefined && <p class="detail">{sizes}</p>}
            <FailureNote failure={first.failure} again={page.again} />
            <p class="unseen" role="status">
              {first.busy
                ? 'Making the adapter.'
                : adapter && `The adapter is there: ${adapter.fit.verdict}.`}
            </p>
            {first.made !== undefined && adapter !== undefined && (
              <div data-adapter={adapter.id}>
                <Verdict fit={adapter.fit} choose={chooserOf(adapter.hypernet.digest)} />
                <Stages stages={first.made.stages} cached={adapter.cached} />
              </div>
            )}
          </div>
        </section>
        {adapter !== undefined && (
          <>
            <section aria-labelledby="try">
              <h2 id="try">Try</h2>
              <div>
                {!runs && (
                  <>
                    <p>
                      The base model runs in this page with LoRA adapters only, and this one is of
                      the kind {KIND_TITLES[adapter.output]}. Load it beside the base model:
                    </p>
                    <Recipes adapter={adapter} />
                  </>
                )}
                {offer?.kind === 'unanswered' && (
                  <Unanswered baseModel={adapter.base_model} again={askAgain} />
                )}
                {offer?.kind === 'absent' && (
                  <>
                    <p>
                      <code>{adapter.base_model}</code> does not run in this page, because the
                      endpoint has no file of it: <code>npm run base-model</code> puts one there.
                      Load the adapter beside it:
                    </p>
                    <Recipes adapter={adapter} />
                  </>
                )}
                {offer?.kind === 'offered' && (
                  <Download key={adapter.base_model} baseModel={adapter.base_model} offer={offer}>
                    <Try key={adapter.base_model} adapters={adapters} ships={false} />
                  </Download>
                )}
                {offer?.kind === 'ships' && (
                  <Try key={adapter.base_model} adapters={adapters} ships />
                )}
                {adapter.description !== null && (
                  <>
                    {adapter.output !== 'dora' && (
                      <Strength value={adapter.strength} choose={page.strengthen} />
                    )}
                    <Compare
                      state={second}
                      make={({ description: other }) =>
                        page.compare({ ...requestOf(adapter), strength: 1, description: other })
                      }
                      close={page.compareNoMore}
                    />
                  </>
                )}
              </div>
            </section>
            <section aria-labelledby="see">
              <h2 id="see">See</h2>
              <div>
                <p class="detail">
                  How far the adapter moves each layer: {MOVES[adapter.output]}{' '}
                  {adapter.output !== 'ia3' && `Rank ${adapter.rank}, `}
                  {adapter.parameters.toLocaleString('en')} numbers, strength {adapter.strength}.
                </p>
                <Norms norms={adapter.norms} strength={adapter.strength} />
                <TaskMap adapter={adapter} choose={chooserOf(adapter.hypernet.digest)} />
              </div>
            </section>
            <section aria-labelledby="keep">
              <h2 id="keep">Keep</h2>
              <div>
                <Keep adapter={adapter} />
                {offer !== undefined && offer.kind !== 'absent' && (
                  <>
                    <h3>Load it elsewhere</h3>
                    <Recipes adapter={adapter} />
                  </>
                )}
              </div>
            </section>
          </>
        )}
        <History entries={page.history} clear={page.forget} />
      </main>
    </>
  );
}

/** What a few browsers tell of their user's wish. */
function savesData(): boolean {
  const { connection } = navigator as { connection?: { saveData?: boolean } };
  return connection?.saveData === true;
}
