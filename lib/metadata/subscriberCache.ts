const CACHE = Symbol.for("typeorm-second-level-cache.cache-of-subscriber")

/** Notes on a subscriber instance which cache it belongs to. The symbol is shared by all copies of this package. */
export function markSubscriber(subscriber: object, cache: object): void {
    Object.defineProperty(subscriber, CACHE, { value: cache })
}

/** The cache behind a subscriber instance, when it is one of ours. */
export function subscriberCache(subscriber: object): object | undefined {
    return (subscriber as { [CACHE]?: object })[CACHE]
}
