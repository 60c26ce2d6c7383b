import { expect } from "chai"
import { isRefusal } from "../../../lib/subscriber/isRefusal"

describe("isRefusal", () => {
    const REFUSALS: readonly unknown[] = [
        { code: "23505" },
        { code: "40001" },
        { code: "57014" },
        { code: "P0001" },
        { code: "ER_DUP_ENTRY", sqlState: "23000" },
        { code: "ER_LOCK_WAIT_TIMEOUT", sqlState: "HY000" },
        { driverError: { code: "23505" } },
    ]
    for (const error of REFUSALS)
        it(`the database has refused: ${JSON.stringify(error)}`, () => expect(isRefusal(error, false)).to.equal(true))

    const UNKNOWN: readonly unknown[] = [
        undefined,
        new Error("Connection terminated unexpectedly"),
        // has the form of a SQLSTATE, and is what a socket says of a COMMIT that was sent before
        { code: "EPIPE" },
        { code: "EBUSY" },
        { code: "ECONNRESET" },
        { code: "08006" },
        // of CockroachDB: the result is ambiguous
        { code: "40003" },
        { code: "57P01" },
        { code: "XX000" },
        { code: "ER_SERVER_SHUTDOWN", sqlState: "08S01" },
        { code: "PROTOCOL_CONNECTION_LOST", sqlState: "HY000", fatal: true },
        { driverError: { code: "EPIPE" } },
    ]
    for (const error of UNKNOWN)
        it(`nobody knows: ${JSON.stringify(error) ?? "nothing said"}`, () =>
            expect(isRefusal(error, false)).to.equal(false))

    it("in this process there is no connection to lose", () =>
        expect(isRefusal(new Error("busy"), true)).to.equal(true))
})
