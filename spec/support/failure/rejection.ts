// Run by failure.spec.ts.

describe("a floating promise", () => {
    it("is left", async () => {
        void Promise.reject(new Error("nobody cares"))
        await new Promise((resolve) => setTimeout(resolve, 20))
    })

    it("does not keep the next spec from running", () => undefined)
})
