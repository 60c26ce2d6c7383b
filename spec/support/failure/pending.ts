// Run by failure.spec.ts.

describe("a suite", () => {
    it("has a pending spec")
    it("has another", () => undefined)
})
