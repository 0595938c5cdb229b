// Package readsproof tries to make package db give a reader what is not its own. It has
// tests alone.
//
// Many callers read single rows by unique keys through a pool that is far too small, so
// that their reads wait, and share round trips. Every row carries its key and what belongs
// to it. A reader must get its own row, or its own error, whatever befalls the others:
// sessions end, the server restarts, the network falls silent, callers leave, statements
// are cancelled, tables change. Where no fault is running there is no error at all. A
// watchdog ends the process, with all stacks, when readers stand still.
//
// Scripts are smaller: a few reads wait together for connections that are in use, and each
// must end as it does on a bare pool.
//
// `make reads-proof` runs it all.
package readsproof
