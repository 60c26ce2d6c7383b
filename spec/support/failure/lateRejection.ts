// Run by failure.spec.ts.

describe("a floating promise", () => {
    it("is left", () => undefined)
    after(() => void setTimeout(() => void Promise.reject(new Error("nobody cares")), 20))
})
