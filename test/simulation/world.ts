import type { Random } from './random';

interface Event {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
}

/** A clock that jumps from one event to the next. Everything in a simulation waits on it and on nothing else. */
export class World {
  public now = 0;
  private readonly events: Event[] = [];
  private order = 0;

  constructor(public readonly random: Random) {}

  public at(time: number, run: () => void) {
    const event = { at: Math.max(time, this.now), order: this.order++, run };
    // A heap.
    const { events } = this;
    let index = events.push(event) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!before(event, events[parent])) break;
      events[index] = events[parent];
      index = parent;
    }
    events[index] = event;
  }

  public sleep(time: number): Promise<void> {
    return new Promise((resolve) => this.at(this.now + time, resolve));
  }

  public between(from: number, to: number): number {
    return from + (this.random(1_000_000) / 1_000_000) * (to - from);
  }

  public chance(probability: number): boolean {
    return this.random(1_000_000) < probability * 1_000_000;
  }

  /** Until `isOver` or the end of time. */
  public async run(isOver: () => boolean, end: number): Promise<void> {
    while (this.events.length > 0 && this.events[0].at <= end && !isOver()) {
      const { at, run } = this.pop();
      this.now = at;
      run();
      // Everything that follows from it at this moment.
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  private pop(): Event {
    const { events } = this;
    const [first] = events;
    const last = events.pop()!;
    if (events.length > 0) {
      let index = 0;
      for (;;) {
        let child = 2 * index + 1;
        if (child >= events.length) break;
        if (child + 1 < events.length && before(events[child + 1], events[child])) child++;
        if (!before(events[child], last)) break;
        events[index] = events[child];
        index = child;
      }
      events[index] = last;
    }
    return first;
  }
}

function before(one: Event, other: Event): boolean {
  return one.at < other.at || (one.at === other.at && one.order < other.order);
}
