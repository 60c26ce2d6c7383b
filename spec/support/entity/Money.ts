import type { ValueTransformer } from "typeorm"

/** An amount to two decimal places, for a column with a transformer. */
export class Money {
    constructor(readonly cents: number) {}

    static parse(text: string | number): Money {
        return new Money(Math.round(Number(text) * 100))
    }

    plus(other: Money): Money {
        return new Money(this.cents + other.cents)
    }

    toString(): string {
        return (this.cents / 100).toFixed(2)
    }
}

/** Between {@link Money} and what drivers give for a decimal: text, or on SQLite a number. */
export const moneyTransformer: ValueTransformer = {
    to: (money: unknown) => (money instanceof Money ? money.toString() : money),
    from: (value: string | number | null) => (value === null ? null : Money.parse(value)),
}
