// Package demo shows the data layer at work on a real PostgreSQL: a sequence
// of parts, each of which says in figures what it saw and whether what the
// project promises held.
//
// It works in a database of its own, which it drops at the end, also when it
// is interrupted. It stops and starts a server only when it was started here;
// on any other it ends its own sessions instead.
package demo
