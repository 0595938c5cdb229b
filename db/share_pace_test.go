package db

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/stmt"
)

func TestASlowStatementRunsAlone(t *testing.T) {
	t.Parallel()
	s := share(t, Config{})
	slow := func() error { return s.QueryRow(t.Context(), itemHold, 1, 0.05).Scan(new(int)) }
	// All share at first, then all run alone, and then the slow one does.
	for i, want := range []int64{3, 3, 3 + 2} {
		s.together(t, append(s.reads(t, 1, 2), slow)...)
		if got := s.stats().SharedReads; got != want {
			t.Errorf("%d reads shared after %d times, want %d", got, i+1, want)
		}
		s.hold(t)
	}
	before := s.stats().SharedReads
	s.together(t, slow, slow)
	if got := s.stats().SharedReads - before; got != 0 {
		t.Errorf("%d slow reads shared", got)
	}
}

func TestAReadIsQuickBesideAQuickOneOrASlowBatch(t *testing.T) {
	t.Parallel()
	const ms = time.Millisecond
	for name, c := range map[string]struct {
		batch time.Duration
		alone []time.Duration
		rests bool // its reads go on alone
	}{
		"no slow batch":              {batch: 10 * ms, alone: nil, rests: false},
		"a slow batch":               {batch: 12 * ms, alone: nil, rests: true},
		"a quick read":               {batch: 12 * ms, alone: []time.Duration{ms}, rests: false},
		"a slow read":                {batch: 12 * ms, alone: []time.Duration{11 * ms, 11 * ms}, rests: true},
		"a slow one and a quick one": {batch: 12 * ms, alone: []time.Duration{11 * ms, ms}, rests: false},
		"a slow machine":             {batch: 60 * ms, alone: []time.Duration{14 * ms}, rests: false},
		"a slow statement":           {batch: 60 * ms, alone: []time.Duration{50 * ms, 16 * ms, 50 * ms}, rests: true},
		"a slow read by itself":      {alone: []time.Duration{20 * ms}, rests: true},
		"one that is so so":          {alone: []time.Duration{9 * ms}, rests: false},
	} {
		var trip roundTrip
		var p pace
		trip.over(ms / 2)
		if trip.exceeds(c.batch) {
			p.suspect(c.batch)
		}
		for _, took := range c.alone {
			p.ran(took, &trip)
		}
		if rests := p.Load() != 0; rests != c.rests {
			t.Errorf("%s: runs alone: %v", name, rests)
		}
	}
	var p pace
	p.Store(never)
	p.ran(1, new(roundTrip))
	if p.Load() == 0 {
		t.Error("a statement that writes takes part again")
	}
}

func TestReadsHaveConnectionsOfTheirOwn(t *testing.T) {
	t.Parallel()
	s := share(t, Config{MaxConns: 3, ReadConns: 1, AcquireTimeout: 200 * time.Millisecond})
	if len(s.held) != 2 {
		t.Fatalf("others hold %d connections", len(s.held))
	}
	if _, err := s.name(t.Context(), 1); err != nil {
		t.Error(err)
	}
	var late *AcquireTimeoutError
	if _, err := s.Exec(t.Context(), "SELECT 1"); !errors.As(err, &late) {
		t.Errorf("a third connection for others: %v", err)
	}
	s.free()
	if _, err := s.Exec(t.Context(), "SELECT 1"); err != nil {
		t.Error(err)
	}
}

func TestReadsTakeNoMoreThanTheirOwnConnections(t *testing.T) {
	t.Parallel()
	s := share(t, Config{MaxConns: 2, ReadConns: 1, AcquireTimeout: 200 * time.Millisecond})
	s.free()
	rows, err := s.Query(t.Context(), itemName, 1)
	if err != nil {
		t.Fatal(err)
	}
	var late *AcquireTimeoutError
	if _, err := s.name(t.Context(), 2); !errors.As(err, &late) {
		t.Errorf("a read beside open rows: %v", err)
	}
	if _, err := s.Exec(t.Context(), "SELECT 1"); err != nil {
		t.Errorf("another use: %v", err)
	}
	rows.Close()
	if _, err := s.name(t.Context(), 2); err != nil {
		t.Error(err)
	}
}

// A batch whose text was not known leaves its reads without rows.
func TestReadsThatRunAgainHaveTheirOwnConnections(t *testing.T) {
	t.Parallel()
	s := share(t, Config{MaxConns: 3, ReadConns: 1, AcquireTimeout: time.Second})
	defer s.free() // the others hold all of theirs
	s.shares.texts.Clear()
	rows, err := s.Query(t.Context(), itemNote, 1) // which takes that of the reads
	if err != nil {
		t.Fatal(err)
	}
	failed := make(chan error, 3)
	for i, read := range s.reads(t, 1, 2, 3) {
		go func() { failed <- read() }()
		eventually(t, "a read that waits", func() bool { return s.waiters() == i+1 })
	}
	rows.Close()
	for range 3 {
		if err := receive(t, "a row", failed); err != nil {
			t.Error(err)
		}
	}
}

func TestSharingIsSwitchedOff(t *testing.T) {
	t.Parallel()
	for name, cfg := range map[string]Config{
		"ShareReads":    {ShareReads: 1},
		"RegisterTypes": {RegisterTypes: func(context.Context, *pgx.Conn) error { return nil }},
		"ExecMode":      {ExecMode: pgx.QueryExecModeExec},
		"a pooler":      {Pooler: Transaction},
		"volatile":      {Statements: stmt.Declare(itemName, stmt.Effects{ReadOnly: true, Unique: true, Volatile: true})},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := share(t, cfg)
			for i, err := range s.together(t, s.reads(t, 1, 2, 3)...) {
				if err != nil {
					t.Errorf("read %d: %v", i, err)
				}
			}
			if got := s.stats(); got.SharedReads != 0 || got.SharedBatches != 0 {
				t.Errorf("%+v", got)
			}
		})
	}
}
