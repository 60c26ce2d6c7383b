import type { SqlStatement } from "./SqlStatement"
import { tableNames } from "./tableNames"

/** Functions that make rows of their arguments alone. Any other that stands in the place of a table may read anything. */
const HARMLESS: ReadonlySet<string> = new Set([
    ...[
        "unnest",
        "generate_series",
        "generate_subscripts",
        "string_to_table",
        "regexp_split_to_table",
        "regexp_matches",
    ],
    ...["json", "jsonb"].flatMap((type) =>
        [
            ...[
                "each",
                "each_text",
                "array_elements",
                "array_elements_text",
                "object_keys",
                "to_record",
                "to_recordset",
            ],
            ...["populate_record", "populate_recordset"],
        ].map((name) => `${type}_${name}`),
    ),
    ...["jsonb_path_query", "json_table", "xmltable", "json_tree", "openjson", "openxml", "string_split", "nodes"],
])

/** Functions that are given SQL, or the name of a table, as a text. */
const TOLD_IN_TEXT =
    /^(?:(?:query|table|schema|database|cursor)_to_xml(?:schema|_and_xmlschema)?|dblink\w*|ts_rewrite|getxml(?:type)?)$/

/** Statements that read on where another one has begun. */
const CURSORS: ReadonlySet<string> = new Set(["FETCH", "HANDLER"])

/** The tables that a statement names, and whether it may read others. */
export function readTables(statement: SqlStatement): { readonly tables: ReadonlySet<string>; readonly known: boolean } {
    let known = !CURSORS.has(statement.keyword(statement.first()))
    const tables = tableNames(statement, 0, statement.length, false, (name) => {
        known &&= HARMLESS.has(name)
    })
    known &&= !statement.tokens.some(({ value }, i) => statement.operator(i + 1) === "(" && TOLD_IN_TEXT.test(value))
    return { tables, known }
}
