import type { IConstruct } from 'constructs';
import { invalidProp } from './invalid-prop';

/**
 * Refuses what nobody gave. The compiler asks for it in TypeScript, but not
 * every language has one, and it believes `process.env.NAME!`.
 */
export function checkRequired(scope: IConstruct, options: { [prop: string]: unknown }) {
  for (const [prop, value] of Object.entries(options)) {
    if (value === undefined || value === null) {
      throw invalidProp(scope, {
        prop,
        problem: 'is missing, and there is no default for it',
        remedy: 'Give it; where it comes from an environment variable or from a file, see that it is set there',
      });
    }
  }
}
