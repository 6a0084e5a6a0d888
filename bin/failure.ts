/** Errors that are mistakes in a program rather than in what it was given. */
const MISTAKES = [TypeError, ReferenceError, RangeError, SyntaxError];

/** What to print about an error: for whoever configures, what it says; for whoever programs, where it happened too. */
export function told(error: unknown): string {
  if (!(error instanceof Error)) {
    return String(error);
  }
  const programming = MISTAKES.some((mistake) => error instanceof mistake) || process.env.CDK_DEBUG === 'true';
  return `\n${(programming && error.stack) || error.message}\n`;
}
