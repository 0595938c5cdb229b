package cacheproof

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
)

// world is databases behind a cache.
type world interface {
	// cached reads through the cache, direct around it.
	cached(ctx context.Context, target int, r *reading, block, place int64) (image, error)
	direct(ctx context.Context, target int, r *reading, block, place int64) (image, error)
	// write does a work. settle is called once its outcome is definite, which may be after
	// write has returned, or never.
	write(ctx context.Context, target int, w *work, rng *rand.Rand, settle func(tookEffect bool))
	// upset is what an operator or the store's own limits do to the cache meanwhile.
	upset(rng *rand.Rand)
}

// targets is how many databases a world has.
const targets = 2

// history is what clients of a world did with one block and saw of it.
type history struct {
	world world
	block int64
	clock atomic.Int64
	value *atomic.Int64 // the last that was written, so that none is written twice
	frail bool          // reads may fail

	readings []*reading // some

	mu  sync.Mutex
	ops []*op // guarded by mu
	err error // guarded by mu; the first of a read
}

// op is one read or write.
type op struct {
	client    int
	target    int
	what      string
	covers    places
	call, end int64
	writes    bool
	value     int64 // that was written
	got       image // what was read
	aborted   bool
	register  string // of reads
}

func (o *op) String() string {
	if o.writes {
		return fmt.Sprintf("%4d to %4d  client %d  %s = %d", o.call, o.end, o.client, o.what, o.value)
	}
	return fmt.Sprintf("%4d to %4d  client %d  %s: %v", o.call, o.end, o.client, o.what, o.got)
}

const (
	clients     = 8
	opsOfClient = 14
	readingsOf  = 4
	noEnd       = math.MaxInt64
)

// run lets the clients work.
func (h *history) run(ctx context.Context, seed uint64) {
	for _, i := range rand.New(rand.NewPCG(seed, clients)).Perm(len(readings))[:readingsOf] {
		h.readings = append(h.readings, readings[i])
	}
	var all sync.WaitGroup
	for client := range clients {
		all.Go(func() {
			rng := rand.New(rand.NewPCG(seed, uint64(client)))
			for range opsOfClient {
				h.act(ctx, client, rng)
			}
		})
	}
	all.Wait()
}

// act does one thing, most often a read through the cache.
func (h *history) act(ctx context.Context, client int, rng *rand.Rand) {
	target := 0
	if rng.IntN(5) == 0 {
		target = 1
	}
	switch dice := rng.IntN(100); {
	case dice < 72:
		h.read(ctx, client, target, rng, true)
	case dice < 86:
		h.read(ctx, client, target, rng, false)
	case dice < 99:
		h.write(ctx, client, target, rng)
	default:
		h.world.upset(rng)
	}
}

func (h *history) read(ctx context.Context, client, target int, rng *rand.Rand, cached bool) {
	r, place := h.readings[rng.IntN(len(h.readings))], rng.Int64N(2) // of few registers, which collide often
	o := &op{client: client, target: target, covers: r.covers(place), register: fmt.Sprintf("%s(%d) of database %d", r.Name, place, target)}
	how := h.world.direct
	o.what = "direct " + r.Name
	if cached {
		how = h.world.cached
		o.what = "cached " + r.Name
	}
	if r.Name == "block" {
		o.register = fmt.Sprintf("block of database %d", target)
	}
	o.call = h.clock.Add(1)
	got, err := how(ctx, target, r, h.block, place)
	o.got, o.end = got, h.clock.Add(1)
	h.mu.Lock()
	defer h.mu.Unlock()
	if err != nil {
		h.err = cmp.Or(h.err, fmt.Errorf("%s: %w", o.what, err))
		return // nothing was seen
	}
	h.ops = append(h.ops, o)
}

