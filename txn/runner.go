package txn

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"reflect"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/internal/backoff"
	"github.com/sqlkeel/sqlkeel/internal/unit"
	"github.com/sqlkeel/sqlkeel/stmt"
)

// Beginner begins transactions: a *pgxpool.Pool, a *pgx.Conn, a *db.DB or *db.Set, or
// any other type whose transactions behave as pgx's. A transaction that it returns
// gives its connection back when it is committed or rolled back.
type Beginner interface {
	BeginTx(ctx context.Context, options pgx.TxOptions) (pgx.Tx, error)
}

// Config sets up a [Runner]. The zero value is usable.
type Config struct {
	// MaxAttempts bounds the attempts at a transaction; [Op] can override it. With the
	// default of 10, a transaction that loses conflicts has up to 100 attempts while
	// others of its name are committed; each attempt beyond 10 costs a token.
	MaxAttempts int
	// BackoffBase and BackoffMax bound the wait before a retry that is not made at
	// once. It is random, between zero and a ceiling that begins at BackoffBase and
	// doubles up to BackoffMax. Default: 5 ms and 200 ms.
	BackoffBase, BackoffMax time.Duration
	// RetryBudget is how many tokens the retries of operations of one name have
	// together, on each target of a db.Set. A retry after a lost connection or a
	// lock timeout costs 10 tokens, after a conflict, a violation or another error
	// marked by [Retryable] 5, after a stale plan 1. A commit gives one back, and those
	// that the transaction's own conflicts cost. After a minute without a retry all
	// are there again.
	//
	// A conflict costs nothing where another transaction of the Runner, not
	// [Op].ReadOnly, was committed on the target since the attempt began. That holds
	// for 100 conflicts of a name in a row, while none of that name is committed.
	// Default: 500.
	RetryBudget int
	// CommitTimeout bounds the wait for the answer to COMMIT. When it passes
	// the answer counts as lost. Default: 30 s.
	CommitTimeout time.Duration
	// ResolveTimeout bounds finding out what became of a lost COMMIT. Default:
	// 30 s.
	ResolveTimeout time.Duration
	// RollbackTimeout bounds ROLLBACK, also to a savepoint. When it passes the
	// connection is closed, which has the same effect. Default: 5 s.
	RollbackTimeout time.Duration
	// Markers is the table of [Idempotent], with its schema, so that search_path cannot
	// change which table is used. It is created on first use if the role may create
	// tables; [MarkerSchema] is for a migration. Default: "public.sqlkeel_commits".
	Markers string
	// MarkerRetention is how long a marker, and so the protection by its key, is kept
	// at least, from its transaction's beginning. Some Idempotent transactions delete
	// older ones. Default: 7 days.
	MarkerRetention time.Duration
	// Statements are what is known of the statements that are sent, such as
	// queries.Statements (stmt.Join for several). They choose the variant that is
	// sent, and what Invalidator is notified of. Over package db they are those of
	// db.Config, and so are Invalidator and Target. Default: none.
	Statements *stmt.Registry
	// Invalidator is notified of what transactions write, before COMMIT is sent and
	// when the outcome is known. A text that is not in Statements may write anything.
	// Where the outcome stays unknown it is notified once more when the session is gone.
	// Do waits up to 100 ms for that, and later transactions of the Runner ask; over
	// package db its monitor does. Default: none.
	Invalidator stmt.Invalidator
	// Target is the database's name for Invalidator. It must be that of the db.DB whose
	// results are cached, if there is one: nothing checks that. Default: the name in the
	// connection's configuration.
	Target string
	// Observer is notified of transactions and attempts. Default: none.
	Observer Observer
	// Logger logs retries (debug), commits whose answer was lost, and rollbacks,
	// hooks and Invalidators that failed (warn). Over package db its Logger gets what
	// Invalidators do. Default: none.
	Logger *slog.Logger
}

const (
	defaultAttempts = 10
	mostAttempts    = 100 // while others are committed
)

