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
// [stmt.Run.Affects]: https://pkg.go.dev/github.com/sqlkeel/sqlkeel/stmt#Run.Affects
package soundness
