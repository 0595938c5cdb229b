// Package contention compares ways to run transactions that collide.
//
// A workload is a mix of operations on few hot rows, at an isolation level at which one
// of two that overlap must be retried. An arm is a way to do that: sqlkeel, the limit
// that a user would write (so many at a time for one key, first come first served),
// random waits, or locks (SELECT FOR UPDATE at READ COMMITTED). One more arm is sqlkeel
// a second time; what it differs from itself is noise.
//
// # What is the same for all
//
// The statements but for the locks, the size of the pool, and the jobs: a retry repeats
// the same job. Rows are touched in one order, so there are few deadlocks to measure.
// The tables are new in every round of every arm, connections are new, and statements
// are prepared before the clock starts.
//
// # What is measured
//
// The rate is the jobs committed before the round ended. The latency is that of a job
// from its first BEGIN to its last COMMIT, with all attempts and waits. Jobs that the
// end of the round finds under way are finished and count as late: in the latency, not
// in the rate, so an arm cannot hide a job that it starved.
//
// After each round the tables must show exactly the jobs that were reported as
// committed.
//
// # How arms are compared
//
// In each round all arms run, in random order. The figure of an arm is the median, over
// the rounds, of the ratio of sqlkeel's rate to its rate in the same round. The interval
// is a bootstrap of 95 %. Classes of a workload are compared apart and together.
package contention
