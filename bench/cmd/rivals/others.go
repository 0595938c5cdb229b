package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/sqlkeel/sqlkeel/bench/contention"
	"github.com/sqlkeel/sqlkeel/bench/database"
	"github.com/sqlkeel/sqlkeel/bench/rivals/report"
)

// others are what is measured in other ways. A section that fails says so.
func others(ctx context.Context, opts options) ([]report.Section, error) {
	var sections []report.Section
	var errs []error
	for _, s := range []struct {
		title   string
		measure func(context.Context, options) (string, error)
	}{
		{"Contended serializable transfers", transfers},
		{"A database for a test", handOuts},
	} {
		text, err := s.measure(ctx, opts)
		if err != nil {
			err = fmt.Errorf("%s: %w", strings.ToLower(s.title), err)
			text += "\n\n**failed:** " + err.Error()
		}
		sections, errs = append(sections, report.Section{Title: s.title, Text: text}), append(errs, err)
	}
	return sections, errors.Join(errs...)
}

const aboutTransfers = `32 callers transfer money between 10 of 1,000 accounts, in serializable transactions that are retried until they commit.
sqlkeel retries them by package txn. gorm, ent, bun, bob and sqlc have no retries for them: around them one writes a loop,
which is what the other arms are, on pgx. A limit lets so many transfers run at a time. FOR UPDATE needs no serializable
transactions, and cannot be used where what was read is not written.

`

// transfers are those of package contention, and of pgbench.
func transfers(ctx context.Context, opts options) (text string, err error) {
	dsn, drop, err := database.Make(ctx, opts.config.Server)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, drop(context.WithoutCancel(ctx))) }()
	cfg := contention.Config{
		DSN: dsn, Workloads: []string{"hot rows"}, Rounds: opts.config.Rounds, Duration: time.Second, Seed: opts.config.Seed, Progress: opts.config.Progress,
		Workers: 32, Rows: 10, Table: 1000, Pool: 32,
	}
	if opts.smoke {
		cfg.Duration, cfg.Workers, cfg.Pool = 200*time.Millisecond, 4, 4
	}
	measured, err := contention.Run(ctx, cfg)
	if measured == nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString(aboutTransfers + "```\n")
	err = errors.Join(err, measured.Write(&b))
	b.WriteString("```\n\n")
	if wrong := measured.Wrong(); len(wrong) > 0 {
		err = errors.Join(err, errors.New(strings.Join(wrong, "; ")))
	}
	// The tables of the last arm are there.
	b.WriteString(pgbench(ctx, cfg))
	return b.String(), err
}
