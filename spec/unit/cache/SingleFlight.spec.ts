import { expect } from "chai"
import { SingleFlight } from "../../../lib/cache/SingleFlight"

describe("SingleFlight", () => {
    const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
    let flights: SingleFlight<unknown>
    beforeEach(() => (flights = new SingleFlight<unknown>(true)))

    it("lets a reader join who has read the very stamps of the load", async () => {
        const landing = flights.start("key", ["a", "b"])
        const joined = flights.find("key", ["a", "b"])
        landing.resolve(1)
        expect(await joined).to.equal(1)
    })

    for (const [title, stamps] of Object.entries({
        another: ["a", "x"],
        fewer: ["a"],
        more: ["a", "b", "c"],
        "the same in another order": ["b", "a"],
        no: [],
    }))
        it(`lets nobody join who has read ${title} stamps`, () => {
            flights.start("key", ["a", "b"])
            expect(flights.find("key", stamps)).to.equal(undefined)
        })

    it("lets no load join itself, however deep", () => {
        const outer = flights.start("outer", ["a"])
        outer.run(() => {
            expect(flights.find("outer", ["a"])).to.equal(undefined)
            const inner = flights.start("inner", ["a"])
            inner.run(() => {
                for (const key of ["outer", "inner"]) expect(flights.find(key, ["a"])).to.equal(undefined)
            })
        })
        expect(flights.find("outer", ["a"])).not.to.equal(undefined)
    })

    it("lets no load join one that waits for it, over any number of others", async () => {
        const [a, b, c] = ["a", "b", "c"].map((key) => flights.start(key, [key]))
        a!.run(() => expect(flights.find("b", ["b"])).not.to.equal(undefined))
        b!.run(() => expect(flights.find("c", ["c"])).not.to.equal(undefined))
        c!.run(() => expect(flights.find("a", ["a"])).to.equal(undefined))
        b!.resolve(1)
        await turn()
        c!.run(() => expect(flights.find("a", ["a"]), "a waits for nothing any more").not.to.equal(undefined))
    })

    it("keeps keys apart", () => {
        flights.start("key", ["a"])
        expect(flights.find("other", ["a"])).to.equal(undefined)
    })

    it("can be joined until the turn after its end, for readers whose answer came together with the fill's", async () => {
        const landing = flights.start("key", ["a"])
        landing.resolve(1)
        landing.end()
        expect(await flights.find("key", ["a"])).to.equal(1)
        await turn()
        expect(flights.find("key", ["a"])).to.equal(undefined)
    })

    it("cannot be joined after its end with a store that answers at once", () => {
        const landing = (flights = new SingleFlight<unknown>(false)).start("key", ["a"])
        landing.resolve(1)
        landing.end()
        expect(flights.find("key", ["a"])).to.equal(undefined)
    })

    it("cannot be joined after its end when it failed or has nothing to share", () => {
        const failed = flights.start("failed", ["a"])
        failed.reject(new Error("no database"))
        failed.end()
        const unshared = flights.start("unshared", ["a"])
        unshared.resolve(undefined)
        unshared.end()
        expect(flights.find("failed", ["a"])).to.equal(undefined)
        expect(flights.find("unshared", ["a"])).to.equal(undefined)
    })

    it("leaves a later flight of its key in place", async () => {
        const first = flights.start("key", ["a"])
        first.resolve(1)
        first.end()
        const second = flights.start("key", ["b"])
        await turn()
        second.resolve(2)
        expect(await flights.find("key", ["b"])).to.equal(2)
    })

    it("fails those who joined, and nobody else", async () => {
        const landing = flights.start("key", ["a"])
        const joined = flights.find("key", ["a"])!
        landing.reject(new Error("no database"))
        expect(await joined.catch((error: Error) => error.message)).to.equal("no database")
        // nobody joined this one: its rejection is nobody's
        flights.start("lonely", ["a"]).reject(new Error("no database"))
        await turn()
    })
})
