describe("a suite that is killed", () => {
    it("has a spec that passes", () => undefined)
    it("ends in the midst of a spec", async () => {
        process.kill(process.pid, "SIGKILL")
        await new Promise(() => undefined)
    })
})
