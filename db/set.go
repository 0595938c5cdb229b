package db

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/sqlkeel/sqlkeel/internal/config"
	"github.com/sqlkeel/sqlkeel/internal/exec"
	"github.com/sqlkeel/sqlkeel/internal/unit"
)

// targetKey is where [WithTarget] keeps the name.
type targetKey struct{}

// WithTarget returns a context that chooses the database of that name in a
// [Set]. A [DB] does not look at it.
func WithTarget(ctx context.Context, name string) context.Context {
	return context.WithValue(ctx, targetKey{}, name)
}

// Set is several databases. Each use goes to the one that its ctx names by
// [WithTarget], or to the default; a name that the Set does not have is an
// [ErrUnknownTarget]. There is no state to switch, so uses with different
// targets do not meet. It is made by [OpenSet], safe for concurrent use, and must
// be closed. Its methods are otherwise those of [DB]; WithConn, Health and Verify are
// those of [Set.DB].
type Set struct {
	dbs      map[string]*DB // not changed after OpenSet
	fallback string
}

// OpenSet opens all of configs, at the same time. Their names must differ;
// fallback is the name of the one that is used when ctx names none.
//
// When one cannot be opened those that were are closed again, and the error has
// every failure: those of [Open] with the name, or a [ConfigError].
func OpenSet(ctx context.Context, fallback string, configs ...Config) (*Set, error) {
	return openSet(ctx, hooks{}, fallback, configs...)
}

func openSet(ctx context.Context, h hooks, fallback string, configs ...Config) (*Set, error) {
	names, err := nameAll(fallback, configs)
	if err != nil {
		return nil, err
	}
	s := &Set{dbs: map[string]*DB{}, fallback: fallback}
	opened, errs := make([]*DB, len(configs)), make([]error, len(configs))
	var wg sync.WaitGroup
	for i, cfg := range configs {
		wg.Go(func() {
			opened[i], errs[i] = open(ctx, cfg, h)
			if errs[i] != nil {
				errs[i] = fmt.Errorf("db: target %q: %w", names[i], errs[i])
			}
		})
	}
	wg.Wait()
	for i, d := range opened {
		if d != nil {
			s.dbs[names[i]] = d
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, errors.Join(err, s.Close(context.WithoutCancel(ctx))) // nothing is in use, so it ends
	}
	return s, nil
}

// nameAll returns the name of each of configs.
func nameAll(fallback string, configs []Config) ([]string, error) {
	p := config.Problems{Package: "db"}
	names := make([]string, len(configs))
	for i, cfg := range configs {
		names[i] = cfg.Name
		if resolved, _, err := resolve(cfg); err != nil {
			p.Add(fmt.Errorf("db: target %q: %w", cfg.Name, err))
		} else {
			names[i] = resolved.Name
		}
		p.Unless(!slices.Contains(names[:i], names[i]), "Name", "%q is given twice: give each database of a Set its own", names[i])
	}
	p.Unless(slices.Contains(names, fallback), "Name", "%q, the default target, is not given: choose one of %s", fallback, strings.Join(names, ", "))
	return names, p.Err()
}

// DB returns the database that ctx chooses.
func (s *Set) DB(ctx context.Context) (*DB, error) {
	name := s.Target(ctx)
	if d, ok := s.dbs[name]; ok {
		return d, nil
	}
	return nil, &unknownTargetError{Target: name, Known: s.names()}
}

// Target returns the name that ctx chooses, known or not.
func (s *Set) Target(ctx context.Context) string {
	if name, ok := ctx.Value(targetKey{}).(string); ok {
		return name
	}
	return s.fallback
}

// names returns the names of all databases, sorted.
func (s *Set) names() []string { return slices.Sorted(maps.Keys(s.dbs)) }

// Close closes all databases at the same time, and joins the errors of
// [DB.Close].
func (s *Set) Close(ctx context.Context) error {
	var wg sync.WaitGroup
	names := s.names()
	errs := make([]error, len(names))
	for i, name := range names {
		wg.Go(func() { errs[i] = s.dbs[name].Close(ctx) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

// BeginTx is [DB.BeginTx] on the database that ctx chooses.
func (s *Set) BeginTx(ctx context.Context, options pgx.TxOptions) (pgx.Tx, error) {
	d, err := s.DB(ctx)
	if err != nil {
		return nil, err
	}
	return d.BeginTx(ctx, options)
}

// Exec is [DB.Exec] on the database that ctx chooses.
func (s *Set) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	d, err := s.DB(ctx)
	if err != nil {
		return pgconn.CommandTag{}, err
	}
	return d.Exec(ctx, sql, args...)
}

// Query is [DB.Query] on the database that ctx chooses.
func (s *Set) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	d, err := s.DB(ctx)
	if err != nil {
		return exec.Failed(err), err
	}
	return d.Query(ctx, sql, args...)
}

// QueryRow is [DB.QueryRow] on the database that ctx chooses.
func (s *Set) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	d, err := s.DB(ctx)
	if err != nil {
		return exec.FailedRow(err)
	}
	return d.QueryRow(ctx, sql, args...)
}

// CopyFrom is [DB.CopyFrom] on the database that ctx chooses.
func (s *Set) CopyFrom(ctx context.Context, table pgx.Identifier, columns []string, source pgx.CopyFromSource) (int64, error) {
	d, err := s.DB(ctx)
	if err != nil {
		return 0, err
	}
	return d.CopyFrom(ctx, table, columns, source)
}

// SendBatch is [DB.SendBatch] on the database that ctx chooses.
func (s *Set) SendBatch(ctx context.Context, batch *pgx.Batch) pgx.BatchResults {
	d, err := s.DB(ctx)
	if err != nil {
		return pgx.FailedBatchResults(batch, err)
	}
	return d.SendBatch(ctx, batch)
}

// Unit is for package txn.
func (s *Set) Unit(ctx context.Context) (*unit.Target, error) {
	d, err := s.DB(ctx)
	if err != nil {
		return nil, err
	}
	return d.Unit(ctx)
}
