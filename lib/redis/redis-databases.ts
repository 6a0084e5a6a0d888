import type { IConstruct } from 'constructs';
import { invalidProp, refuseToken } from '../invalid-prop';
import { ONE_DATABASE_WAY_OUT } from './one-database';
import type { RedisDatabases } from './redis';
import { FUNCTIONS, perFunction } from './redis-functions';

/** The numbers with their defaults: 0 to 4, or one for all where there is only one. That two of them clash is found out where functions come together. */
export function checkedDatabases(
  scope: IConstruct,
  given: RedisDatabases = {},
  only?: number,
  count = Number.POSITIVE_INFINITY,
): Required<RedisDatabases> {
  return perFunction((name) => {
    const prop = `redis.databases.${name}`;
    const number = given[name] ?? only ?? FUNCTIONS.indexOf(name);
    refuseToken(scope, prop, number);
    if (!Number.isInteger(number) || number < 0 || number >= count) {
      throw invalidProp(scope, {
        prop,
        problem: `must be a whole number ${count === Number.POSITIVE_INFINITY ? 'from 0 on' : `between 0 and ${count - 1}`}, got: ${number}`,
        remedy: 'Leave it out for 0 cache, 1 sync signal, 2 lock, 3 queue, 4 worker ids',
      });
    }
    if (only !== undefined && number !== only) {
      throw invalidProp(scope, {
        prop,
        problem: `${number} is not there: this kind of Redis has database ${only} only`,
        remedy: ONE_DATABASE_WAY_OUT,
      });
    }
    return number;
  });
}
