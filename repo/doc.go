// Package repo is the bookstore's repository: each operation that a service needs, in
// terms of the bookstore. Below it are packages queries (statements), db (connections),
// txn (transactions) and, if asked for, cache (results).
//
// An operation costs one round trip wherever one statement can do the work, and none is
// ever repeated per row; the package's tests count them. Input is checked before
// anything is sent: an [*InvalidError] names the argument. What the database refuses
// comes back as a typed error of this package where the bookstore gives it a meaning:
// [ErrNotFound], [*UnknownAccountError], [*InsufficientFundsError], [*TakenError].
// Other errors are wrapped with the operation's name.
//
// Every method follows its ctx: when it ends, the statement is cancelled and
// ctx's error is in what is returned. The database is the one that ctx names
// ([github.com/sqlkeel/sqlkeel/db.WithTarget]) when the repository stands on a
// [github.com/sqlkeel/sqlkeel/db.Set].
//
// The package is a worked example as well as a library: a service with another
// schema replaces migrations, queries and repo with its own and keeps the rest.
package repo
