import "./builtLibrary"
import { join } from "node:path"
import ms from "ms"
import { startRedis } from "../support/startRedis"
import { TypeScriptProcess } from "../support/TypeScriptProcess"
import { printFacts } from "./channel/facts"
import { takeTurn, type Cost, type Delays, type Turn } from "./channel/takeTurn"
import { WAYS } from "./channel/ways"
import { printMachine } from "./machine"
import { median } from "./measure"
import { number, printTable, time } from "./report"

// `npm run bench:channel`: ways to be told of invalidations, on a Redis of its own. ROUNDS=3 makes it shorter; LOAD is the
// number of reads in a millisecond besides, TTL the life of entries: longer than that of a new stamp (10 minutes) makes a
// fill extend the lives of stamps.

const [BASE] = WAYS

async function main(): Promise<void> {
    const rounds = Number(process.env["ROUNDS"] || 9)
    const load = Number(process.env["LOAD"] || 200)
    const life = process.env["TTL"] || "15m"
    const options = { changes: Number(process.env["CHANGES"] || 400), load, ttl: ms(life as ms.StringValue) }
    const server = await startRedis()
    const readers = TypeScriptProcess.start(join(__dirname, "channel", "readers.ts"), {
        args: ["127.0.0.1", String(server.port)],
    })
    try {
        await readers.next()
        const press = async (reads: number): Promise<number> => {
            readers.send(reads)
            return readers.next<number>()
        }
        await printMachine({ redis: server.url }, rounds, ["ioredis", "ioredis-6"])
        const turns = new Map<string, Turn[]>(WAYS.map(({ name }) => [name, []]))
        for (let round = -1; round < rounds; round++) {
            const first = (round + 1) % WAYS.length
            const order = [...WAYS.slice(first), ...WAYS.slice(0, first)]
            // so that no way always comes behind the same one
            for (const way of round % 2 === 0 ? order : order.reverse()) {
                const turn = await takeTurn(way, { url: server.url, press }, options)
                // the first round warms up
                if (round >= 0) turns.get(way.name)!.push(turn)
            }
        }
        console.log(
            `One change: a fence on 3 tags, their release, an entry stored anew (ttl ${life}) and read by 4 listeners. ` +
                `${options.changes} of them in a row in each round; writer and listeners in one process.\n`,
        )
        printDelays("Delay of the fence's message, Redis idle otherwise", turns, ({ quiet }) => quiet)
        const answered = [...turns.values()].flat().map((turn) => turn.load)
        const besides = `${number(median(answered))} other reads in a millisecond`
        printDelays(`Delay of the fence's message, ${besides}`, turns, ({ loaded }) => loaded)
        printCosts("What a change costs, Redis idle otherwise", turns, ({ change }) => change)
        printCosts("What a first read of an unchanged row costs", turns, ({ firstRead }) => firstRead)
        const missed = [...turns.values()].flat().reduce((sum, turn) => sum + turn.missed, 0)
        console.log(`Messages that never came: ${missed}.\n`)
        await printFacts(server.url)
    } finally {
        await readers.kill()
        await server.stop()
    }
}

type Turns = ReadonlyMap<string, readonly Turn[]>

function printDelays(title: string, turns: Turns, of: (turn: Turn) => Delays): void {
    console.log(`### ${title}\n`)
    const told = [...turns].filter(([, its]) => of(its[0]!).sinceSent.length > 0)
    const middle = (turn: Turn): number => median(of(turn).sinceSent)
    const late = (turn: Turn): number => quantile(of(turn).sinceSent, 0.99)
    printTable(
        [
            "told after the fence was sent",
            "median",
            "to the first",
            "p99",
            "to the first",
            "max",
            "after its answer, median",
            "p99",
            "max",
        ],
        told.map(([name, its]) => {
            const sent = its.flatMap((turn) => of(turn).sinceSent)
            const answered = its.flatMap((turn) => of(turn).sinceAnswered)
            return [
                name,
                time(median(sent)),
                ratioOf(turns, name, middle),
                time(quantile(sent, 0.99)),
                ratioOf(turns, name, late),
                time(Math.max(...sent)),
                `${Math.round(median(answered))} µs`,
                time(quantile(answered, 0.99)),
                time(Math.max(...answered)),
            ]
        }),
    )
}

function printCosts(title: string, turns: Turns, of: (turn: Turn) => Cost): void {
    console.log(`### ${title}\n`)
    printTable(
        [
            "",
            "messages to a listener",
            "keys in them",
            "bytes from Redis",
            "to the first",
            "Redis s in 10 000",
            "min – max",
            "to the first",
        ],
        [...turns].map(([name, its]) => {
            const cpus = its.map((turn) => of(turn).cpu)
            return [
                name,
                median(its.map((turn) => of(turn).messages)).toFixed(2),
                median(its.map((turn) => of(turn).names)).toFixed(2),
                number(median(its.map((turn) => of(turn).bytes))),
                ratioOf(turns, name, (turn) => of(turn).bytes),
                number(median(cpus)),
                `${number(Math.min(...cpus))} – ${number(Math.max(...cpus))}`,
                ratioOf(turns, name, (turn) => of(turn).cpu),
            ]
        }),
    )
}

/** The median of the ratios of the same rounds to the first way. */
function ratioOf(turns: Turns, name: string, of: (turn: Turn) => number): string {
    if (name === BASE!.name) return ""
    const base = turns.get(BASE!.name)!
    return `${median(turns.get(name)!.map((turn, round) => of(turn) / of(base[round]!))).toFixed(2)} ×`
}

function quantile(numbers: readonly number[], part: number): number {
    const sorted = [...numbers].sort((a, b) => a - b)
    return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))]!
}

main().catch((error: unknown) => {
    console.error(error)
    // clients that the failure has left open would try to connect for ever
    process.exit(1)
})
