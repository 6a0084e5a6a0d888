/**
 * Options as an object's own, also those that it has by its class: spreading
 * would leave these out. Where there are none at all, they are empty.
 */
export function allOptions<T extends object>(given: T): T {
  const names = lineageOf(given).flatMap((each) => Object.getOwnPropertyNames(each));
  return Object.fromEntries(names.map((name) => [name, given[name as keyof T]])) as T;
}

/** An object and what it inherits from. */
function lineageOf(given: object | null | undefined): object[] {
  const isEnd = given === undefined || given === null || given === Object.prototype;
  return isEnd ? [] : [given, ...lineageOf(Object.getPrototypeOf(given))];
}
