// Package scratch makes a throw-away database with a project's schema in it, on a
// server that may have other users.
//
// [Open] creates the database, applies the schema files and gives it to the
// caller; [Database.Close] drops it. Nothing is left on the server by a failed or
// cancelled Open either; a process that is killed leaves its database, which is
// named sqlkeel_scratch_ and may be dropped at any time.
//
// The schema files may be plain SQL, pg_dump's output, or the migrations of goose,
// golang-migrate, sql-migrate, dbmate and tern; of the last five the way up is
// applied. What a file means for more than its database is another matter: roles,
// tablespaces, other databases, subscriptions and settings of the server belong to
// everybody on it. Unless [Options.Owned] says that the server was started for
// this purpose, statements about them are left out with a warning, DO blocks that
// contain them included; what only a function's body does cannot be seen. Named
// sqlc queries among the schema, and the data of COPY, are left out silently.
package scratch
