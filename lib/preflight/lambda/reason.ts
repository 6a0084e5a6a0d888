/** CloudFormation takes an answer of 4096 bytes in all; what is not the reason needs less than 1 KB of it. */
const MAX_BYTES = 3000;

/** One reason out of all that failed, never cut off within a sentence. */
export function reasonFor(refusals: readonly string[], checks: number): string {
  const heading = `NocoBase preflight: ${refusals.length} of ${checks} checks failed; nothing that holds data was touched.`;
  for (let shown = refusals.length; shown > 0; shown--) {
    const left = refusals.length - shown;
    const sentences = [
      heading,
      ...refusals.slice(0, shown).map((refusal, index) => `(${index + 1}) ${refusal}`),
      ...(left > 0 ? [`${left} more: see the log of the preflight function.`] : []),
    ];
    const reason = sentences.join(' ');
    if (bytes(reason) <= MAX_BYTES) return reason;
  }
  return `${heading} See the log of the preflight function.`;
}

function bytes(reason: string): number {
  return Buffer.byteLength(JSON.stringify(reason));
}
