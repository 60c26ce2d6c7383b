import { connect } from "node:net"

// A process that keeps Redis busy: asked with a number of reads for each millisecond, sends them pipelined until it is
// asked with 0, and answers with how many it has had.

const [host, port] = process.argv.slice(2)
const VALUE = "v".repeat(64)
const COMMAND = "*2\r\n$3\r\nGET\r\n$15\r\nchannel-ballast\r\n"
const REPLY = `$64\r\n${VALUE}\r\n`.length
/** Reads without an answer: more of them would only measure how far Redis is behind. */
const MOST_UNANSWERED = 5_000

const socket = connect({ host: host!, port: Number(port), noDelay: true })
let rate = 0
let since = 0
let sent = 0
let bytes = 0

socket.write(`*3\r\n$3\r\nSET\r\n$15\r\nchannel-ballast\r\n$64\r\n${VALUE}\r\n`)
socket.once("data", () => {
    socket.on("data", (chunk) => (bytes += chunk.length))
    setInterval(() => {
        const due = Math.min(rate * (performance.now() - since) - sent, MOST_UNANSWERED - (sent - bytes / REPLY))
        if (rate === 0 || due < 1) return
        socket.write(COMMAND.repeat(Math.floor(due)))
        sent += Math.floor(due)
    }, 1)
    process.send!("ready")
})

process.on("message", (wanted: number) => {
    const perMillisecond = bytes / REPLY / (performance.now() - since)
    rate = wanted
    since = performance.now()
    sent = bytes = 0
    process.send!(perMillisecond)
})
