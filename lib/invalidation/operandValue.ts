import type { SqlOperand } from "../sql/SqlAnalysis"

/** The value of an operand as the driver was given it. */
export function operandValue(operand: SqlOperand, parameters: readonly unknown[] | undefined): unknown {
    return "parameter" in operand ? parameters?.[operand.parameter] : operand.literal
}
