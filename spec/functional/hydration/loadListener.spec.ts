import { expect } from "chai"
import type { DataSource, EntitySubscriberInterface } from "typeorm"
import { hasLoadListeners, hasLoadListenersInGraph } from "../../../lib/hydration/loadListener"
import { forEachTypeorm, metadataOf, sqljs } from "./typeormVersions"

forEachTypeorm((typeorm, within) => {
    describe("hasLoadListeners", () => {
        const {
            Entity,
            PrimaryGeneratedColumn,
            ManyToOne,
            AfterLoad,
            AfterInsert,
            Column,
            TableInheritance,
            ChildEntity,
        } = typeorm
        const classes = within(() => {
            @Entity()
            class Quiet {
                @PrimaryGeneratedColumn() id: number
                @AfterInsert() inserted(): void {}
            }
            @Entity()
            class Loud {
                @PrimaryGeneratedColumn() id: number
                @AfterLoad() loaded(): void {}
            }
            class Part {
                @Column() name: string
                @AfterLoad() loaded(): void {}
            }
            @Entity()
            class WithPart {
                @PrimaryGeneratedColumn() id: number
                @Column(() => Part) part: Part
            }
            @Entity()
            @TableInheritance({ column: { type: "varchar", name: "kind" } })
            class Root {
                @PrimaryGeneratedColumn() id: number
            }
            @ChildEntity()
            class LoudChild extends Root {
                @AfterLoad() loaded(): void {}
            }
            @ChildEntity()
            class QuietChild extends Root {}
            @Entity()
            class Near {
                @PrimaryGeneratedColumn() id: number
                @ManyToOne(() => Far) far: unknown
            }
            @Entity()
            class Far {
                @PrimaryGeneratedColumn() id: number
                @ManyToOne(() => Loud) loud: unknown
            }
            return { Quiet, Loud, WithPart, Root, LoudChild, QuietChild, Near, Far }
        })
        let dataSource: DataSource

        before(() =>
            within(async () => {
                dataSource = new typeorm.DataSource(sqljs(Object.values(classes), { synchronize: false }))
                await dataSource.initialize()
            }),
        )
        after(() => dataSource.destroy())

        const own = (target: Function): boolean => hasLoadListeners(metadataOf(dataSource, target), dataSource)
        const graph = (target: Function): boolean => hasLoadListenersInGraph(metadataOf(dataSource, target), dataSource)
        const withSubscriber = (subscriber: EntitySubscriberInterface, run: () => void): void => {
            dataSource.subscribers.push(subscriber)
            run()
            dataSource.subscribers.pop()
        }

        it("finds methods of the entity, its embeddeds, its children", () => {
            expect(own(classes.Quiet)).equal(false)
            expect(own(classes.Loud)).equal(true)
            expect(own(classes.WithPart)).equal(true)
            expect(own(classes.Root)).equal(true)
            expect(own(classes.LoudChild)).equal(true)
        })

        it("finds methods of related entities, however far, in the graph alone", () => {
            expect(own(classes.Near)).equal(false)
            expect(graph(classes.Near)).equal(true)
            expect(graph(classes.Quiet)).equal(false)
        })

        it("finds subscribers that come and go", () => {
            const afterLoad = (): void => {}
            withSubscriber({ afterLoad }, () => expect(own(classes.Quiet)).equal(true))
            withSubscriber({ afterLoad, listenTo: () => Object }, () => expect(own(classes.Quiet)).equal(true))
            withSubscriber({ afterLoad, listenTo: () => classes.Quiet }, () => expect(own(classes.Quiet)).equal(true))
            withSubscriber({ afterLoad, listenTo: () => classes.Loud }, () => expect(own(classes.Quiet)).equal(false))
            withSubscriber({ afterLoad, listenTo: () => classes.Root }, () =>
                expect(own(classes.QuietChild)).equal(true),
            )
            withSubscriber({ afterInsert: () => {} }, () => expect(own(classes.Quiet)).equal(false))
            withSubscriber({ afterLoad, listenTo: () => classes.Far }, () => {
                expect(own(classes.Near)).equal(false)
                expect(graph(classes.Near)).equal(true)
            })
            expect(own(classes.Quiet)).equal(false)
        })
    })
})
