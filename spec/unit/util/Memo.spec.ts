import { expect } from "chai"
import { Memo } from "../../../lib/util/Memo"

describe("Memo", () => {
    const present = (memo: Memo<number, number>, keys: readonly number[]): number[] =>
        keys.filter((key) => memo.get(key) !== undefined)

    it("remembers what was set last", () => {
        const memo = new Memo<number, number>(4)
        memo.set(1, 10)
        memo.set(1, 11)
        expect([memo.get(1), memo.get(2)]).to.deep.equal([11, undefined])
    })

    it("forgets what was set long ago, never more than half of its bound at once", () => {
        const memo = new Memo<number, number>(4)
        for (const key of [1, 2, 3, 4]) memo.set(key, key)
        memo.set(5, 5)
        expect(present(memo, [1, 2])).to.deep.equal([])
        expect(present(memo, [3, 4, 5])).to.deep.equal([3, 4, 5])
    })

    it("forgets what is deleted, however old", () => {
        const memo = new Memo<number, number>(4)
        for (const key of [1, 2, 3]) memo.set(key, key)
        for (const key of [1, 3]) memo.delete(key)
        expect(present(memo, [1, 2, 3])).to.deep.equal([2])
    })

    it("keeps what is asked for in between", () => {
        const memo = new Memo<number, number>(4)
        memo.set(0, 0)
        for (let key = 1; key < 100; key++) {
            memo.set(key, key)
            expect(memo.get(0)).to.equal(0)
        }
        expect(memo.get(50)).to.equal(undefined)
    })
})
