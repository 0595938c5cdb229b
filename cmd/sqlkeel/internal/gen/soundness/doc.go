// Package soundness holds the proof that what the generator says of statements is
// enough: whenever a committed write changes what a statement returns, the effects
// of the two said that it may ([stmt.Run.Affects]).
//
// It consists of tests alone. Random schemas (views, cascades, triggers, rules,
// partitions, inheritance, functions) are made on a real PostgreSQL, filled, and
// random reads and writes are analysed. Then every write is run with every read
// before and after it, and each result that changed must have been foretold. The
// same runner is given deliberately wrong analyses, and must notice each.
//
// Beside that, random expressions are put into each place where PostgreSQL accepts one:
// a statement, a view, a body, a default, a check, a policy and so on. What is said of
// the expression in a statement must be said of it in every place. Statements that are
// said to be read-only run on a hot standby. Results that may be cached must be the
// same later in another session.
//
// [stmt.Run.Affects]: https://pkg.go.dev/github.com/sqlkeel/sqlkeel/stmt#Run.Affects
package soundness
