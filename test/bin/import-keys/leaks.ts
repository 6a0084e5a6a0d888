/** A key, as bytes or as text, and everything that it can be written as. */
export type Key = Buffer | string;

/** Fewer characters of a key are no use to anybody, and happen by chance. */
const TELLING = 8;

/** Pieces of keys that stand in a text, in any of the ways in which keys are written. */
export function leaks(text: string, keys: readonly Key[]): string[] {
  const haystack = text.toLowerCase();
  return keys
    .flatMap((key) => spellings(key).flatMap(pieces))
    .filter((piece) => haystack.includes(piece.toLowerCase()));
}

function spellings(key: Key): string[] {
  const bytes = Buffer.isBuffer(key) ? key : Buffer.from(key);
  return [
    bytes.toString('utf8'),
    bytes.toString('latin1'),
    bytes.toString('hex'),
    // Base64 depends on where it starts.
    ...[0, 1, 2].flatMap((start) => [
      bytes.subarray(start).toString('base64'),
      bytes.subarray(start).toString('base64url'),
    ]),
    [...bytes].join(', '),
    [...bytes].join(','),
    JSON.stringify(bytes.toString()),
    ...(/^[0-9a-f]{64}$/i.test(bytes.toString()) ? spellings(Buffer.from(bytes.toString(), 'hex')) : []),
  ];
}

function pieces(text: string): string[] {
  const count = Math.max(0, text.length - TELLING + 1);
  return Array.from({ length: count }, (_, start) => text.slice(start, start + TELLING)).filter(
    // Of a key that is one character over and over there is nothing to tell.
    (piece) => new Set(piece).size > 2,
  );
}
