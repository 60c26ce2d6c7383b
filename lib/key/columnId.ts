import type { Column } from "./transformTo"

/** How the values of one primary key column are compared by the database. */
export interface ColumnId {
    /** Equal for all values that the database may call equal; `undefined` when that is not certain. */
    id(value: unknown): string | undefined
    /** Different for all values that the database may tell apart, and equal only for values that it calls equal. */
    key(value: unknown): string | undefined
}

const EXACT_TEXT = new Set([
    "postgres",
    "aurora-postgres",
    "cockroachdb",
    "sqlite",
    "better-sqlite3",
    "sqljs",
    "expo",
    "cordova",
    "capacitor",
    "react-native",
    "nativescript",
])
const NATIVE_UUID = new Set(["postgres", "aurora-postgres", "cockroachdb", "mssql"])
const FOLDED_TEXT = new Set(["mysql", "mariadb", "aurora-mysql", "mssql"])

const INTEGER_TYPES = new Set(
    (
        "int integer int2 int4 int8 int64 tinyint smallint mediumint bigint serial serial2 serial4 serial8 smallserial " +
        "bigserial"
    ).split(" "),
).add("unsigned big int")
const TEXT_TYPES = new Set([
    ..."varchar varchar2 nvarchar nvarchar2 text tinytext mediumtext longtext ntext string enum simple-enum".split(" "),
    "character varying",
    "varying character",
    "char varying",
    "national varchar",
])
const BINARY_TYPES = new Set("bytea bytes blob tinyblob mediumblob longblob varbinary binary raw".split(" "))

const DECIMAL = /^(?:0|-?[1-9][0-9]{0,40})$/
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/
const PRINTABLE = /^[!-~](?:[ -~]*[!-~])?$/

const UNSAFE_TEXT = /[\0]|[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/

const UNKNOWN: ColumnId = same(() => undefined)
const INTEGER = same(integerText)
const BOOLEAN = same((value) => (typeof value === "boolean" ? String(value) : undefined))
const NATIVE_UUID_ID = same(uuidText)

/** How a column of this type is compared in this kind of database (`DataSourceOptions.type`). */
export function columnIdOf(column: Column, dataSourceType: string): ColumnId {
    let origin = column
    for (let depth = 0; origin.referencedColumn !== undefined && depth < 10; depth++) origin = origin.referencedColumn
    const { type } = origin
    if (column.isArray || origin.isArray) return UNKNOWN
    if (type === Number) return INTEGER
    if (type === Boolean) return BOOLEAN
    if (type === String) return textId(column, origin, dataSourceType)
    if (typeof type !== "string") return UNKNOWN
    const name = type.toLowerCase()
    if (INTEGER_TYPES.has(name)) return INTEGER
    if (name === "boolean" || name === "bool") return BOOLEAN
    if (name === "uuid" || name === "uniqueidentifier")
        return NATIVE_UUID.has(dataSourceType) ? NATIVE_UUID_ID : uuidTextId(column, origin, dataSourceType)
    if (TEXT_TYPES.has(name)) return textId(column, origin, dataSourceType)
    if (BINARY_TYPES.has(name)) return binaryId(name, origin)
    return UNKNOWN
}

/** A uuid that the database keeps as text, or perhaps natively (MariaDB): the shape must hold, the case may matter. */
function uuidTextId(column: Column, origin: Column, dataSourceType: string): ColumnId {
    if (!FOLDED_TEXT.has(dataSourceType)) return textId(column, origin, dataSourceType)
    return { id: uuidText, key: (value) => (uuidText(value) === undefined ? undefined : (value as string)) }
}

function textId(column: Column, origin: Column, dataSourceType: string): ColumnId {
    if (column.collation || origin.collation) return UNKNOWN
    const limit = Number(column.length || origin.length) || Number.POSITIVE_INFINITY
    if (FOLDED_TEXT.has(dataSourceType)) {
        const key = (value: unknown): string | undefined =>
            typeof value === "string" && value.length <= limit && PRINTABLE.test(value) ? value : undefined
        return { id: (value) => fold(key(value)), key }
    }
    // Oracle takes the empty string for NULL.
    const least = dataSourceType === "oracle" ? 1 : 0
    if (!EXACT_TEXT.has(dataSourceType) && dataSourceType !== "oracle") return UNKNOWN
    return same((value) =>
        // A longer text may have been cut on its way into the column.
        typeof value === "string" && value.length >= least && value.length <= limit && !UNSAFE_TEXT.test(value)
            ? value
            : undefined,
    )
}

/** Letters that some collation takes for one another: i and y in Lithuanian, i and j, u and v in Roman. */
function fold(text: string | undefined): string | undefined {
    return text?.toLowerCase().replace(/[jy]/g, "i").replaceAll("v", "u")
}

function binaryId(type: string, column: Column): ColumnId {
    // binary(n) is padded: a shorter value is stored as another one.
    const exactly = type === "binary" ? Number(column.length) || 1 : undefined
    return same((value) => {
        if (!(value instanceof Uint8Array)) return undefined
        if (exactly !== undefined && value.length !== exactly) return undefined
        return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("hex")
    })
}

function integerText(value: unknown): string | undefined {
    if (typeof value === "number") return Number.isSafeInteger(value) ? "" + value : undefined
    if (typeof value === "string") return DECIMAL.test(value) ? value : undefined
    return typeof value === "bigint" ? value.toString() : undefined
}

function uuidText(value: unknown): string | undefined {
    if (typeof value !== "string") return undefined
    const lower = value.toLowerCase()
    return UUID.test(lower) ? lower : undefined
}

function same(read: (value: unknown) => string | undefined): ColumnId {
    return { id: read, key: read }
}
