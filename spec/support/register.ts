import "reflect-metadata"
import "./resolve"
