describe("a suite that gets stuck", () => {
    it("has a spec that passes", () => undefined)
    it("has a spec that fails", () => {
        throw new Error("no")
    })
    it("has a spec that never ends", () => {
        for (;;);
    })
})
