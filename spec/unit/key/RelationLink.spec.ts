import { expect } from "chai"
import type { DataSource } from "typeorm"
import { linkedOwnerId, relationLinkOf, type RelationLink } from "../../../lib/key/RelationLink"
import { linkedEntities } from "../invalidation/linkedEntities"

describe("the link of a relation", () => {
    let dataSource: DataSource
    before(async () => void (dataSource = await linkedEntities("postgres")))

    const linkOf = (entity: string, relation: string): RelationLink | undefined => {
        const metadata = dataSource.entityMetadatas.find(({ name }) => name === entity)!
        return relationLinkOf(metadata.findRelationWithPropertyPath(relation)!)
    }
    const idOf = (entity: string, relation: string, values: Readonly<Record<string, unknown>>): unknown =>
        linkedOwnerId(linkOf(entity, relation)!, (name) => values[name])

    it("is the foreign key of the related table", () => {
        const link = linkOf("Owner", "parts")
        expect(link).to.include({ table: "part", name: "ownerid", isJunction: false, namesOwner: true })
        expect(link?.owner.name).to.equal("Owner")
        expect(idOf("Owner", "parts", { ownerid: 7 })).to.equal("7")
    })

    it("is a side of the junction, each its own", () => {
        expect(linkOf("Part", "labels")).to.include({ table: "part_label", name: "partid", isJunction: true })
        expect(linkOf("Label", "parts")).to.include({ table: "part_label", name: "labelid", isJunction: true })
        expect(linkOf("Label", "parts")?.owner.name).to.equal("Label")
        expect(idOf("Label", "parts", { partid: 1, labelid: 2 })).to.equal("2")
    })

    it("is none where the owner's own row has the foreign key", () => {
        for (const name of ["owner", "plain", "coded", "pair"]) expect(linkOf("Part", name), name).to.equal(undefined)
    })

    it("does not name an owner that is referenced by another column than its key", () => {
        expect(linkOf("Owner", "coded")).to.include({ name: "codedcode", namesOwner: false })
    })

    it("names an owner of several columns by all of them, whatever their order", () => {
        expect(linkOf("Pair", "parts")).to.include({ name: "paira,pairb", namesOwner: true })
        expect(idOf("Pair", "parts", { pairb: 4, paira: 3 })).to.equal("1.3-1.4")
        expect(idOf("Pair", "parts", { paira: 3 })).to.equal(undefined)
    })

    it("tells no id of what may be another", () => {
        for (const value of ["07", 7.5, null, undefined, "x"])
            expect(idOf("Owner", "parts", { ownerid: value }), String(value)).to.equal(undefined)
    })

    it("is the table of the parent for rows of an inherited one", () => {
        expect(linkOf("Label", "small")).to.include({ table: "thing", name: "labelid" })
    })
})
