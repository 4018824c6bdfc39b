/** Taking an adapter along: a link, its files in every layout, and lines to paste. */
import type { AdapterDocument } from '../../sdk/index.ts';
import { ENDPOINT } from '../client.ts';
import { curlLine } from '../curl.ts';
import { hashOf } from '../place.ts';
import { Lines } from './copy.tsx';
import { Files } from './files.tsx';

/** What to keep of an adapter. */
export function Keep({ adapter }: { adapter: AdapterDocument }) {
  const curl = curlLine(ENDPOINT, adapter);
  return (
    <>
      <h3>A link</h3>
      <p class="detail">It opens this adapter wherever this endpoint can be reached.</p>
      <Lines name="Link" text={`${ENDPOINT}/${hashOf([adapter.id])}`} />
      {curl !== undefined && (
        <>
          <h3>The same request</h3>
          <Lines name="curl line" text={curl} />
        </>
      )}
      <h3>Files</h3>
      <Files adapter={adapter} />
    </>
  );
}
