package cacheproof

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/sqlkeel/sqlkeel/pgtest"
	"github.com/sqlkeel/sqlkeel/txn"
)

// A write whose client has left may land later. Until then its rows are read around the
// cache, and from then on the cache has it.
func TestTheCacheHasAWriteThatLandsLate(t *testing.T) {
	t.Parallel()
	// leave returns when the client has left, and how to let the write land.
	for name, leave := range map[string]func(ctx context.Context, t *testing.T, s *side, w *work) (land func()){
		"a COMMIT that is on its way": commitUnderWay, "a statement that waits for a lock": statementUnderWay,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
			defer cancel()
			const rounds = 5
			l := newLab(t, rounds)
			for block := range int64(rounds) {
				land := leave(ctx, t, l.sides[0], &work{block: block, value: 1, changes: []change{{writings[0], 1}}})
				if err := l.lands(ctx, block, land); err != nil {
					t.Fatalf("round %d: %v", block, err)
				}
			}
		})
	}
}

func commitUnderWay(ctx context.Context, t *testing.T, s *side, w *work) (land func()) {
	t.Helper()
	s.proxy.DelayCommits(func() time.Duration { return time.Hour })
	s.proxy.OnCommit(func() pgtest.CommitFate { return pgtest.CommitDelayed })
	err := txn.Run(ctx, s.runner, txn.Op{Name: "late"}, func(ctx context.Context, tx *txn.Tx) error { return perform(ctx, tx, w, 0) })
	var unknown *txn.CommitUnknownError
	if !errors.As(err, &unknown) {
		t.Fatalf("error %v, want an unknown outcome", err)
	}
	return s.proxy.ReleaseCommits
}

func statementUnderWay(ctx context.Context, t *testing.T, s *side, w *work) (land func()) {
	t.Helper()
	s.proxy.BlockCancelRequests(true) // they would keep it from landing
	holder, err := s.around.Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = holder.Rollback(context.Background()) })
	id := cellID(w.block, 0)
	if _, err := holder.Exec(ctx, `SELECT FROM cells WHERE id = $1 FOR UPDATE`, id); err != nil {
		t.Fatal(err)
	}
	left, leave := context.WithCancel(ctx)
	defer leave()
	written := make(chan error, 1)
	go func() {
		_, err := s.db.Exec(left, w.changes[0].SQL, id, w.value)
		written <- err
	}()
	for waits := false; !waits; {
		err := s.around.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_stat_activity
			WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%name: put%')`).Scan(&waits)
		if err != nil {
			t.Fatal(err)
		}
	}
	leave()
	if err := <-written; err == nil {
		t.Fatal("the statement ended without its lock")
	}
	return func() { _ = holder.Rollback(ctx) }
}

// lands reads a cell before and after its write has landed.
func (l *lab) lands(ctx context.Context, block int64, land func()) error {
	read := func() (kept, there image, err error) {
		if kept, err = l.cached(ctx, 0, readings[0], block, 0); err == nil {
			there, err = l.direct(ctx, 0, readings[0], block, 0)
		}
		return kept, there, err
	}
	for range 50 { // what is believed to have ended too early is kept by then
		if kept, there, err := read(); err != nil || kept[0] != 0 || there[0] != 0 {
			return errors.Join(err, errors.New("the write is there before it landed"))
		}
	}
	land()
	for {
		_, there, err := read()
		if err != nil {
			return err
		}
		if there[0] == 0 {
			continue
		}
		kept, _, err := read()
		if err == nil && kept[0] == 0 {
			err = errors.New("the write is there, and the cache returns what was there before")
		}
		return err
	}
}
