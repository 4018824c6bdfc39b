/**
 * The files of an adapter, each with its sha256. Those of other layouts are made when they are asked for,
 * so no document has their hash: it is asked for when the reader opens the list.
 */
import { useEffect, useState } from 'preact/hooks';
import { sha256Named } from '../../contract/repr-digest.ts';
import type { AdapterDocument } from '../../sdk/index.ts';

/** The links. */
export function Files({ adapter }: { adapter: AdapterDocument }) {
  return (
    <>
      <ul class="files">
        {Object.entries(adapter.files).map(([name, { url, bytes, sha256 }]) => (
          <FileLink key={url} name={name} url={url} size={`${bytes} bytes`} sha256={sha256} />
        ))}
        {adapter.card !== undefined && (
          <FileLink name="README.md" url={adapter.card} size="the card" sha256={undefined} />
        )}
      </ul>
      <div class="list">
        {Object.entries(adapter.formats).map(([format, files]) => (
          <Format key={`${adapter.id}.${format}`} format={format} files={files} />
        ))}
      </div>
    </>
  );
}

function Format({ format, files }: { format: string; files: Readonly<Record<string, string>> }) {
  const [opened, setOpened] = useState(false);
  return (
    <details onToggle={({ currentTarget }) => setOpened(opened || currentTarget.open)}>
      <summary>
        As <code>{format}</code>
      </summary>
      {opened && (
        <ul class="files">
          {Object.entries(files).map(([name, url]) => (
            <MadeFile key={url} name={name} url={url} />
          ))}
        </ul>
      )}
    </details>
  );
}

function MadeFile({ name, url }: { name: string; url: string }) {
  const [sha256, setSha256] = useState<string>();
  useEffect(() => {
    // The first byte will do: the answer names the hash of the whole.
    fetch(url, { headers: { range: 'bytes=0-0' } }).then(
      ({ headers }) => setSha256(sha256Named(headers.get('repr-digest')) ?? 'not to be had now'),
      () => setSha256('not to be had now'),
    );
  }, [url]);
  return <FileLink name={name} url={url} size="made on demand" sha256={sha256 ?? '…'} />;
}

function FileLink({
  name,
  url,
  size,
  sha256,
}: {
  name: string;
  url: string;
  size: string;
  sha256: string | undefined;
}) {
  return (
    <li>
      <a href={url} download={name}>
        {name}
      </a>{' '}
      <small>{size}</small>
      {sha256 !== undefined && (
        <small class="hash">
          sha256 <code>{sha256}</code>
        </small>
      )}
    </li>
  );
}
