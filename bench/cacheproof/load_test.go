package cacheproof

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sqlkeel/sqlkeel/stmt"
	"github.com/sqlkeel/sqlkeel/txn"
)

// blocksOfLoad is how many blocks the load reads and writes.
const blocksOfLoad = 64

// bumps raise cells by one, so that an old value is lower than a new one.
var bumps = []*writing{
	{write("bumpCell", "UPDATE cells SET v = v + 1 WHERE id = $1 RETURNING id, v", stmt.Effects{
		Writes: cells, SetColumns: columns("v"), WriteKeys: []stmt.RowKey{byID},
	}), nil, nil, false},
	{write("bumpGroup", "UPDATE cells SET v = v + 1 WHERE grp = $1 RETURNING id, v", stmt.Effects{
		Writes: cells, SetColumns: columns("v"), WriteKeys: []stmt.RowKey{{Relation: "cells", Column: "id", Result: 1}, byGroup},
	}), nil, nil, false},
}

// load is many clients that read, and write now and then.
type load struct {
	*lab
	published []atomic.Int64 // by cells: versions whose write has returned
	left      atomic.Int64   // reads to do
	stale     atomic.Int64
	writes    atomic.Int64
	failed    atomic.Int64 // reads and writes
	err       atomic.Pointer[error]
}

// readsOfWrite is how many reads there are for a write.
const readsOfWrite = 100

// client reads and writes until there have been enough reads.
func (l *load) client(ctx context.Context, rng *rand.Rand) {
	for l.left.Add(-1) >= 0 && ctx.Err() == nil {
		err := l.read(ctx, rng)
		if err == nil && rng.IntN(readsOfWrite) == 0 {
			err = l.write(ctx, rng)
		}
		if err != nil {
			l.failed.Add(1)
			l.err.CompareAndSwap(nil, &err)
		}
	}
}

// read reads through the cache, and counts what is older than it may be.
func (l *load) read(ctx context.Context, rng *rand.Rand) error {
	const most = blocksOfLoad * cellsOf
	r := readings[0]
	switch dice := rng.IntN(1000); {
	case dice < 1:
		r = readings[2] // of a table: each write makes it old
	case dice < 30:
		r = readings[3]
	case dice < 80:
		r = readings[1]
	}
	cell := min(rng.Int64N(most), rng.Int64N(most), rng.Int64N(most)) // some are read more often
	block, place := cell/cellsOf, cell%cellsOf
	var least image
	for i := range int64(cellsOf) {
		least[i] = l.published[block*cellsOf+i].Load()
	}
	got, err := l.cached(ctx, 0, r, block, place)
	if err != nil {
		return err
	}
	for i, at := range least {
		if r.covers(place).has(i) && got[i] < at {
			l.stale.Add(1)
		}
	}
	return nil
}

// write raises some cells, and publishes their versions when it has returned.
func (l *load) write(ctx context.Context, rng *rand.Rand) (err error) {
	cell := rng.Int64N(blocksOfLoad * cellsOf)
	w, arg := bumps[0], cell
	if rng.IntN(4) == 0 {
		w, arg = bumps[1], cell/cellsOf*2+cell%2
	}
	var versions map[int64]int64
	if rng.IntN(2) == 0 {
		versions, err = bump(ctx, l.sides[0].db, w, arg)
	} else {
		versions, err = txn.Do(ctx, l.sides[0].runner, txn.Op{Name: "bump"}, func(ctx context.Context, tx *txn.Tx) (map[int64]int64, error) {
			return bump(ctx, tx, w, arg)
		})
	}
	if err != nil {
		return err
	}
	l.writes.Add(1)
	for id, v := range versions {
		for old := l.published[id].Load(); old < v && !l.published[id].CompareAndSwap(old, v); {
			old = l.published[id].Load()
		}
	}
	return nil
}

// bump returns the versions that cells have now.
func bump(ctx context.Context, on querier, w *writing, arg int64) (map[int64]int64, error) {
	rows, err := on.Query(ctx, w.SQL, arg)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	versions := map[int64]int64{}
	for rows.Next() {
		var id, v int64
		if err := rows.Scan(&id, &v); err != nil {
			return nil, err
		}
		versions[id] = v
	}
	return versions, rows.Err()
}

// Under load no read is older than a write that had returned when it began, and most are
// answered from memory. SQLKEEL_CACHE_READS says how many reads.
func TestUnderLoadNoReadIsOlderThanAWriteThatReturned(t *testing.T) {
	t.Parallel()
	loadRun(t, false)
}

// So it is where sessions are ended, connections cut and COMMITs lost all the time.
func TestUnderLoadAndFaultsNoReadIsOlderThanAWriteThatReturned(t *testing.T) {
	t.Parallel()
	loadRun(t, true)
}

func loadRun(t *testing.T, faults bool) {
	reads, seed, start := size(t, "READS", 60_000), uint64(size(t, "SEED", 1)), time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	l := &load{lab: newLab(t, blocksOfLoad), published: make([]atomic.Int64, blocksOfLoad*cellsOf)}
	l.left.Store(int64(reads))
	stop := func() int { return 0 }
	if faults {
		stop = l.faults(ctx, t, seed)
	}
	var all sync.WaitGroup
	for i := range uint64(16) {
		all.Go(func() { l.client(ctx, rand.New(rand.NewPCG(seed, i))) })
	}
	all.Wait()
	kills, gets, loads := stop(), l.gets.Load(), l.loads.Load()
	hits := 100 * (gets - loads) / max(gets, 1)
	figures := fmt.Sprintf("seed %d: %d cached reads beside %d writes, %d were older than a write that had returned; %d%% answered from memory; "+
		"%d sessions ended, %d reads and writes failed; %.1f s", seed, gets, l.writes.Load(), l.stale.Load(), hits, kills, l.failed.Load(), time.Since(start).Seconds())
	t.Log(figures)
	if !faults && l.failed.Load() > 0 {
		t.Logf("the first that failed: %v", l.firstErr())
	}
	if l.stale.Load() > 0 {
		t.Errorf("an old result was served: %s", figures)
	}
	if hits < 60 {
		t.Errorf("%d%% hits: want 60%%", hits)
	}
	if writes := l.writes.Load(); writes == 0 || !faults && l.failed.Load() > writes/1000 { // a deadlock may be among them
		t.Errorf("the run shows little: %s; %v", figures, l.firstErr())
	}
}

func (l *load) firstErr() error {
	if err := l.err.Load(); err != nil {
		return *err
	}
	return nil
}
