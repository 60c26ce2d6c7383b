import { expect } from "chai"
import {
    Column,
    Entity,
    JoinColumn,
    JoinTable,
    ManyToMany,
    ManyToOne,
    OneToMany,
    PrimaryColumn,
    type Relation,
} from "typeorm"
import { Cached, CachedRelation } from "typeorm-second-level-cache"
import { forEachDatabaseAndStore } from "../../support/databases"
import { type OpenCache, openCache } from "../repository/openCache"

@Entity()
@Cached()
class Recipe {
    @PrimaryColumn()
    id: number

    @ManyToMany(() => Food, (food) => food.recipes)
    @JoinTable({
        name: "part",
        joinColumn: { name: "recipeId" },
        inverseJoinColumn: { name: "foodId" },
        synchronize: false,
    })
    @CachedRelation()
    foods: Relation<Food[]>

    @OneToMany(() => Part, (part) => part.recipe)
    @CachedRelation()
    parts: Relation<Part[]>
}

@Entity()
@Cached()
class Food {
    @PrimaryColumn()
    id: number

    @ManyToMany(() => Recipe, (recipe) => recipe.foods)
    @CachedRelation()
    recipes: Recipe[]

    @OneToMany(() => Part, (part) => part.food)
    @CachedRelation()
    parts: Relation<Part[]>
}

/** The junction, with a column of its own. */
@Entity("part")
@Cached()
class Part {
    @PrimaryColumn()
    recipeId: number

    @PrimaryColumn()
    foodId: number

    @Column({ default: 1 })
    amount: number

    @ManyToOne(() => Recipe, (recipe) => recipe.parts, { onDelete: "CASCADE" })
    @JoinColumn({ name: "recipeId" })
    @CachedRelation()
    recipe: Recipe

    @ManyToOne(() => Food, (food) => food.parts, { onDelete: "CASCADE" })
    @JoinColumn({ name: "foodId" })
    @CachedRelation()
    food: Food
}

forEachDatabaseAndStore("a junction that is an entity as well", (database, store) => {
    let open: OpenCache
    before(async () => void (open = await openCache(database, store, { entities: [Recipe, Food, Part] })))
    beforeEach(async () => {
        const { manager } = open.dataSource
        for (const target of [Part, Recipe, Food]) await manager.createQueryBuilder().delete().from(target).execute()
        await manager.insert(Recipe, [{ id: 1 }, { id: 2 }])
        await manager.insert(Food, [{ id: 1 }, { id: 2 }])
        await manager.insert(Part, { recipeId: 1, foodId: 1 })
    })

    async function read(): Promise<Record<string, number[]>> {
        const relations = { parts: true }
        const order = { id: "ASC" } as const
        const recipes = await open.cached(Recipe).find({ order, relations: { ...relations, foods: true } })
        const foods = await open.cached(Food).find({ order, relations: { ...relations, recipes: true } })
        return {
            "foods of recipes": recipes.map((recipe) => recipe.foods.length),
            "parts of recipes": recipes.map((recipe) => recipe.parts.length),
            "recipes of foods": foods.map((food) => food.recipes.length),
            "parts of foods": foods.map((food) => food.parts.length),
        }
    }
    const shown = (recipes: number[], foods: number[]): Record<string, number[]> => ({
        "foods of recipes": recipes,
        "parts of recipes": recipes,
        "recipes of foods": foods,
        "parts of foods": foods,
    })

    const WRITES: Readonly<Record<string, readonly [() => Promise<unknown>, recipes: number[], foods: number[]]>> = {
        "the entity is inserted": [() => open.plain(Part).insert({ recipeId: 1, foodId: 2 }), [2, 0], [1, 1]],
        "the entity is deleted": [() => open.plain(Part).delete({ recipeId: 1, foodId: 1 }), [0, 0], [0, 0]],
        "the entity is deleted by one side": [() => open.plain(Part).delete({ recipeId: 1 }), [0, 0], [0, 0]],
        "the entity moves": [
            () => open.plain(Part).update({ recipeId: 1, foodId: 1 }, { recipeId: 2 }),
            [0, 1],
            [1, 0],
        ],
        "a pair is made": [
            () => open.dataSource.createQueryBuilder().relation(Recipe, "foods").of(2).add(1),
            [1, 1],
            [2, 0],
        ],
        "a pair is taken away": [
            () => open.dataSource.createQueryBuilder().relation(Food, "recipes").of(1).remove(1),
            [0, 0],
            [0, 0],
        ],
    }
    for (const [title, [write, recipes, foods]] of Object.entries(WRITES))
        it(`tells both sides when ${title}`, async () => {
            for (let i = 0; i < 2; i++) expect(await read()).to.deep.equal(shown([1, 0], [1, 0]))
            await open.hit(read)
            await write()
            expect(await read()).to.deep.equal(shown(recipes, foods))
        })
})
