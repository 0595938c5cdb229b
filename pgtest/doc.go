// Package pgtest gives each test a PostgreSQL of its own.
//
// [New] returns an isolated database, migrated by the files of any common tool and
// seeded, as a clone of a template that is built once. When the test ends the database is checked for
// leaked connections and dropped; after a failed test it stays, and its URL is
// logged.
//
//	func TestBooks(t *testing.T) {
//		t.Parallel()
//		pool := pgtest.New(t, pgtest.WithMigrations(migrations.FS)).Pool()
//		...
//	}
//
// The databases live on the server that TEST_DATABASE_URL names. Under
// `sqlkeel pg run -- go test ./...` that is one server for all packages.
// Without it the test process starts a server when the first test asks for one, from
// the PostgreSQL binaries of the machine; it ends with the process. Tests that import
// package pgtest/container need no binaries. DATABASE_URL is ignored, because it may
// name data that is needed. On a server that lives on, templates stay (they are
// named pgtest_template_*, and may be dropped at any time).
//
// [NewServer] gives a test a private server to stop, kill and start, and standbys
// of it ([Server.NewStandby]); [NewProxy] a network to cut or silence, which can
// also lose a COMMIT or the answer to it ([Proxy.OnCommit]); and [NewFaulty] errors
// on demand without a server.
// [NewCounter] counts statements and round trips.
package pgtest
