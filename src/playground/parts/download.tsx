/** A base model of many megabytes: what it is and takes, and a button that fetches it, once. */
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { open } from '../answers/client.ts';
import type { Loading, Offer } from '../answers/protocol.ts';
import { type Failure, failureOf } from '../failure.ts';
import { FailureNote } from './failure.tsx';
import { loadingText, megabytes } from './loading.ts';

/** The button, and once the model is there what is asked of it. */
export function Download({
  baseModel,
  offer,
  children,
}: {
  baseModel: string;
  offer: Extract<Offer, { kind: 'offered' }>;
  children: ComponentChildren;
}) {
  const [opened, setOpened] = useState(false);
  const [busy, setBusy] = useState(false);
  const [loading, setLoading] = useState<Loading>();
  const [failure, setFailure] = useState<Failure>();
  async function start(): Promise<void> {
    setBusy(true);
    setFailure(undefined);
    const failed = await open(baseModel, setLoading).catch((error: unknown) =>
      failureOf(error, navigator.onLine),
    );
    setBusy(false);
    setLoading(undefined);
    setFailure(failed);
    setOpened(failed === undefined);
  }
  if (opened) {
    return children;
  }
  return (
    <div class="download">
      <p>
        <code>{baseModel}</code> answers on your machine, in this page, on its processor
        (WebAssembly).{' '}
        {offer.kept
          ? 'Its file is there from an earlier visit.'
          : 'Its file is fetched from this endpoint once, and kept by your browser.'}
      </p>
      <p>
        <button type="button" class="main" disabled={busy} onClick={() => void start()}>
          {offer.kept ? 'Open the model' : `Download the model (${megabytes(offer.bytes)})`}
        </button>
      </p>
      {loading !== undefined && (
        <progress value={loading.loaded} max={loading.total} aria-label="Loading" />
      )}
      <p class="detail" role="status">
        {busy && (loading === undefined ? 'Opening the model.' : loadingText(loading))}
      </p>
      <FailureNote failure={failure} again={() => void start()} />
    </div>
  );
}
