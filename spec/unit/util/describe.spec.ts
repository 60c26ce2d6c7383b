import { expect } from "chai"
import { describe as picture } from "../../../lib/util/describe"

describe("the picture of a value in a message", () => {
    class Author {
        readonly secret = 1
    }
    const pictures: readonly (readonly [value: unknown, text: string])[] = [
        ["a", `"a"`],
        ["a".repeat(70), `"${"a".repeat(60)}…"`],
        [7, "7"],
        [null, "null"],
        [undefined, "undefined"],
        [Author, "Author"],
        [new Author(), "an Author object"],
        [new Map(), "a Map object"],
        [{}, "a plain object"],
        [Object.create(null), "a plain object"],
        [[1], "an array"],
        [
            (
                () => () =>
                    1
            )(),
            "a function without a name",
        ],
    ]
    for (const [value, text] of pictures)
        it(`is ${text}`, () => {
            expect(picture(value)).to.equal(text)
        })
})
