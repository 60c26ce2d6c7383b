import { expect } from "chai"
import { NullStore } from "../../../lib/store/NullStore"

describe("NullStore", () => {
    it("answers every read with nothing, in the shape that was asked", () => {
        const store = new NullStore()
        store.write()
        expect(store.read(["a", "b"], ["t"])).to.deep.equal({ payloads: [undefined, undefined], tags: [undefined] })
    })

    it("gives no tag a stamp, so that nothing can be filled", () => {
        expect(new NullStore().stamp(["t", "u"])).to.deep.equal([undefined, undefined])
    })

    it("has nothing to delete", () => {
        expect(new NullStore().delete()).to.equal(0)
    })
})
