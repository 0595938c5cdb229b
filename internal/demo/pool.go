package demo

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/sqlkeel/sqlkeel/queries"
)

// callers is how many goroutines want something of the database at once. With a
// connection each, the pool's and the monitor's it stays below 40 connections.
const callers = 24

// stressPool lets many callers share few connections, and does the same work
// with a connection a request.
func stressPool(ctx context.Context, s *stage) (string, error) {
	ids, err := queries.New(s.db).ListBookIDs(ctx)
	if err != nil {
		return "", err
	}
	if len(ids) == 0 {
		return "", errors.New("there are no books to read")
	}
	pick := func(caller, i int) int64 { return ids[(caller*31+i)%len(ids)] }
	pooled := load(ctx, callers, 200, func(ctx context.Context, caller, i int) error {
		_, err := s.repo.Book(ctx, pick(caller, i))
		return err
	})
	single := load(ctx, callers, 10, func(ctx context.Context, caller, i int) error {
		return s.onOwnConnection(ctx, pick(caller, i))
	})
	s.table([][]string{
		figuresHeading("CONNECTIONS"), pooled.row(fmt.Sprintf("pool of %d", poolSize)), single.row("one a request"),
	})
	stats := s.db.Health().Pool
	s.line("the pool opened %d connections in all, %d are in use now", stats.NewConns, stats.InUse)
	switch {
	case pooled.failed > 0 || single.failed > 0:
		return "", fmt.Errorf("%d requests failed: %w", pooled.failed+single.failed, errors.Join(pooled.firstErr, single.firstErr))
	case stats.InUse != 0:
		return "", fmt.Errorf("%d connections leaked", stats.InUse)
	}
	return fmt.Sprintf("%d callers on %d connections: %.0f/s, p99 %v; a connection a request: %.0f/s, p99 %v", callers, poolSize,
		pooled.perSecond(), brief(pooled.percentile(99)), single.perSecond(), brief(single.percentile(99))), nil
}

// onOwnConnection reads a book on a connection that is opened for it. It returns when
// the server has ended the session: sessions that a busy server has yet to end take up
// its connections too, and so no more than one a caller is there at a time.
func (s *stage) onOwnConnection(ctx context.Context, id int64) error {
	conn, err := pgx.Connect(ctx, s.dsn)
	if err != nil {
		return err
	}
	if _, err = queries.New(conn).GetBook(ctx, id); err != nil {
		return errors.Join(err, conn.Close(ctx))
	}
	return endSession(ctx, conn)
}

// endSession closes conn and waits for the server to close its side, which it does when
// the session is gone.
func endSession(ctx context.Context, conn *pgx.Conn) error {
	session, err := conn.PgConn().Hijack()
	if err != nil {
		return errors.Join(err, conn.Close(ctx))
	}
	stop := context.AfterFunc(ctx, func() { _ = session.Conn.Close() })
	defer stop()
	session.Frontend.Send(&pgproto3.Terminate{})
	if err = session.Frontend.Flush(); err == nil {
		_, err = io.Copy(io.Discard, session.Conn)
	}
	return errors.Join(err, session.Conn.Close())
}
