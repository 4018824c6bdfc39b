/**
 * What the pipeline uses and Node 20 lacks; the Worker and the repository's own Node have it all. The
 * package is tested under both, so a call that is missing here does not stay unnoticed.
 */

if (ArrayBuffer.prototype.transfer === undefined) {
  Object.defineProperty(ArrayBuffer.prototype, 'transfer', {
    configurable: true,
    writable: true,
    value: function transfer(this: ArrayBuffer, length = this.byteLength): ArrayBuffer {
      const moved = structuredClone(this, { transfer: [this] });
      if (length === moved.byteLength) {
        return moved;
      }
      const resized = new ArrayBuffer(length);
      new Uint8Array(resized).set(new Uint8Array(moved, 0, Math.min(length, moved.byteLength)));
      return resized;
    },
  });
}

if (Map.groupBy === undefined) {
  Object.defineProperty(Map, 'groupBy', {
    configurable: true,
    writable: true,
    value: function groupBy<K, T>(items: Iterable<T>, keyOf: (item: T, at: number) => K) {
      const groups = new Map<K, T[]>();
      let at = 0;
      for (const item of items) {
        const key = keyOf(item, at++);
        const group = groups.get(key);
        if (group === undefined) {
          groups.set(key, [item]);
        } else {
          group.push(item);
        }
      }
      return groups;
    },
  });
}

if (Promise.withResolvers === undefined) {
  Object.defineProperty(Promise, 'withResolvers', {
    configurable: true,
    writable: true,
    value: function withResolvers<T>(): Pick<
      PromiseWithResolvers<T>,
      'promise' | 'resolve' | 'reject'
    > {
      let resolve: PromiseWithResolvers<T>['resolve'] = () => {};
      let reject: PromiseWithResolvers<T>['reject'] = () => {};
      const promise = new Promise<T>((yes, no) => {
        resolve = yes;
        reject = no;
      });
      return { promise, resolve, reject };
    },
  });
}
