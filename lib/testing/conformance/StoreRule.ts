import type { StoreLab } from "./StoreLab"

/** What a store may lack, and no promise depends on. */
export type StoreLack = "listing" | "stamp lives"

/** A rule of the port: its title, a check that fails where a store breaks it, and without what it cannot be kept. */
export type StoreRule = readonly [title: string, check: (lab: StoreLab) => Promise<void>, needs?: StoreLack]
