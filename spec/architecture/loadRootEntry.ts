// Run by entry.spec.ts in a process of its own: says which packages the root entry has loaded.

const known = new Set(Object.keys(require.cache))
require("../../lib/index")
const packages = new Set<string>()
for (const path of Object.keys(require.cache)) {
    const name = /node_modules[\\/]((?:@[^\\/]+[\\/])?[^\\/]+)(?!.*node_modules)/.exec(path)?.[1]
    if (name !== undefined && !known.has(path)) packages.add(name)
}
process.send?.([...packages])

export {}
