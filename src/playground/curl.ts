/** The line that asks the endpoint for the same adapter. */
import type { AdapterDocument } from '../sdk/index.ts';

/** A line for a shell; undefined of an adapter that was made from an embedding, which no document has. */
export function curlLine(
  endpoint: string,
  { description, strength, dtype, hypernet }: AdapterDocument,
): string | undefined {
  if (description === null) {
    return undefined;
  }
  const body = {
    description,
    hypernet: `${hypernet.name}@${hypernet.version}`,
    ...(strength !== 1 && { strength }),
    ...(dtype !== 'float16' && { dtype }),
  };
  return (
    `curl -s ${endpoint}/v1/adapters -H 'content-type: application/json' ` +
    `-d ${quoted(JSON.stringify(body))}`
  );
}

/** Text in single quotes as every shell reads it. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
