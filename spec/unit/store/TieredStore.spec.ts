import { expect } from "chai"
import { FENCED } from "../../../lib/store/CacheStore"
import { TieredStore, type TieredStoreOptions } from "../../../lib/store/TieredStore"
import { FakeClock } from "../../../lib/testing/FakeClock"
import { expectError } from "../../functional/bad-input/expectError"
import { SharedMemory } from "./SharedMemory"

const LONG = 600_000
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe("TieredStore", () => {
    let clock: FakeClock
    let far: SharedMemory
    let store: TieredStore

    beforeEach(() => {
        clock = new FakeClock()
        far = new SharedMemory(clock)
    })

    /** A store whose near tier is on. */
    async function open(options: Partial<TieredStoreOptions> = {}): Promise<void> {
        store = new TieredStore({ far, clock, ...options })
        far.listener!.onReady()
        await turn()
        expect(store.isNearOn).to.equal(true)
    }

    const fill = async (key: string, tree: unknown, stamps: [string, string][], ttl: number | undefined = LONG) => {
        for (const [tag, stamp] of stamps) await store.stamp([tag], stamp, LONG)
        await store.write([{ key, payload: tree, ttl, stamps, size: 1 }])
    }
    /** Whether a read went to the far store. */
    const isFar = async (keys: string[], tags: string[]): Promise<boolean> => {
        far.calls.length = 0
        await store.read(keys, tags)
        return far.calls.length > 0
    }

    describe("what is near", () => {
        beforeEach(async () => {
            await open()
            await fill("k", ["tree"], [["t", "s1"]])
            await store.read(["k"], ["t"])
        })

        it("is answered at once, and says so", () => {
            far.calls.length = 0
            expect(store.read(["k"], ["t"])).to.deep.equal({ payloads: [["tree"]], tags: ["s1"], isNear: true })
            expect(far.calls).to.deep.equal([])
        })

        it("is of no use to who asks for tags alone, or for the store that all share", async () => {
            expect(await isFar([], ["t"])).to.equal(true)
            far.calls.length = 0
            const read = await store.readShared(["k"], ["t"])
            expect(read).to.deep.equal({ payloads: [["tree"]], tags: ["s1"] })
            expect(far.calls).to.have.length(1)
        })

        it("is not enough when a key or a tag is not", async () => {
            expect(await isFar(["k", "other"], ["t"])).to.equal(true)
            expect(await isFar(["k"], ["t", "other"])).to.equal(true)
        })

        it("is dropped by a message about its tag, and by no other", async () => {
            far.listener!.onTags(["other"])
            expect(await isFar(["k"], ["t"])).to.equal(false)
            far.listener!.onTags(["t"])
            expect(await isFar(["k"], ["t"])).to.equal(true)
        })

        it("is dropped by a message that everything was cleared", async () => {
            far.listener!.onClear("")
            expect(await isFar(["k"], ["t"])).to.equal(true)
        })

        for (const [name, act] of Object.entries({
            fence: () => store.fence(["t"], "owner", LONG),
            release: () => store.release(["t"], "owner", LONG),
            write: () => fill("k", ["new"], [["t", "s1"]]),
            delete: () => store.delete(["k"]),
            clear: () => store.clear(""),
        }))
            it(`is dropped by a ${name} of this process, without a message`, async () => {
                await act()
                expect(await isFar(["k"], ["t"])).to.equal(true)
            })

        it("is dropped by a change that failed: nobody knows whether it was made", async () => {
            far.release = () => {
                throw new Error("cut")
            }
            await store.release(["t"], "owner", LONG).catch(() => undefined)
            expect(await isFar(["k"], ["t"])).to.equal(true)
        })

        it("is dropped when the line is lost, and not used while it is", async () => {
            far.listener!.onLost()
            expect(store.isNearOn).to.equal(false)
            await store.read(["k"], ["t"])
            expect(await isFar(["k"], ["t"])).to.equal(true)
            far.listener!.onReady()
            await turn()
            expect(await isFar(["k"], ["t"]), "it was emptied").to.equal(true)
            expect(await isFar(["k"], ["t"])).to.equal(false)
        })

        it("is not used from the moment on in which the line is late, before anybody looks", async () => {
            await open({ heartbeat: 1_000, maxLag: 1_500 })
            await store.read(["k"], ["t"])
            far.sync = () => new Promise(() => undefined)
            clock.advance(1_500)
            expect(await isFar(["k"], ["t"])).to.equal(false)
            clock.advance(1)
            expect(await isFar(["k"], ["t"])).to.equal(true)
        })

        it("is not used while the line is late, and dropped", async () => {
            far.sync = () => new Promise(() => undefined)
            clock.advance(2_500)
            expect(store.isNearOn).to.equal(false)
            expect(await isFar(["k"], ["t"])).to.equal(true)
            far.sync = () => Promise.resolve()
            clock.advance(2_500)
            await turn()
            expect(store.isNearOn).to.equal(true)
            expect(await isFar(["k"], ["t"]), "it was emptied").to.equal(true)
        })
    })

    describe("what is not kept", () => {
        beforeEach(() => open())

        /** A read whose answer has left the far store and not yet arrived. */
        function readSlowly(keys: string[], tags: string[]): () => Promise<void> {
            let arrive!: () => void
            const arrived = new Promise<void>((resolve) => (arrive = resolve))
            far.delay = () => arrived
            const read = Promise.resolve(store.read(keys, tags))
            far.delay = () => Promise.resolve()
            return async () => {
                arrive()
                await read
            }
        }

        for (const [name, change] of Object.entries({
            "a message about its tag": () => far.listener!.onTags(["x", "t"]),
            "a message that all was cleared": () => far.listener!.onClear("v"),
            "an invalidation of this process": () => store.release(["t"], "owner", LONG),
            "a fence of this process": () => store.fence(["t"], "owner", LONG),
        }))
            it(`is an answer that was asked for before ${name}`, async () => {
                await fill("k", 1, [["t", "s1"]])
                const arrive = readSlowly(["k"], ["t"])
                await change()
                await arrive()
                expect(await isFar(["k"], ["t"])).to.equal(true)
            })

        it("is an answer that was asked for while the line was not there", async () => {
            await fill("k", 1, [["t", "s1"]])
            far.listener!.onLost()
            const arrive = readSlowly(["k"], ["t"])
            far.listener!.onReady()
            await turn()
            await arrive()
            expect(await isFar(["k"], ["t"])).to.equal(true)
        })

        it("is an answer that was asked for before the line was lost and came back", async () => {
            await fill("k", 1, [["t", "s1"]])
            const arrive = readSlowly(["k"], ["t"])
            far.listener!.onLost()
            far.listener!.onReady()
            await turn()
            await arrive()
            expect(await isFar(["k"], ["t"])).to.equal(true)
        })

        it("is what is written: its stamps may have been replaced since they were read", async () => {
            await fill("k", 1, [["t", "s1"]])
            far.listener!.onTags(["t"])
            await store.write([{ key: "k", payload: 1, ttl: LONG, stamps: [["t", "s1"]], size: 1 }])
            expect(await isFar(["k"], ["t"])).to.equal(true)
        })

        it("is a key that is not there, a tag without a stamp and one that is fenced", async () => {
            await fill("k", 1, [["t", "s1"]])
            await store.fence(["f"], "owner", LONG)
            for (let i = 0; i < 2; i++) {
                expect(await isFar(["none"], ["t"])).to.equal(true)
                expect(await isFar(["k"], ["none"])).to.equal(true)
                expect(await isFar(["k"], ["f"])).to.equal(true)
            }
            expect((await store.read(["k"], ["f"])).tags).to.deep.equal([FENCED])
        })
    })

    describe("lives", () => {
        it("end with the entry's own, counted from when it was asked for", async () => {
            await open()
            await fill("k", 1, [["t", "s1"]], 1_000)
            clock.advance(400)
            far.delay = () => {
                clock.advance(100)
                return Promise.resolve()
            }
            await store.read(["k"], ["t"])
            far.delay = () => Promise.resolve()
            clock.advance(499)
            await turn()
            expect(await isFar(["k"], ["t"])).to.equal(false)
            clock.advance(1)
            expect((await store.read(["k"], ["t"])).payloads).to.deep.equal([undefined])
        })

        it("end with the near tier's ttl, a minute by default, for entries and for stamps", async () => {
            await open({ maxLag: LONG })
            await fill("k", 1, [["t", "s1"]], undefined)
            await store.read(["k"], ["t"])
            clock.advance(30_000)
            await fill("j", 1, [["t", "s1"]], undefined)
            await store.read(["j"], [])
            clock.advance(29_999)
            expect(await isFar(["k"], ["t"])).to.equal(false)
            clock.advance(1)
            expect(await isFar(["k"], [])).to.equal(true)
            expect(await isFar(["j"], ["t"]), "the stamp as well").to.equal(true)
        })
    })

    it("keeps no more entries than it is told", async () => {
        await open({ near: { maxEntries: 2 } })
        for (const key of ["a", "b", "c"]) {
            await fill(key, 1, [["t", "s1"]])
            await store.read([key], ["t"])
        }
        expect(await isFar(["b"], ["t"])).to.equal(false)
        expect(await isFar(["c"], ["t"])).to.equal(false)
        expect(await isFar(["a"], ["t"])).to.equal(true)
    })

    it("keeps no more bytes than it is told", async () => {
        await open({ near: { maxBytes: 100 } })
        for (const key of ["a", "b"]) {
            await fill(key, "x".repeat(60), [["t", "s1"]])
            await store.read([key], ["t"])
        }
        expect(await isFar(["b"], ["t"])).to.equal(false)
        expect(await isFar(["a"], ["t"])).to.equal(true)
    })

    it("hands texts to the far store, made by the cache's serializer", async () => {
        await open()
        const texts: unknown[] = []
        const write = far.write.bind(far)
        far.write = (entries) => {
            texts.push(...entries.map((entry) => [entry.payload, entry.size]))
            write(entries)
        }
        store.useSerializer({
            name: "odd",
            serialize: (tree) => `<${JSON.stringify(tree)}>`,
            deserialize: (text) => JSON.parse(text.slice(1, -1)) as never,
        })
        await fill("k", { a: 1 }, [])
        expect(texts).to.deep.equal([[`<{"a":1}>`, 9]])
        expect((await store.read(["k"], [])).payloads).to.deep.equal([{ a: 1 }])
    })

    it("gives on what it cannot read, to who can tell of it", async () => {
        await open()
        far.write([{ key: "k", payload: "no json", ttl: LONG, stamps: [], size: 1 }])
        expect((await store.read(["k"], [])).payloads).to.deep.equal(["no json"])
    })

    it("is an ordinary store before the line is up", async () => {
        store = new TieredStore({ far, clock })
        expect(store.isNearOn).to.equal(false)
        await fill("k", 1, [["t", "s1"]])
        expect(await store.read(["k"], ["t"])).to.deep.equal({ payloads: [1], tags: ["s1"] })
        expect(await isFar(["k"], ["t"])).to.equal(true)
    })

    it("serves several caches that make their texts alike, until the last is closed", async () => {
        await open()
        const serializer = (name: string) => ({ name, serialize: String, deserialize: String })
        store.useSerializer(serializer("one"))
        store.useSerializer(serializer("one"))
        await expectError("E_OPTION", /serializers/, () => store.useSerializer(serializer("two")))
        await store.close()
        expect([far.isClosed, store.isNearOn]).to.deep.equal([false, true])
        await store.close()
        expect([far.isClosed, store.isNearOn]).to.deep.equal([true, false])
    })

    it("takes a far store that is ready at once", async () => {
        const listen = far.listen.bind(far)
        far.listen = (listener) => {
            const channel = listen(listener)
            listener.onReady()
            return channel
        }
        store = new TieredStore({ far, clock })
        await turn()
        clock.advance(500)
        await turn()
        expect(store.isNearOn).to.equal(true)
    })

    it("closes the line and the far store", async () => {
        await open()
        let isFarClosed = false
        far.close = () => void (isFarClosed = true)
        await store.close()
        expect([far.isClosed, isFarClosed, store.isNearOn, clock.pending]).to.deep.equal([true, true, false, 0])
    })

    describe("refuses", () => {
        for (const [title, options, words] of [
            ["to be without a far store", {}, "no far store"],
            ["a far store that is none", { far: new Map() }, "far"],
            ["an unknown option", { tll: 1 }, "tll"],
            ["an unknown option of the near tier", { near: { maxEntires: 1 } }, "maxEntires"],
            ["a bound that is none", { near: { maxEntries: 0 } }, "maxEntries"],
            ["a length of time that is none", { heartbeat: "soon" }, "heartbeat"],
            ["to be late before the next look", { heartbeat: "2s", maxLag: "2s" }, "maxLag"],
        ] as [string, object, string][])
            it(title, async () => {
                const given = title.includes("far store") ? options : { far, clock, ...options }
                await expectError("E_OPTION", new RegExp(words), () => new TieredStore(given as TieredStoreOptions))
            })
    })
})
