/** A value, or a promise of it. A store in the same process answers with the value, which saves its readers a promise. */
export type Awaitable<T> = T | Promise<T>

/** True for anything with a `then`. */
export function isPromise<T>(value: Awaitable<T>): value is Promise<T> {
    return typeof (value as { then?: unknown } | undefined)?.then === "function"
}