func (h *history) write(ctx context.Context, client, target int, rng *rand.Rand) {
	w := &work{block: h.block, value: h.value.Add(1)}
	for range 1 + rng.IntN(3)/2 {
		one := writings[rng.IntN(len(writings))]
		w.changes = append(w.changes, change{one, one.covers(rng.Int64N(2), places(rng.IntN(1+int(allCells))))})
	}
	o := &op{client: client, target: target, what: w.String(), covers: w.covers(), writes: true, value: w.value, call: h.clock.Add(1), end: noEnd}
	h.mu.Lock()
	h.ops = append(h.ops, o)
	h.mu.Unlock()
	h.world.write(ctx, target, w, rng, func(tookEffect bool) {
		h.mu.Lock()
		defer h.mu.Unlock()
		o.end, o.aborted = h.clock.Add(1), !tookEffect
	})
}

// check returns an error with the operations of a register that no order explains.
func (h *history) check() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.err != nil && !h.frail {
		return h.err
	}
	reads := map[string][]*op{}
	for _, o := range h.ops {
		if !o.writes {
			reads[o.register] = append(reads[o.register], o)
		}
	}
	for register, ops := range reads {
		target, covers := ops[0].target, ops[0].covers
		for _, o := range h.ops {
			if o.writes && !o.aborted && o.target == target && o.covers&covers != 0 {
				ops = append(ops, o)
			}
		}
		if how := porcupine.CheckOperationsTimeout(model(covers), operations(ops), time.Minute); how != porcupine.Ok {
			slices.SortFunc(ops, func(a, b *op) int { return cmp.Compare(a.call, b.call) })
			var lines []string
			for _, o := range ops {
				lines = append(lines, o.String())
			}
			return fmt.Errorf("%s: %s\n%s", register, how, strings.Join(lines, "\n"))
		}
	}
	return nil
}

// operations are in porcupine's terms.
func operations(ops []*op) []porcupine.Operation {
	all := make([]porcupine.Operation, len(ops))
	for i, o := range ops {
		all[i] = porcupine.Operation{ClientId: o.client, Input: o, Call: o.call, Return: o.end}
	}
	return all
}

// model is a register that holds those places of a block.
func model(covers places) porcupine.Model {
	return porcupine.Model{
		Init: func() any { return image{} },
		Step: func(state, input, _ any) (bool, any) {
			m, o := state.(image), input.(*op)
			if o.writes {
				return true, (o.covers & covers).put(m, o.value)
			}
			return m == o.got, m
		},
	}
}

// The checker would find nothing if it accepted anything.
func TestTheCheckerFindsAnOldRead(t *testing.T) {
	t.Parallel()
	write := func(call, end, value int64) *op {
		return &op{writes: true, covers: 1, call: call, end: end, value: value}
	}
	read := func(call, end, value int64) *op {
		return &op{register: "cell", covers: 1, call: call, end: end, got: image{value}}
	}
	for name, c := range map[string]struct {
		ops []*op
		ok  bool
	}{
		"one after the other":                           {[]*op{write(1, 2, 7), read(3, 4, 7)}, true},
		"an old read after a write":                     {[]*op{write(1, 2, 7), read(3, 4, 0)}, false},
		"an old read beside a write":                    {[]*op{write(1, 4, 7), read(2, 3, 0)}, true},
		"back in time":                                  {[]*op{write(1, 6, 7), read(2, 3, 7), read(4, 5, 0)}, false},
		"a value of no write":                           {[]*op{read(1, 2, 7)}, false},
		"an open write that is never seen":              {[]*op{write(1, noEnd, 7), read(2, 3, 0)}, true},
		"an open write that is seen":                    {[]*op{write(1, noEnd, 7), read(2, 3, 0), read(4, 5, 7)}, true},
		"an open write that is seen and then not":       {[]*op{write(1, noEnd, 7), read(2, 3, 7), read(4, 5, 0)}, false},
		"a write that was aborted and is seen all same": {[]*op{{writes: true, aborted: true, covers: 1, call: 1, end: 2, value: 7}, read(3, 4, 7)}, false},
	} {
		h := &history{ops: c.ops}
		if err := h.check(); (err == nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}
