// Package rivals compares sqlkeel with what a service would use instead: pgx by hand,
// pgx through database/sql, sqlc alone, gorm, ent, bun and bob.
//
// An [Arm] is one of them. Its [Store] has an operation for each workload, written as
// the documentation of that library would write it. Package arms has them all.
//
// # What is the same for all
//
// The server, the database, the number of connections, the rows, the meaning of the
// statements, and the fields that are decoded. Each arm decodes into the structs that
// are usual with it. A write has a database of its own, made from a template, in every
// round of every arm.
//
// # What is measured
//
// In each round all arms run a workload for the same time, in shuffled order. Arguments
// are made outside the timer. After the timer each arm calls the operation once more,
// and its result, the row that it wrote, and the number of rows are checked.
//
// The figure of an arm is the median, over the rounds, of the ratio of its time an
// operation to that of raw pgx in the same round. The interval is a bootstrap of 95 %.
// Raw pgx runs twice: what it differs from itself is noise, and a difference within
// that band is a tie.
//
// Round trips and statements are counted by a relay that reads the protocol, in a run
// of their own, so they are counted alike for every driver. Allocations are the fewest of
// several runs by a single caller.
//
// An arm that fails loses its own row, and the reason stands in its place.
package rivals

//go:generate go tool -modfile=../../tools/go.mod sqlc generate
//go:generate go -C ../../cmd/sqlkeel run . generate --config $PWD/sqlc.yaml
