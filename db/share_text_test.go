package db

import (
	"context"
	"testing"
	"time"

	"github.com/sqlkeel/sqlkeel/internal/exec"
)

// reader is a read of an item that is ready to be sent by a batch.
func (s *sharing) reader(t *testing.T, sql string, id int) *reader {
	t.Helper()
	c := exec.Resolve(s.cfg.Statements, sql, []any{id})
	of := s.shares.of(&c)
	r := s.shares.reader(t.Context(), c, of, of.text(c.SQL), time.Now())
	if r == nil {
		t.Fatal("the text is not known")
	}
	return r
}

// batch is one of three names, on the first connection that is held.
func (s *sharing) batch(t *testing.T) *batch {
	t.Helper()
	return &batch{&readGroup{members: []*reader{s.reader(t, itemName, 1), s.reader(t, itemName, 2), s.reader(t, itemName, 3)}}, s.held[0]}
}

// once sends a batch once, and returns how many reads are to be sent again.
func (b *batch) once(t *testing.T) (again int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	reads, err := b.prepare(ctx)
	if err == nil && len(reads) > 0 {
		reads, err = b.round(ctx, reads)
	}
	if err != nil {
		t.Fatal(err)
	}
	return len(reads)
}

// answered counts the reads of a batch that have their results.
func (b *batch) answered() (n int) {
	for _, r := range b.members {
		if r.result != nil {
			n++
		}
	}
	return n
}

func TestReadsThatWouldFailAlikeAreNotSentAgain(t *testing.T) {
	t.Parallel()
	s := share(t, Config{})
	defer s.free()
	if b := s.batch(t); b.once(t) != 0 || b.answered() != 3 {
		t.Fatalf("%d of 3 reads were answered", b.answered())
	}
	b := s.batch(t)
	execute(t, s.pg.Conn(), "ALTER TABLE items ALTER name TYPE varchar")
	if again := b.once(t); again != 0 || b.answered() != 0 {
		t.Errorf("%d reads are to be sent again, %d were answered", again, b.answered())
	}
}

// overdue is a context whose deadline is over, which nothing has noticed.
type overdue struct{ context.Context }

func (overdue) Deadline() (time.Time, bool) { return time.Now().Add(-time.Hour), true }

func TestABatchPreparesNoTextWhenItsTimeRunsOut(t *testing.T) {
	t.Parallel()
	s := share(t, Config{})
	defer s.free()
	s.batch(t).once(t)
	b := s.batch(t)
	b.members = append(b.members, s.reader(t, itemNote, 1))
	ready, err := b.prepare(overdue{t.Context()})
	if err != nil || len(ready) != 3 {
		t.Errorf("%d of the 3 reads whose text is prepared are ready, error %v", len(ready), err)
	}
}

func TestATextIsDescribedOnce(t *testing.T) {
	t.Parallel()
	s := share(t, Config{})
	defer s.free()
	of := s.shares.known[s.cfg.Statements.Lookup(itemName)]
	first := of.text(itemName)
	l := s.held[0]
	l.call.SQL, l.learns = itemName, of // of a read that began before the text was known
	if err := s.shares.learn(t.Context(), l); err != nil {
		t.Fatal(err)
	}
	if of.text(itemName) != first || l.learns != nil {
		t.Error("the text was described twice")
	}
}

func TestWhatOneConnectionForgotTheOthersKeep(t *testing.T) {
	t.Parallel()
	s := share(t, Config{})
	defer s.free()
	known := s.reader(t, itemName, 1).as
	s.batch(t).once(t)
	execute(t, s.held[0].conn, "DEALLOCATE ALL")
	if b := s.batch(t); b.once(t) != 0 || b.answered() != 0 { // its members run alone
		t.Errorf("%d reads were answered", b.answered())
	}
	if b := s.batch(t); b.once(t) != 0 || b.answered() != 3 {
		t.Errorf("%d of 3 reads were answered", b.answered())
	}
	execute(t, s.held[0].conn, "DEALLOCATE "+known.Name)
	s.batch(t).once(t)
	if b := s.batch(t); b.once(t) != 0 || b.answered() != 3 || known.outdated.Load() || b.members[0].as != known {
		t.Errorf("%d of 3 reads were answered; outdated: %v", b.answered(), known.outdated.Load())
	}
}

func TestACallerThatKeepsItsRowsMakesNoStatementSlow(t *testing.T) {
	t.Parallel()
	s := share(t, Config{})
	s.free()
	if _, err := s.name(t.Context(), 1); err != nil { // a quick one, to compare with
		t.Fatal(err)
	}
	for range 3 {
		rows, err := s.Query(t.Context(), itemName, 1)
		if err != nil {
			t.Fatal(err)
		}
		eventually(t, "a while", func() bool { return time.Since(s.ledger.leases()[0].since) > 2*slowBatch })
		rows.Close()
		if err := rows.Err(); err != nil {
			t.Error(err)
		}
	}
	if p := s.shares.known[s.cfg.Statements.Lookup(itemName)].pace.Load(); p != 0 {
		t.Errorf("its reads run alone until one takes less than %v", time.Duration(p))
	}
}

func TestAPanicAtTheEndOfABatchLosesNoRead(t *testing.T) {
	t.Parallel()
	s := share(t, Config{})
	defer s.free()
	b := s.batch(t)
	// Without a connection of the pool its release panics, as a tracer of releases may.
	b.lease = &lease{d: s.DB, conn: s.held[0].conn, info: &connInfo{}, since: time.Now()}
	b.head = b.members[0]
	q := &s.shares.queue
	q.readers, q.running = 3, 1
	func() {
		defer func() { s.slots <- struct{}{} }() // that of the connection which is held
		s.shares.ended(b, nil)
	}()
	for _, r := range b.members {
		receive(t, "the end of the batch", r.wake)
	}
	if q.readers != 0 || q.running != 0 || b.head.panicked == nil {
		t.Errorf("%d readers, %d running, panic %v", q.readers, q.running, b.head.panicked)
	}
}
