import { afterEach, expect, test, vi } from 'vitest';
import { createResidentCache } from '../../src/hypernet/resident.ts';

class Thing {
  releases = 0;
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }

  get released(): boolean {
    return this.releases > 0;
  }

  async release(): Promise<void> {
    this.releases++;
  }
}

afterEach(() => {
  vi.useRealTimers();
});

test('what is resident is not loaded again', async () => {
  const cache = createResidentCache<Thing>(10);
  const first = await cache.get('a', 5, async () => new Thing('a'));
  const second = await cache.get('a', 5, () => Promise.reject(new Error('loaded twice')));
  expect(second).toBe(first);
  expect(first.releases).toBe(0);
});

test('the least recently used leaves first, and before the new one is loaded', async () => {
  const cache = createResidentCache<Thing>(10);
  const a = await cache.get('a', 5, async () => new Thing('a'));
  const b = await cache.get('b', 5, async () => new Thing('b'));
  await cache.get('a', 5, async () => new Thing('unused'));
  await cache.get('c', 5, async () => {
    expect([a.releases, b.releases]).toEqual([0, 1]);
    return new Thing('c');
  });
  expect([a.releases, b.releases]).toEqual([0, 1]);
});

test('one thing over the budget is kept, alone', async () => {
  const cache = createResidentCache<Thing>(10);
  const small = await cache.get('small', 5, async () => new Thing('small'));
  const large = await cache.get('large', 50, async () => new Thing('large'));
  expect([small.releases, large.releases]).toEqual([1, 0]);
  expect(await cache.get('large', 50, async () => new Thing('again'))).toBe(large);
});

test('requests at the same time share one load', async () => {
  const cache = createResidentCache<Thing>(10);
  let loads = 0;
  const load = async () => {
    loads++;
    await new Promise((resolve) => setTimeout(resolve, 10));
    return new Thing('a');
  };
  const things = await Promise.all([1, 2, 3].map(() => cache.get('a', 5, load)));
  expect(loads).toBe(1);
  expect(new Set(things).size).toBe(1);
});

test('a load that never ends, because its request died, does not hold up the next one', async () => {
  vi.useFakeTimers();
  const cache = createResidentCache<Thing>(10);
  void cache.get('a', 5, () => new Promise<Thing>(() => undefined));
  const second = cache.get('a', 5, async () => new Thing('second'));
  await vi.advanceTimersByTimeAsync(10_000);
  expect((await second).name).toBe('second');
  expect((await cache.get('a', 5, async () => new Thing('third'))).name).toBe('second');
});

test('a load that fails is tried again', async () => {
  const cache = createResidentCache<Thing>(10);
  await expect(cache.get('a', 5, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect((await cache.get('a', 5, async () => new Thing('a'))).name).toBe('a');
});

test('two different loads that end together stay within the budget', async () => {
  const cache = createResidentCache<Thing>(10);
  const things = await Promise.all(
    ['a', 'b'].map((name) => cache.get(name, 8, async () => new Thing(name))),
  );
  expect(things.map(({ releases }) => releases).sort()).toEqual([0, 1]);
});

test('two different loads at once follow each other, and the first leaves before the second', async () => {
  const cache = createResidentCache<Thing>(10);
  const events: string[] = [];
  let loading = 0;
  const load = (name: string) => async () => {
    expect(++loading).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 10));
    loading--;
    const thing = new Thing(name);
    const release = thing.release.bind(thing);
    thing.release = async () => {
      events.push(`${name} released`);
      await release();
    };
    events.push(`${name} loaded`);
    return thing;
  };
  await Promise.all(['a', 'b', 'a', 'b'].map((name) => cache.get(name, 8, load(name))));
  expect(events.slice(0, 3)).toEqual(['a loaded', 'a released', 'b loaded']);
});

test('a load of another thing that never ends, or fails, holds up for a bounded time', async () => {
  vi.useFakeTimers();
  const cache = createResidentCache<Thing>(10);
  void cache.get('dead', 5, () => new Promise<Thing>(() => undefined));
  const both = Promise.all(
    ['a', 'b'].map((name) => cache.get(name, 5, async () => new Thing(name))),
  );
  await vi.advanceTimersByTimeAsync(10_000);
  expect((await both).map(({ name }) => name)).toEqual(['a', 'b']);
  const failing = cache.get('c', 5, () => Promise.reject(new Error('no')));
  const next = cache.get('d', 5, async () => new Thing('d'));
  await expect(failing).rejects.toThrow('no');
  expect((await next).name).toBe('d');
});

test('what was released elsewhere is loaded again', async () => {
  const cache = createResidentCache<Thing>(10);
  const first = await cache.get('a', 5, async () => new Thing('first'));
  await first.release();
  expect((await cache.get('a', 5, async () => new Thing('second'))).name).toBe('second');
});
