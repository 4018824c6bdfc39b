/** Reading an object of R2 whole. */

/** Into one buffer of the right size: `arrayBuffer()` gathers the body in pieces and copies them. */
export async function wholeBody({
  body,
  size,
}: Pick<R2ObjectBody, 'body' | 'size'>): Promise<Uint8Array> {
  const bytes = new Uint8Array(size);
  if (size === 0) {
    // A reader refuses to fill nothing.
    await body.cancel();
    return bytes;
  }
  const { value } = await body.getReader({ mode: 'byob' }).readAtLeast(size, bytes);
  return value ?? new Uint8Array(0);
}
