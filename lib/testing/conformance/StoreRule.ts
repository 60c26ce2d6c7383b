import type { StoreLab } from "./StoreLab"

/** A rule of the port: its title, and a check that fails where a store breaks it. */
export type StoreRule = readonly [title: string, check: (lab: StoreLab) => Promise<void>]
