import { expect } from "chai"
import { START_TIMEOUT } from "../support/choice"
import { runSample } from "./runSample"

describe("the sample 08-encryption", function () {
    this.timeout(START_TIMEOUT)

    it("hides what it keeps from whoever has no key", async () => {
        const card = '{"number":"4111 1111 1111 1111","issued":"1970-01-01T00:00:00.000Z"}'
        expect(await runSample("08-encryption", {})).to.deep.equal([
            "-- in the store: 3 keys, readable: no",
            `-- in the cache: ${card}`,
            `-- in another process with the key: ${card}`,
            "-- with another key under that name: undefined, and 1 error",
            "-- after the key was replaced: undefined, and 0 errors",
        ])
    })
})
