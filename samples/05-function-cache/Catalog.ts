import { Column, Entity, ManyToOne, PrimaryGeneratedColumn, type DataSource } from "typeorm"
import { Cacheable, CacheInvalidate } from "typeorm-second-level-cache"

@Entity()
export class Product {
    @PrimaryGeneratedColumn() id: number
    @Column() name: string
}

@Entity()
export class Review {
    @PrimaryGeneratedColumn() id: number
    @Column() stars: number
    @ManyToOne(() => Product) product: Product
}

// #region catalog
export class Catalog {
    constructor(
        private readonly dataSource: DataSource,
        private readonly fetchRate: (currency: string) => Promise<number>,
    ) {}

    /** Depends on `product` and `review`: the tables that it reads. Nobody has to name them. */
    @Cacheable({ key: "best:{limit}", region: "reports" })
    async best(limit: number): Promise<string[]> {
        const rows = await this.dataSource
            .createQueryBuilder(Product, "p")
            .innerJoin(Review, "r", "r.productId = p.id")
            .select(["p.name AS name", "AVG(r.stars) AS stars"])
            .groupBy("p.name")
            .orderBy("stars", "DESC")
            .limit(limit)
            .getRawMany<{ name: string; stars: string }>()
        return rows.map(({ name, stars }) => `${name} ${Number(stars).toFixed(1)}`)
    }

    /** Depends on `review`. The key is made of the product's id alone. */
    @Cacheable({ key: "reviews:{product.id}" })
    async countReviews(product: Product): Promise<number> {
        return this.dataSource.manager.countBy(Review, { product: { id: product.id } })
    }

    /** Depends on nothing that the database knows of: a ttl, and a tag to end it sooner. */
    @Cacheable({ key: "rate:{0}", ttl: "1h", tags: ["rates"], unless: (rate: number) => rate <= 0 })
    async rate(currency: string): Promise<number> {
        return this.fetchRate(currency)
    }

    @CacheInvalidate({ tags: ["rates"] })
    async closeTheDay(): Promise<void> {}
}
// #endregion
