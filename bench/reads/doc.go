// Package reads measures reads by key that share round trips ([db.Config].ShareReads)
// beside the same reads on a bare pgxpool of the same size.
//
// Both run the same code of sqlc: the row of a primary key out of 100,000, which is
// compared with what it should be. A cell is one setting: the size of the pool, how many
// callers read, what is added to a round trip, on how many cores. In each round of a cell
// every arm has a turn, in shuffled order, so that ratios are those of neighbours. The
// pgxpool has two turns. What it differs from itself is the band of noise.
//
// With latency, reads pass a [Relay] in a process of its own. In a mixed load, half of the
// callers run other statements. In an open loop they begin when a schedule says so, and a
// latency counts from there, so that a statement that waits cannot hide others.
package reads
