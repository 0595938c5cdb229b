// Package reads compares cached reads with reads of the database, and with a cache that
// knows a TTL alone, while some of the operations are writes. It has benchmarks only.
package reads
