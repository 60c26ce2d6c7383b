import { createHash } from "node:crypto"
import { readFileSync } from "node:fs"
import { join } from "node:path"

/** A Lua script that takes one key, so that it runs on a cluster as well. Its text lies in `script/`. */
export class RedisScript {
    readonly source: string
    readonly sha: string

    /** @param name of the file without its ending: purpose, a dash, the number of keys */
    constructor(readonly name: string) {
        this.source = readFileSync(join(__dirname, "script", `${name}.lua`), "utf8")
        this.sha = createHash("sha1").update(this.source).digest("hex")
    }
}
