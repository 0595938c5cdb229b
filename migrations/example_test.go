package migrations_test

import (
	"context"
	"database/sql"
	"fmt"
	"log"

	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"

	"github.com/sqlkeel/sqlkeel/migrations"
	"github.com/sqlkeel/sqlkeel/pgtest"
)

// A program that carries its migrations applies them, takes them back and
// applies them again. The tool's migrate command does the same with checks.
func ExampleFS() {
	t, done := pgtest.ForExample()
	defer done()
	conn, err := sql.Open("pgx", pgtest.New(t).DSN())
	if err != nil {
		log.Fatal(err)
	}
	defer conn.Close()
	provider, err := goose.NewProvider(goose.DialectPostgres, conn, migrations.FS)
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	up, err := provider.Up(ctx)
	fmt.Println(len(up) > 0, err)
	down, err := provider.DownTo(ctx, 0)
	fmt.Println(len(down) == len(up), err)
	again, err := provider.Up(ctx)
	fmt.Println(len(again) == len(up), err)
	// Output:
	// true <nil>
	// true <nil>
	// true <nil>
}
