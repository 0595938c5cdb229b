package main

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"os"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver of what goose is given
	"github.com/pressly/goose/v3"

	"github.com/sqlkeel/sqlkeel/bench/database"
	"github.com/sqlkeel/sqlkeel/bench/stats"
	"github.com/sqlkeel/sqlkeel/migrations"
	"github.com/sqlkeel/sqlkeel/pgtest"
)

// handOuts compares pgtest, which clones a template, with a database that is migrated
// anew. Both drop it.
func handOuts(ctx context.Context, opts options) (string, error) {
	// Package pgtest looks for its server there.
	if err := os.Setenv("TEST_DATABASE_URL", opts.config.Server); err != nil {
		return "", err
	}
	if _, err := cloned(); err != nil { // it makes the template
		return "", err
	}
	var clones, fresh []float64
	for round := range opts.config.Rounds {
		for _, first := range rand.New(rand.NewPCG(opts.config.Seed, uint64(round))).Perm(2) {
			took, into := cloned, &clones
			if first == 1 {
				took, into = func() (time.Duration, error) { return migrated(ctx, opts.config.Server) }, &fresh
			}
			d, err := took()
			if err != nil {
				return "", err
			}
			*into = append(*into, d.Seconds())
		}
	}
	return fmt.Sprintf(`With the bookstore's migrations, from the request to the end of the drop, one at a time:

| | Time | to a fresh migration |
|---|--:|--:|
| pgtest.New, with the template made before | %.0f ms | %v |
| CREATE DATABASE, all migrations by goose, DROP DATABASE | %.0f ms | 1.00 |
`, 1e3*stats.Median(clones), stats.Paired(clones, fresh, opts.config.Seed), 1e3*stats.Median(fresh)), nil
}

// cloned takes a database of pgtest and gives it back.
func cloned() (took time.Duration, err error) {
	defer func() {
		if r := recover(); r != nil { // how pgtest fails outside of a test
			err = fmt.Errorf("pgtest: %v", r)
		}
	}()
	begun := time.Now()
	t, done := pgtest.ForExample()
	pgtest.New(t, pgtest.WithMigrations(migrations.FS))
	done()
	return time.Since(begun), nil
}

// migrated makes a database, applies the migrations and drops it.
func migrated(ctx context.Context, server string) (took time.Duration, err error) {
	begun := time.Now()
	dsn, drop, err := database.Make(ctx, server)
	if err != nil {
		return 0, err
	}
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		return 0, firstOf(err, drop(ctx))
	}
	provider, err := goose.NewProvider(goose.DialectPostgres, db, migrations.FS)
	if err == nil {
		_, err = provider.Up(ctx)
	}
	err = firstOf(err, db.Close(), drop(context.WithoutCancel(ctx)))
	return time.Since(begun), err
}
