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
)

// Beginner is what begins transactions: a *pgxpool.Pool, a *pgx.Conn, a db.DB or
// db.Set, or anything that hands out pgx transactions as they do. The
// transactions it returns give their connection back when they are committed or
// rolled back.
type Beginner interface {
	BeginTx(ctx context.Context, options pgx.TxOptions) (pgx.Tx, error)
}

// Config sets up a [Runner]. The zero value is usable.
type Config struct {
	// MaxAttempts is how often a unit of work is tried at most, the first time
	// included; [Op] can override it. Default: 10. Beyond the default a unit goes on
	// after conflicts, up to 100 attempts, while others of its name are committed;
	// each of these attempts costs a token.
	MaxAttempts int
	// BackoffBase and BackoffMax bound the wait before an attempt is repeated, where
	// it is not repeated at once. It is random, between zero and a ceiling that
	// begins at BackoffBase and doubles up to BackoffMax. Default: 5 ms and 200 ms.
	BackoffBase, BackoffMax time.Duration
	// RetryBudget is how many tokens the retries of operations of one name have
	// together, on each target of a db.Set. A retry after a lost connection or a
	// lock timeout costs 10 tokens, after a conflict, a violation or an error marked
	// by [Retryable] 5, after a stale plan 1. A unit that is committed gives one back, and those that its
	// own conflicts cost. After a minute without a retry all are there again.
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
	// Markers is the table of [Idempotent], with its schema: a session's search_path
	// must have no say in it. It is made when it is missed and may be made;
	// [MarkerSchema] is for a migration. Default: "public.sqlkeel_commits".
	Markers string
	// MarkerRetention is how long a marker, and so the protection by its key, is kept
	// at least, from its transaction's beginning. Now and then a Do that was Idempotent deletes some of the older
	// ones. Default: 7 days.
	MarkerRetention time.Duration
	// Observer hears of every attempt. Default: none.
	Observer Observer
	// Logger hears of attempts that are repeated (debug), of commits whose answer
	// was lost, and of rollbacks and hooks that failed (warn). Default: none.
	Logger *slog.Logger
}

const (
	defaultAttempts = 10
	mostAttempts    = 100 // while others go on
)

// Runner runs units of work. It is safe for concurrent use, and holds nothing
// that would have to be closed.
type Runner struct {
	db      Beginner
	home    any // db where it can be compared, else the Runner
	cfg     Config
	wait    backoff.Policy
	gates   gates
	budget  budget
	commits commits
	more    bool // MaxAttempts is the default, beyond which some units go on
	markers markers
	token   func() int64 // draws what tells attempts apart
}

// New returns a Runner over db. Its error is an [ConfigError] that names the
// field.
func New(db Beginner, cfg Config) (*Runner, error) {
	if isNil(db) {
		return nil, &ConfigError{Field: "Beginner", Problem: "is nil"}
	}
	more := cfg.MaxAttempts == 0
	cfg = cfg.withDefaults()
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	r := &Runner{
		db: db, home: db, cfg: cfg, more: more, token: rand.Int64,
		wait:   backoff.Policy{Base: cfg.BackoffBase, Max: cfg.BackoffMax},
		budget: budget{full: cfg.RetryBudget}, markers: markers{table: quoteName(cfg.Markers), keep: cfg.MarkerRetention},
	}
	if !reflect.ValueOf(db).Comparable() {
		r.home = r
	}
	return r, nil
}

// isNil reports whether there is nothing in db, as in the result of a function that
// failed.
func isNil(db Beginner) bool {
	if db == nil {
		return true
	}
	switch v := reflect.ValueOf(db); v.Kind() {
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
			return &ConfigError{Field: "Config." + n.name, Problem: "is negative"}
		}
	}
	if c.BackoffBase > c.BackoffMax {
		problem := fmt.Sprintf("(%v) is less than BackoffBase (%v)", c.BackoffMax, c.BackoffBase)
		return &ConfigError{Field: "Config.BackoffMax", Problem: problem}
	}
	if least := c.CommitTimeout + c.ResolveTimeout; c.MarkerRetention < least {
		problem := fmt.Sprintf("(%v) is less than CommitTimeout and ResolveTimeout together (%v)", c.MarkerRetention, least)
		return &ConfigError{Field: "Config.MarkerRetention", Problem: problem}
	}
	return validateTable("Config.Markers", c.Markers)
}
