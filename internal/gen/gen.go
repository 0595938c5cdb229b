// Package gen is the generator behind `sqlkeel generate`, `check` and `inspect`:
// it loads a sqlc project, works out what each statement does on a scratch
// database, and emits that as Go. Nothing is written before all of it succeeded.
package gen
