import { Column, type ColumnOptions, type ColumnType, DataSource, getMetadataArgsStorage } from "typeorm"

// A column's type is written when its class is read, for all databases at once, and bytes have no name that all of them
// know: it is looked up when a DataSource builds its metadata instead.

const TYPES: Record<string, ColumnType> = { postgres: "bytea", mariadb: "longblob" }
let type: ColumnType = "blob"

interface Builder {
    buildMetadatas(...args: unknown[]): Promise<void>
    readonly options: { readonly type: string }
}

const builder = DataSource.prototype as unknown as Builder
const { buildMetadatas } = builder
builder.buildMetadatas = function build(this: Builder, ...args) {
    type = TYPES[this.options.type] ?? "blob"
    return buildMetadatas.apply(this, args)
}

/** A column of bytes, a `Buffer`, on every database of the specs. */
export function BytesColumn(options: ColumnOptions = {}): PropertyDecorator {
    return (prototype, propertyName) => {
        Column({ ...options, type: "blob" })(prototype, propertyName)
        const column = getMetadataArgsStorage().columns.find(
            (it) => it.target === prototype.constructor && it.propertyName === propertyName,
        )
        if (column) Object.defineProperty(column.options, "type", { enumerable: true, get: () => type })
    }
}
