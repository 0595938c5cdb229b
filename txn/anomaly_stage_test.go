package txn_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/sqlkeel/sqlkeel/pgtest"
	"github.com/sqlkeel/sqlkeel/txn"
)

// A stage is a database with a play's tables. All that happens on it is bounded
// by ctx, so that nothing can hang.
type stage struct {
	t      testing.TB
	ctx    context.Context
	play   *play
	runner *txn.Runner
	// watcher is a session beside the play's: it sees who waits, fills the
	// tables and reads what is left.
	watcher *pgx.Conn
	serial  map[int]map[string]bool // what serial orders lead to, by the roles that are in them
}

func newStage(t testing.TB, p *play) *stage {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	db := pgtest.New(t)
	runner, err := txn.New(db.Pool(p.configure), txn.Config{MaxAttempts: 20})
	if err != nil {
		t.Fatal(err)
	}
	s := &stage{t: t, ctx: ctx, runner: runner, watcher: db.Conn()}
	s.show(p)
	s.exec(p.schema)
	return s
}

// show makes p, which has the tables that are there, the stage's play.
func (s *stage) show(p *play) {
	s.play = p
	s.serial = map[int]map[string]bool{}
}

func (p *play) configure(cfg *pgxpool.Config) {
	cfg.MaxConns = 4
	cfg.ConnConfig.RuntimeParams["deadlock_timeout"] = "10ms"
	for name, value := range p.settings {
		cfg.ConnConfig.RuntimeParams[name] = value
	}
	cfg.PrepareConn = func(ctx context.Context, conn *pgx.Conn) (bool, error) {
		if a, ok := ctx.Value(actorKey{}).(*actor); ok {
			a.pid.Store(conn.PgConn().PID())
		}
		return true, nil
	}
}

func (s *stage) exec(sql string) {
	s.t.Helper()
	if _, err := s.watcher.Exec(s.ctx, sql); err != nil {
		s.t.Fatalf("%s: %s: %v", s.play.name, sql, err)
	}
}

// reset brings the tables to where the play begins.
func (s *stage) reset() {
	s.t.Helper()
	s.exec(s.play.fill)
	if s.play.vacuum != "" {
		s.exec(s.play.vacuum)
	}
}

// state is what the play has left behind.
func (s *stage) state() string {
	s.t.Helper()
	rows, _ := s.watcher.Query(s.ctx, s.play.state)
	state, _, err := read(rows)
	if err != nil {
		s.t.Fatalf("%s: %s: %v", s.play.name, s.play.state, err)
	}
	return state
}

// perform plays the roles' turns in the order given. A role whose turn comes
// while it waits for a lock takes it when it can. When the order is at its end
// those who are not take one turn each, again and again.
func (s *stage) perform(order string, level pgx.TxIsoLevel, attempts int) outcome {
	s.t.Helper()
	s.reset()
	actors, err := s.act(s.ctx, order, level, attempts)
	if err != nil {
		s.t.Fatalf("%s: %s at %s: %v", s.play.name, order, level, err)
	}
	return outcome{actors: actors, state: s.state()}
}

// act returns when all actors have ended, in any case.
func (s *stage) act(ctx context.Context, order string, level pgx.TxIsoLevel, attempts int) ([]*actor, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	p := &performance{stage: s}
	var played sync.WaitGroup
	for i := range s.play.roles {
		a := newActor(&s.play.roles[i])
		p.actors = append(p.actors, a)
		played.Go(func() { a.play(ctx, s.runner, level, attempts) })
	}
	err := p.follow(ctx, order)
	if err != nil {
		cancel()
	}
	played.Wait()
	return p.actors, err
}

// A performance is one run of a play.
type performance struct {
	stage  *stage
	actors []*actor
}

func (p *performance) follow(ctx context.Context, order string) error {
	for _, letter := range order {
		p.actors[letter-'A'].owed++
		if err := p.advance(ctx); err != nil {
			return err
		}
	}
	for p.goOn() {
		if err := p.advance(ctx); err != nil {
			return err
		}
	}
	return ctx.Err() // the actors may have ended because of it
}

// goOn makes one more turn due for each actor that is not at its end, and reports
// whether there was one.
func (p *performance) goOn() (some bool) {
	for _, a := range p.actors {
		if a.next == over {
			continue
		}
		some = true
		if a.owed == 0 && !a.busy {
			a.owed++
		}
	}
	return some
}

// advance gives the turns that are owed to the actors that can take them, until
// each one waits for a lock or for its next turn.
func (p *performance) advance(ctx context.Context) error {
	for moved := true; moved; {
		moved = false
		for _, a := range p.actors {
			if a.busy {
				if err := p.settle(ctx, a); err != nil {
					return err
				}
			}
			if a.busy || a.next == over || a.owed == 0 {
				continue
			}
			moved = true
			a.begin()
			if err := p.settle(ctx, a); err != nil {
				return err
			}
		}
	}
	return nil
}

// settle returns when the actor has done its turn or waits for another. There is
// no clock in it: it asks the server until the answer is definite.
func (p *performance) settle(ctx context.Context, a *actor) error {
	for {
		if a.heard() {
			return nil
		}
		others := p.sessions(a)
		if len(others) == 0 || !a.mayWait() {
			return a.hear(ctx)
		}
		var waits bool
		err := p.stage.watcher.QueryRow(ctx, waitsFor, int32(a.pid.Load()), others).Scan(&waits)
		if err != nil {
			return fmt.Errorf("find out who waits: %w", err)
		}
		if waits {
			a.waited = true
			return nil
		}
	}
}

// sessions returns those of the others that have one.
func (p *performance) sessions(a *actor) (pids []int32) {
	for _, other := range p.actors {
		if pid := other.pid.Load(); other != a && pid != 0 {
			pids = append(pids, int32(pid))
		}
	}
	return pids
}

// waitsFor asks whether session $1 waits for a lock that one of $2 holds, or for
// a snapshot that cannot fail. pg_safe_snapshot_blocking_pids is not asked about
// the latter: it is misled by an earlier transaction of the same session.
const waitsFor = `SELECT pg_blocking_pids($1) && $2 OR EXISTS (
	SELECT FROM pg_stat_get_activity($1) WHERE wait_event = 'SafeSnapshot')`
