// Package seed fills a migrated bookstore with data: real, well-known books
// with their authors and years of first publication, and generated users,
// reviews, sales, accounts and tasks.
//
// The data is a function of [Size] alone: the same on every machine and every
// day, so that tests and examples can name figures. It ends on [LastDay].
package seed
