import { expect } from "chai"
import { DependencyScope } from "../../../lib/cache/DependencyScope"
import { FENCED } from "../../../lib/store/CacheStore"
import { Barrier } from "../../support/Barrier"

describe("DependencyScope", () => {
    const cache = {}
    const open = (prepared: Readonly<Record<string, string>> = {}): DependencyScope =>
        new DependencyScope(cache, new Map(Object.entries(prepared)))
    const stampsOf = (scope: DependencyScope): object => Object.fromEntries(scope.stamps)

    it("is around what its function runs, and around nothing else", async () => {
        const scope = open()
        expect(DependencyScope.isOpen).to.equal(false)
        const seen = await scope.run(async () => {
            await Promise.resolve()
            return [DependencyScope.isOpen, DependencyScope.current]
        })
        expect(seen).to.deep.equal([true, scope])
        expect([DependencyScope.isOpen, DependencyScope.current]).to.deep.equal([false, undefined])
        expect(() => DependencyScope.note(cache, ["a"], ["1"])).not.to.throw()
        expect(() => DependencyScope.refuse(cache, "why")).not.to.throw()
        expect(DependencyScope.noteKnown(cache, ["a"])).to.deep.equal([])
        expect([stampsOf(scope), scope.refusal]).to.deep.equal([{}, undefined])
    })

    it("is left when its function throws", async () => {
        const scope = open()
        const error = new Error("no")
        expect(() =>
            scope.run(() => {
                throw error
            }),
        ).to.throw(error)
        expect(await scope.run(() => Promise.reject(error)).catch((it: unknown) => it)).to.equal(error)
        expect(DependencyScope.isOpen).to.equal(false)
    })

    it("follows its function through awaits, timers and several at once", async () => {
        const scope = open()
        await scope.run(async () => {
            DependencyScope.note(cache, ["now"], ["1"])
            await Promise.all([
                Promise.resolve().then(() => DependencyScope.note(cache, ["then"], ["2"])),
                new Promise<void>((resolve) => {
                    setImmediate(() => {
                        DependencyScope.note(cache, ["immediate"], ["3"])
                        resolve()
                    })
                }),
            ])
            DependencyScope.note(cache, ["last"], ["4"])
        })
        expect(stampsOf(scope)).to.deep.equal({ now: "1", then: "2", immediate: "3", last: "4" })
    })

    it("tells functions apart that run at the same time", async () => {
        const [first, second] = [open(), open()]
        const gate = new Barrier(2)
        const run = (scope: DependencyScope, tag: string): Promise<void> =>
            scope.run(async () => {
                await gate.pass()
                DependencyScope.note(cache, [tag], ["1"])
            })
        const running = [run(first, "a"), run(second, "b")]
        await gate.arrived
        gate.open()
        await Promise.all(running)
        expect([stampsOf(first), stampsOf(second)]).to.deep.equal([{ a: "1" }, { b: "1" }])
    })

    it("notes each tag with its stamp, whatever its name", () => {
        const scope = open()
        const names = ["__proto__", "constructor", "", ":", "a\nb", "\ud800", "x".repeat(10_240)]
        scope.run(() =>
            DependencyScope.note(
                cache,
                names,
                names.map((_, i) => `${i}`),
            ),
        )
        expect([...scope.stamps]).to.deep.equal(names.map((name, i) => [name, `${i}`]))
        expect(scope.refusal).to.equal(undefined)
    })

    it("takes the same stamp again, and refuses what has another one", () => {
        const scope = open()
        scope.run(() => DependencyScope.note(cache, ["a", "a"], ["1", "1"]))
        scope.run(() => DependencyScope.note(cache, ["a"], ["1"]))
        expect(scope.refusal).to.equal(undefined)
        scope.run(() => DependencyScope.note(cache, ["b", "a"], ["2", "3"]))
        expect(scope.refusal).to.equal("what it read was written meanwhile (a)")
        expect(stampsOf(scope)).to.deep.equal({ a: "1", b: "2" })
    })

    for (const [what, states] of [
        ["is fenced", [FENCED]],
        ["has no stamp", [undefined]],
        ["nobody tells of", []],
    ] as const)
        it(`refuses what ${what}, and does not note it`, () => {
            const scope = open()
            scope.run(() => DependencyScope.note(cache, ["a"], states))
            expect(scope.refusal).to.equal("what it read was being written (a)")
            expect(scope.stamps.size).to.equal(0)
        })

    it("keeps the first reason", () => {
        const scope = open()
        scope.run(() => {
            DependencyScope.refuse(cache, "first")
            DependencyScope.refuse(cache, "second")
            DependencyScope.note(cache, ["a"], [FENCED])
        })
        expect(scope.refusal).to.equal("first")
    })

    it("hears nothing of another cache", () => {
        const scope = open({ a: "1" })
        scope.run(() => {
            DependencyScope.note({}, ["a"], [FENCED])
            DependencyScope.refuse({}, "why")
            expect(DependencyScope.noteKnown({}, ["a", "b"])).to.deep.equal([])
        })
        expect([stampsOf(scope), scope.refusal]).to.deep.equal([{}, undefined])
    })

    it("notes what it was prepared for, and names the rest once", () => {
        const scope = open({ a: "1", b: "2", unread: "3" })
        scope.run(() => {
            expect(DependencyScope.noteKnown(cache, ["a", "c", "b", "c"])).to.deep.equal(["c"])
            expect(DependencyScope.noteKnown(cache, ["a", "b"])).to.deep.equal([])
        })
        expect(stampsOf(scope)).to.deep.equal({ a: "1", b: "2" })
    })

    it("does not ask again for what it has noted, and keeps the stamp of the first read", () => {
        const scope = open({ a: "later" })
        scope.run(() => {
            DependencyScope.note(cache, ["a"], ["1"])
            expect(DependencyScope.noteKnown(cache, ["a"])).to.deep.equal([])
        })
        expect(stampsOf(scope)).to.deep.equal({ a: "1" })
    })

    describe("within another", () => {
        it("tells it what is read and why it must not be stored, and hears nothing of what is read outside", () => {
            const outer = open()
            const inner = outer.run(() => {
                DependencyScope.note(cache, ["before"], ["1"])
                const scope = open()
                scope.run(() => {
                    DependencyScope.note(cache, ["inside"], ["2"])
                    DependencyScope.refuse(cache, "why")
                })
                DependencyScope.note(cache, ["behind"], ["3"])
                return scope
            })
            expect(stampsOf(inner)).to.deep.equal({ inside: "2" })
            expect(stampsOf(outer)).to.deep.equal({ before: "1", inside: "2", behind: "3" })
            expect([inner.refusal, outer.refusal]).to.deep.equal(["why", "why"])
        })

        it("of another cache lets the outermost hear of its own", () => {
            const outer = open()
            outer.run(() => {
                const other = {}
                const middle = new DependencyScope(other, new Map())
                middle.run(() => {
                    open().run(() => DependencyScope.note(cache, ["a"], ["1"]))
                    DependencyScope.note(other, ["b"], ["2"])
                })
                expect(stampsOf(middle)).to.deep.equal({ b: "2" })
            })
            expect(stampsOf(outer)).to.deep.equal({ a: "1" })
        })

        it("asks for a tag that either of them does not know", () => {
            const outer = open({ a: "1", b: "1" })
            outer.run(() => {
                const inner = open({ a: "1", c: "1" })
                inner.run(() => expect(DependencyScope.noteKnown(cache, ["a", "b", "c"])).to.deep.equal(["b", "c"]))
                expect(stampsOf(inner)).to.deep.equal({ a: "1", c: "1" })
            })
            expect(stampsOf(outer)).to.deep.equal({ a: "1", b: "1" })
        })

        it("may be fit to be stored where the outer one has read an older state", () => {
            const outer = open()
            outer.run(() => {
                DependencyScope.note(cache, ["a"], ["old"])
                const inner = open()
                inner.run(() => DependencyScope.note(cache, ["a"], ["new"]))
                expect(inner.refusal).to.equal(undefined)
            })
            expect(outer.refusal).to.equal("what it read was written meanwhile (a)")
        })

        it("belongs where it was made, wherever it runs", () => {
            const outer = open()
            const inner = outer.run(() => open())
            inner.run(() => DependencyScope.note(cache, ["a"], ["1"]))
            expect(stampsOf(outer)).to.deep.equal({ a: "1" })
        })
    })
})