// Runner runs transactions. It is safe for concurrent use, and there is nothing to
// close.
type Runner struct {
	source  unit.Database
	cfg     Config
	backoff backoff.Policy
	gates   gates
	budget  budget
	commits commits
	more    bool // MaxAttempts is the default, which some transactions may exceed
	markers markers
	token   func() int64 // draws what tells attempts apart
}

// New returns a Runner over b. Its error is a [ConfigError] that names the field.
func New(b Beginner, cfg Config) (*Runner, error) {
	if isNil(b) {
		return nil, &ConfigError{Package: "txn", Field: "Beginner", Problem: "is nil"}
	}
	more := cfg.MaxAttempts == 0
	cfg = cfg.withDefaults()
	source, err := sourceOf(b, cfg)
	if err != nil {
		return nil, err
	}
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	return &Runner{
		source: source, cfg: cfg, more: more, token: rand.Int64,
		backoff: backoff.Policy{Base: cfg.BackoffBase, Max: cfg.BackoffMax},
		budget:  budget{full: cfg.RetryBudget}, markers: markers{table: quoteName(cfg.Markers), keep: cfg.MarkerRetention},
	}, nil
}

// belongsToDB returns an error where cfg has what a db.Config has.
func (c Config) belongsToDB() error {
	for field, given := range map[string]bool{
		"Config.Statements": c.Statements != nil, "Config.Invalidator": c.Invalidator != nil, "Config.Target": c.Target != "",
	} {
		if given {
			return &ConfigError{Package: "txn", Field: field, Problem: "is taken from db.Config: leave it out here"}
		}
	}
	return nil
}

// isNil reports whether b is nil or holds a nil, as after a call that failed.
func isNil(b Beginner) bool {
	if b == nil {
		return true
	}
	switch v := reflect.ValueOf(b); v.Kind() {
	case reflect.Pointer, reflect.Func, reflect.Map, reflect.Slice, reflect.Chan:
		return v.IsNil()
	}
	return false
}

func (c Config) withDefaults() Config {
	if c.MaxAttempts == 0 {
		c.MaxAttempts = defaultAttempts
	}
	if c.RetryBudget == 0 {
		c.RetryBudget = 500
	}
	if c.Markers == "" {
		c.Markers = "public.sqlkeel_commits"
	}
	for _, d := range []struct {
		field *time.Duration
		value time.Duration
	}{
		{&c.BackoffBase, 5 * time.Millisecond},
		{&c.BackoffMax, 200 * time.Millisecond},
		{&c.CommitTimeout, 30 * time.Second},
		{&c.ResolveTimeout, 30 * time.Second},
		{&c.RollbackTimeout, 5 * time.Second},
		{&c.MarkerRetention, 7 * 24 * time.Hour},
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
	for _, n := range []struct {
		name  string
		value int64
	}{
		{"MaxAttempts", int64(c.MaxAttempts)},
		{"RetryBudget", int64(c.RetryBudget)},
		{"BackoffBase", int64(c.BackoffBase)},
		{"BackoffMax", int64(c.BackoffMax)},
		{"CommitTimeout", int64(c.CommitTimeout)},
		{"ResolveTimeout", int64(c.ResolveTimeout)},
		{"RollbackTimeout", int64(c.RollbackTimeout)},
		{"MarkerRetention", int64(c.MarkerRetention)},
	} {
		if n.value < 0 {
			return &ConfigError{Package: "txn", Field: "Config." + n.name, Problem: "is negative"}
		}
	}
	if c.BackoffBase > c.BackoffMax {
		problem := fmt.Sprintf("(%v) is less than BackoffBase (%v)", c.BackoffMax, c.BackoffBase)
		return &ConfigError{Package: "txn", Field: "Config.BackoffMax", Problem: problem}
	}
	if least := c.CommitTimeout + c.ResolveTimeout; c.MarkerRetention < least {
		problem := fmt.Sprintf("(%v) is less than CommitTimeout and ResolveTimeout together (%v)", c.MarkerRetention, least)
		return &ConfigError{Package: "txn", Field: "Config.MarkerRetention", Problem: problem}
	}
	return validateTable("Config.Markers", c.Markers)
}
