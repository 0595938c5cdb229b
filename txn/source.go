package txn

import (
	"context"
	"errors"
	"reflect"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/sqlkeel/sqlkeel/internal/exec"
	"github.com/sqlkeel/sqlkeel/internal/unit"
	"github.com/sqlkeel/sqlkeel/stmt"
)

// sourceOf returns what transactions are begun on. It is the one place that knows what
// kinds of Beginners there are. A db.DB or db.Set is a source itself.
func sourceOf(b Beginner, cfg Config) (unit.Database, error) {
	if d, ok := b.(unit.Database); ok {
		return d, cfg.belongsToDB()
	}
	t := unit.Target{Pool: b, Name: cfg.Target, Statements: cfg.Statements}
	if cfg.Invalidator != nil {
		t.Listener = &exec.Listener{To: cfg.Invalidator, Target: cfg.Target, Log: cfg.Logger, Lost: &exec.Lost{}}
	}
	switch b := b.(type) {
	case *pgxpool.Pool:
		t.Acquire = func(ctx context.Context, _ string) (unit.Lease, error) {
			conn, err := b.Acquire(ctx)
			return &poolLease{conn: conn}, err
		}
		return ofPool(t, b.Config().ConnConfig), nil
	case *pgxpool.Conn:
		return ofConn(t, b.Conn()), nil
	case *pgx.Conn:
		return ofConn(t, b), nil
	}
	if !reflect.ValueOf(b).Comparable() {
		t.Pool = new(byte) // identifies the Runner
	}
	t.Acquire = func(context.Context, string) (unit.Lease, error) { return &otherLease{b: b}, nil }
	return &oneTarget{t}, nil
}

// oneTarget is a source of one database.
type oneTarget struct{ target unit.Target }

// Unit returns it.
func (s *oneTarget) Unit(context.Context) (*unit.Target, error) { return &s.target, nil }

func ofPool(t unit.Target, cfg *pgx.ConnConfig) unit.Database {
	name(&t, cfg)
	return &oneTarget{t}
}

// name calls the target as its database is called, unless it has a name.
func name(t *unit.Target, cfg *pgx.ConnConfig) {
	if t.Name == "" {
		t.Name = cfg.Database
	}
	if t.Listener != nil {
		t.Listener.Target = t.Name
	}
}

// oneConn is a source of one connection, which may be one of package db.
type oneConn struct{ target unit.Target }

func ofConn(t unit.Target, conn *pgx.Conn) unit.Database {
	name(&t, conn.Config())
	t.Pool = conn
	t.Acquire = func(context.Context, string) (unit.Lease, error) {
		if conn.IsClosed() {
			return nil, errOneConnection
		}
		if conn.PgConn().TxStatus() != 'I' {
			return nil, &ConfigError{Package: "txn", Field: "Beginner", Problem: "is a connection that is in a transaction already"}
		}
		return &connLease{conn: conn}, nil
	}
	return &oneConn{t}
}

// Unit returns the target. In the marks of contexts a connection that db.DB.WithConn
// lends stands for its db.DB.
func (s *oneConn) Unit(ctx context.Context) (*unit.Target, error) {
	pool := unit.Pool(ctx)
	if pool == nil {
		return &s.target, nil
	}
	lent := s.target
	lent.Pool = pool
	return &lent, nil
}

// plainLease does what only package db does: nothing.
type plainLease struct{}

// Admit takes every text.
func (plainLease) Admit(*stmt.Statement, string, []any) error { return nil }

// Retry is false: no types are learned.
func (plainLease) Retry(context.Context, error, string, []any) bool { return false }

// RetryBatch is false.
func (plainLease) RetryBatch(context.Context, error, *pgx.Batch) bool { return false }

// CopyFailed does nothing.
func (plainLease) CopyFailed(error, pgx.Identifier, []string) {}

// Fields does nothing.
func (plainLease) Fields([]pgconn.FieldDescription) {}

// Unfit does nothing.
func (plainLease) Unfit(error, []pgconn.FieldDescription) {}

// Died is false: pgxpool looks at a connection itself.
func (plainLease) Died(error) bool { return false }

// poolLease is a connection of a pgxpool.
type poolLease struct {
	plainLease
	conn *pgxpool.Conn
}

// Conn returns the connection.
func (l *poolLease) Conn() *pgx.Conn { return l.conn.Conn() }

// Begin begins a transaction.
func (l *poolLease) Begin(ctx context.Context, options pgx.TxOptions) (pgx.Tx, error) {
	return l.conn.Conn().BeginTx(ctx, options)
}

// Release gives the connection back. The pool closes one that is not idle.
func (l *poolLease) Release(error) { l.conn.Release() }

// connLease is the one connection of a Runner.
type connLease struct {
	plainLease
	conn *pgx.Conn
}

// Conn returns the connection.
func (l *connLease) Conn() *pgx.Conn { return l.conn }

// Begin begins a transaction.
func (l *connLease) Begin(ctx context.Context, options pgx.TxOptions) (pgx.Tx, error) {
	return l.conn.BeginTx(ctx, options)
}

