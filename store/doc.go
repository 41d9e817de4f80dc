// Package store is the product's memory: PostgreSQL through sqlx, one file a noun.
package store
