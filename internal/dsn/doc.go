// Package dsn reads the text that says how to reach a PostgreSQL server, for every
// package and command of this module.
//
// It is stricter than pgx. What pgx cannot take for a URL it reads as keyword=value
// pairs, and unknown keywords become start-up parameters: a URL with a blank in front
// would go, with its password, to the server that PGHOST or localhost means. It would
// come back in that server's error. Here such a text is refused before any dial.
//
// No error of this package repeats a part of the text, whatever is wrong with it:
// in a malformed DSN any part may be a piece of the password.
package dsn
