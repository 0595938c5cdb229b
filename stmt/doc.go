// Package stmt is the vocabulary in which generated code says what each SQL
// statement does: which relations it reads and writes, which rows, whether its
// result may be kept, and which of its parts are optional.
//
// `sqlkeel generate` writes a [Registry] beside sqlc's output, in a file named
// statements_gen.go. A statement is found in it by the whole text of its SQL
// constant ([Registry.Lookup]), because names repeat across packages. A text that
// is not in the registry is a statement of which nothing is known.
//
// [Registry.Rewrite] chooses the variant of a statement that its arguments need:
// optional filters whose argument is NULL, and sort keys that were not asked for,
// are cut out. Every variant was prepared by a PostgreSQL when the code was
// generated. The generated function Prune puts this between sqlc's methods and
// whatever runs them: a pool, a connection, a transaction.
//
// The package imports the standard library alone and does no input or output.
package stmt
