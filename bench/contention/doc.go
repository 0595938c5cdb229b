// Package contention compares ways to run transactions that collide.
//
// The work is a transfer between two of the few rows that are hot: both are
// read, both are written, at an isolation level at which one of two that
// overlap must be run again. An arm is what does that: pgbench, a loop around plain pgx that
// retries at once, the same loop with waits, or sqlkeel. One more arm is the
// first loop a second time; what it differs from itself is noise.
//
// # What is the same for all
//
// The statements and their number of round trips, the size of the pool, the choice of
// rows, and the work of a second attempt: the same transfer. Ids are in ascending
// order, so there are no deadlocks to measure. The table is made anew before every
// round of every arm, and connections are new. Statements are prepared and planned
// before the clock starts (pgbench does that on its first transactions).
//
// # What is measured
//
// The rate is the transfers that were committed before the round ended. The
// latency is that of a transfer from its first BEGIN to its last COMMIT, with
// all attempts and waits. Transfers that the end of the round found under way are
// brought to their end and count as late: in the latency, not in the rate, so an
// arm cannot hide who it starved. pgbench has no such mode: it drops them.
//
// After each round the table must show exactly the transfers that were
// reported as committed.
//
// # How arms are compared
//
// In each round all arms run, in random order. An arm's figure is the median, over
// the rounds, of its ratio to plain pgx in the same round. The interval is a
// bootstrap of 95 %. What lies inside the band of the second plain arm is a tie.
package contention
