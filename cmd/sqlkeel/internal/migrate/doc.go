// Package migrate changes the schema of a PostgreSQL database by goose's SQL
// files, and says exactly where when it cannot.
//
// goose's Provider parses and runs the files and keeps the version table;
// this package owns what surrounds that: the pending files are checked before the
// first of them runs ([Validate]), one run at a time holds goose's advisory
// lock, each file is a transaction of its own that is run again after a lock
// timeout or a deadlock, and a failure is a [MigrationError] that names file,
// line and column. A [Migrator] is the entry point; [Snapshot] renders a schema
// as text, so that two of them can be compared.
//
// The run, its lock and its settings live in one session. Through a pooler, which
// may give that session to others, nothing is run: the error is a
// [pgerr.PoolerError].
package migrate
