const { readdirSync } = require("node:fs")

// lib/ is a building: a folder may import only from floors below its own, and never from its neighbours.
const floors = [
    ["error"],
    ["util"],
    ["serializer", "metadata", "telemetry", "sql"],
    ["decorator", "key"],
    ["store", "invalidation"],
    ["cache", "hydration", "keyv", "redis", "testing"],
    ["repository", "subscriber", "value", "query"],
    ["SecondLevelCacheOptions[.]ts", "DataSourceBinding[.]ts", "RelationEntries[.]ts"],
    ["SecondLevelCache[.]ts"],
    ["index[.]ts"],
]

const homeless = readdirSync("lib").filter((name) => !floors.flat().some((it) => new RegExp(`^${it}$`).test(name)))
if (homeless.length > 0) throw new Error(`give these a floor: ${homeless.join(", ")}`)

const at = (names) => `^lib/(${names.join("|")})(/|$)`

const onlyIn = (name, peer, folder) => ({
    name,
    severity: "error",
    from: { path: "^lib/", pathNot: `^lib/${folder}/` },
    to: { path: `(^|/)node_modules/(${peer})/` },
})

module.exports = {
    forbidden: [
        { name: "no-circle", severity: "error", from: {}, to: { circular: true } },
        {
            name: "resolvable",
            severity: "error",
            from: { path: "^lib/" },
            to: { couldNotResolve: true },
        },
        ...floors.flatMap((names, floor) =>
            names.map((name) => ({
                name: `floor-${floor}-${name.replace(/\[.\]ts/, "")}`,
                comment: "a folder imports only from the floors below it",
                severity: "error",
                from: { path: at([name]) },
                to: { path: "^lib/", pathNot: [at([name]), ...(floor ? [at(floors.slice(0, floor).flat())] : [])] },
            })),
        ),
        onlyIn("ioredis-only-in-redis", "ioredis|ioredis-6", "redis"),
        onlyIn("msgpackr-only-in-serializer", "msgpackr", "serializer"),
        {
            name: "lib-stands-alone",
            comment: "the library never needs its specs, its samples or their tools",
            severity: "error",
            from: { path: "^lib/" },
            to: {
                path: "^(spec|samples)/|(^|/)node_modules/(chai|mocha|fast-check|ts-node|@types/chai|@types/mocha)/",
            },
        },
        {
            name: "lib-declares-what-it-loads",
            comment: "what a user does not install, the library cannot load",
            severity: "error",
            from: { path: "^lib/" },
            to: {
                dependencyTypes: ["npm-dev", "npm-no-pkg", "npm-unknown"],
                dependencyTypesNot: ["npm-peer", "type-only"],
            },
        },
    ],
    options: {
        tsConfig: { fileName: "tsconfig.json" },
        tsPreCompilationDeps: true,
        doNotFollow: { path: "node_modules" },
    },
}
