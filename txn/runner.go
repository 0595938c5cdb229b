package txn

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/internal/backoff"
)

// Beginner is what begins transactions: a *pgxpool.Pool, a *pgx.Conn, or
// anything that hands out pgx transactions as they do. The transactions it
// returns give their connection back when they are committed or rolled back.
type Beginner interface {
	BeginTx(ctx context.Context, options pgx.TxOptions) (pgx.Tx, error)
}

// Config sets up a [Runner]. The zero value is usable.
type Config struct {
	// MaxAttempts is how often a unit of work is tried at most, the first time
	// included; [Op] can override it. Default: 10.
	MaxAttempts int
	// BackoffBase and BackoffMax bound the wait before an attempt is repeated.
	// It is random, between zero and a ceiling that begins at BackoffBase and
	// doubles up to BackoffMax. Default: 5 ms and 200 ms.
	BackoffBase, BackoffMax time.Duration
	// CommitTimeout bounds the wait for the answer to COMMIT. When it passes
	// the outcome is a [CommitUnknownError]. Default: 30 s.
	CommitTimeout time.Duration
	// RollbackTimeout bounds ROLLBACK, also to a savepoint. When it passes the
	// connection is closed, which has the same effect. Default: 5 s.
	RollbackTimeout time.Duration
	// Logger hears of attempts that are repeated (debug) and of rollbacks that
	// failed (warn). Default: none.
	Logger *slog.Logger
}

// Runner runs units of work. It is safe for concurrent use, and holds nothing
// that would have to be closed.
type Runner struct {
	db     Beginner
	cfg    Config
	wait   backoff.Policy
	mutant mutant
}

// New returns a Runner over db. Its error is an [InvalidError] that names the
// field.
func New(db Beginner, cfg Config) (*Runner, error) {
	if db == nil {
		return nil, &InvalidError{Field: "Beginner", Problem: "is nil"}
	}
	cfg = cfg.withDefaults()
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	return &Runner{db: db, cfg: cfg, wait: backoff.Policy{Base: cfg.BackoffBase, Max: cfg.BackoffMax}}, nil
}

func (c Config) withDefaults() Config {
	if c.MaxAttempts == 0 {
		c.MaxAttempts = 10
	}
	for _, d := range []struct {
		field *time.Duration
		value time.Duration
	}{
		{&c.BackoffBase, 5 * time.Millisecond},
		{&c.BackoffMax, 200 * time.Millisecond},
		{&c.CommitTimeout, 30 * time.Second},
		{&c.RollbackTimeout, 5 * time.Second},
	} {
		if *d.field == 0 {
			*d.field = d.value
		}
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}

func (c Config) validate() error {
	if c.MaxAttempts < 0 {
		return &InvalidError{Field: "Config.MaxAttempts", Problem: "is negative"}
	}
	for _, d := range []struct {
		name  string
		value time.Duration
	}{
		{"BackoffBase", c.BackoffBase},
		{"BackoffMax", c.BackoffMax},
		{"CommitTimeout", c.CommitTimeout},
		{"RollbackTimeout", c.RollbackTimeout},
	} {
		if d.value < 0 {
			return &InvalidError{Field: "Config." + d.name, Problem: "is negative"}
		}
	}
	if c.BackoffBase > c.BackoffMax {
		problem := fmt.Sprintf("(%v) is less than BackoffBase (%v)", c.BackoffMax, c.BackoffBase)
		return &InvalidError{Field: "Config.BackoffMax", Problem: problem}
	}
	return nil
}
