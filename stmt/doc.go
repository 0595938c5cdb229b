// Package stmt is the vocabulary in which generated code says what each SQL
// statement does: which relations it reads and writes, which rows, whether its
// result may be kept, and which of its parts are optional.
//
// `sqlkeel generate` writes a [Registry] beside sqlc's output, in a file named
// statements_gen.go. A statement is found in it by the whole text of its SQL
// constant ([Registry.Lookup]), because names repeat across packages. A text that
// is not in the registry is a statement of which nothing is known.
//
// Packages db and txn look each text up when it is run, given the registry in their
// Config. What is known decides which variant is sent ([Statement.Rewrite]: optional
// filters whose argument is NULL, and sort keys that were not asked for, are cut
// out), whether a lost connection is worth a second try, and what an [Invalidator]
// is notified of. [Declare] is for texts written by hand, [Join] for several packages.
//
// The package imports the standard library alone and does no input or output.
package stmt
