package migrate_test

import (
	"errors"
	"fmt"
	"testing/fstest"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/migrate"
)

func ExampleValidate() {
	fsys := fstest.MapFS{
		"00001_books.sql": {Data: []byte("-- +goose Up\nCREATE TABLE books (id bigint);\n")},
		"00003_tags.sql":  {Data: []byte("-- +goose Up\nCREATE TABLE tags (id bigint)\n\n-- +goose Down\nDROP TABLE tags;\n")},
	}
	problems, err := migrate.Validate(fsys, "migrations")
	if err != nil {
		fmt.Println(err)
	}
	for _, p := range problems {
		fmt.Println(p)
	}
	// Output:
	// migrations/00001_books.sql:1:1: warning: no "-- +goose Down": the migration cannot be rolled back
	// migrations/00003_tags.sql:1:1: warning: version 2 is missing between migrations/00001_books.sql and this file
	// migrations/00003_tags.sql:2:1: error: the statement is not ended by a semicolon at the end of a line
}

func ExampleNew_malformed() {
	_, err := migrate.New(migrate.Config{DSN: "postgres://clerk:p/w@localhost/shop", FS: fstest.MapFS{}})
	var connect *migrate.ConnectError
	fmt.Println(errors.As(err, &connect))
	fmt.Println(err)
	// Output:
	// true
	// the database URL is not a valid URL: the port must be a number; percent-encode special characters in user and password
}
