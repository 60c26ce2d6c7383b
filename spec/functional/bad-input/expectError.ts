import { expect } from "chai"
import { CacheError } from "typeorm-second-level-cache"

/** Runs it and says that it fails with the code, a message that names the culprit, and advice. */
export async function expectError(code: string, names: RegExp, run: () => unknown): Promise<CacheError> {
    let error: unknown
    try {
        await run()
    } catch (caught) {
        error = caught
    }
    expect(error, `no ${code}`).to.be.instanceOf(CacheError)
    expect(error).to.include({ code })
    expect((error as CacheError).message).to.match(names)
    expect((error as CacheError).message).to.include(`[${code}]`)
    return error as CacheError
}
