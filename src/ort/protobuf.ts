/** Protobuf's wire format, written: the little of it that ONNX models take. */

/** Of a field's tag. */
export const WIRE_VARINT = 0;
export const WIRE_BYTES = 2;
export const WIRE_32 = 5;

/** A number from 0 up to 2^53, which is more than any length here. */
export function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 0x80) {
    bytes.push((rest % 128) | 0x80);
    rest = Math.floor(rest / 128);
  }
  bytes.push(rest);
  return Uint8Array.from(bytes);
}

/** A field of bytes: tag, length, content. */
export function message(number: number, parts: readonly Uint8Array[]): Uint8Array[] {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  return [varint((number << 3) | WIRE_BYTES), varint(length), ...parts];
}

/** A field of text. */
export function textField(number: number, text: string): Uint8Array[] {
  return message(number, [new TextEncoder().encode(text)]);
}

/** A field of a number that is not negative. */
export function numberField(number: number, value: number): Uint8Array[] {
  return [varint((number << 3) | WIRE_VARINT), varint(value)];
}

/** Parts in one piece. */
export function concat(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