// Release closes a connection that is not idle: what is under way on it would be the
// next user's.
func (l *connLease) Release(error) {
	if pg := l.conn.PgConn(); pg.IsClosed() || !pg.IsBusy() && pg.TxStatus() == 'I' {
		return
	}
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	_ = l.conn.Close(ended)
}

// otherLease stands for a connection that only the transactions of a Beginner show.
type otherLease struct {
	plainLease
	b Beginner
}

// Conn returns nil: the transaction shows it.
func (*otherLease) Conn() *pgx.Conn { return nil }

// Begin begins a transaction.
func (l *otherLease) Begin(ctx context.Context, options pgx.TxOptions) (pgx.Tx, error) {
	return l.b.BeginTx(ctx, options)
}

// Release does nothing: the transaction gave its connection back when it ended.
func (*otherLease) Release(error) {}

// session is a connection that is held for one transaction.
type session struct {
	lease unit.Lease // nil before and after
	conn  *pgx.Conn  // nil when only tx shows it
	tx    pgx.Tx
}

// begin begins a transaction. Plain BEGIN is sent once more when the connection proves
// dead and the lease can tell: nothing was done on it.
func (s *session) begin(ctx context.Context, target *unit.Target, op string, options pgx.TxOptions) error {
	for again := options.BeginQuery == ""; ; again = false {
		lease, err := target.Acquire(ctx, op)
		if err != nil {
			return err
		}
		s.lease, s.conn = lease, lease.Conn()
		tx, err := lease.Begin(ctx, options)
		if err == nil {
			s.tx = tx
			return nil
		}
		again = again && lease.Died(err) && ctx.Err() == nil
		s.release(err)
		if !again {
			return err
		}
	}
}

// peek returns the connection to look at its state, or nil when nothing shows it.
func (s *session) peek() *pgx.Conn {
	if s.conn == nil && s.tx != nil {
		return s.tx.Conn()
	}
	return s.conn
}

// closed reports whether the connection is known to be closed.
func (s *session) closed() bool {
	conn := s.peek()
	return conn != nil && conn.IsClosed()
}

// settled reports whether the connection is known to have answered all, err at last.
func (s *session) settled(err error) bool {
	return s.lease != nil && s.conn != nil && exec.Settled(s.conn.PgConn(), err)
}

// commit sends COMMIT and waits for the answer, at most for limit. ctx must have no
// end: a context with one costs allocations, a deadline of the connection costs none.
func (s *session) commit(ctx context.Context, limit time.Duration) error {
	if s.conn == nil {
		return s.commitWithin(ctx, limit)
	}
	net := s.conn.PgConn().Conn()
	if net.SetDeadline(time.Now().Add(limit)) != nil { // a tunnel without deadlines
		return s.commitWithin(ctx, limit)
	}
	defer func() {
		// pgx would wait for the other side to close, and a deadline that stays would
		// end the next user's statement.
		if s.conn.IsClosed() || net.SetDeadline(time.Time{}) != nil {
			_ = net.Close()
		}
	}()
	return s.tx.Commit(ctx)
}

func (s *session) commitWithin(ctx context.Context, limit time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	return s.tx.Commit(ctx)
}

// rollback sends ROLLBACK. On ctx itself, which may have ended, it would cost the
// connection.
func (s *session) rollback(ctx context.Context, limit time.Duration) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), limit)
	defer cancel()
	return s.tx.Rollback(ctx)
}

// release gives the connection back, once. err is what its use ended with.
func (s *session) release(err error) {
	if lease := s.lease; lease != nil {
		s.lease = nil
		lease.Release(err)
	}
}

// detached is a bounded context for what must be done also after ctx has ended.
func (r *Runner) detached(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), r.cfg.RollbackTimeout)
}

// inTx runs fn in a transaction of the Runner's own, which is committed when fn
// returns nil.
func (r *Runner) inTx(ctx context.Context, target *unit.Target, options pgx.TxOptions, fn func(tx pgx.Tx) error) (err error) {
	var s session
	defer func() { s.release(err) }()
	if err := s.begin(ctx, target, "", options); err != nil {
		return err
	}
	committed := false
	defer func() {
		if !committed {
			_ = s.rollback(ctx, r.cfg.RollbackTimeout)
		}
	}()
	if err := fn(s.tx); err != nil {
		return err
	}
	committed = true
	limit := r.cfg.CommitTimeout
	if deadline, ok := ctx.Deadline(); ok {
		limit = min(limit, time.Until(deadline))
	}
	return s.commit(context.WithoutCancel(ctx), limit)
}

// inReadTx runs fn in a transaction that sees what is committed at each statement, and
// rolls it back.
func (r *Runner) inReadTx(ctx context.Context, target *unit.Target, fn func(tx pgx.Tx) error) error {
	err := r.inTx(ctx, target, pgx.TxOptions{IsoLevel: pgx.ReadCommitted}, func(tx pgx.Tx) error {
		if err := fn(tx); err != nil {
			return err
		}
		return errNotMeant
	})
	if errors.Is(err, errNotMeant) {
		return nil
	}
	return err
}
