package reads

import (
	"context"
	"errors"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sqlkeel/sqlkeel/bench/stats"
)

// outcome is what came of one turn: what was done in a second, and in an open or mixed
// loop how long the statements took, in ascending order.
type outcome struct {
	reads, others         float64
	done                  int64 // reads, with those before and after the clock ran
	readTimes, otherTimes []time.Duration
}

// times returns percentile p of the reads and of the others, in seconds.
func (o outcome) times(p int) (reads, others float64) {
	return stats.Percentile(o.readTimes, p).Seconds(), stats.Percentile(o.otherTimes, p).Seconds()
}

// turn is what an arm does in its turn.
type turn struct {
	Cell
	pace
	seed         uint64
	read, others operation
}

// closed lets each caller begin a statement when its last one has ended.
func (t turn) closed(ctx context.Context) (outcome, error) {
	if t.pace.reads > 0 {
		return t.alone(ctx)
	}
	return t.together(ctx)
}

// alone has one caller read so many rows.
func (t turn) alone(ctx context.Context) (outcome, error) {
	rng := rand.New(rand.NewPCG(t.seed, 0))
	begun := time.Now()
	for range t.pace.reads {
		if err := t.read(ctx, rng.Uint64()); err != nil {
			return outcome{}, err
		}
	}
	return outcome{reads: float64(t.pace.reads) / time.Since(begun).Seconds(), done: int64(t.pace.reads)}, nil
}

// caller is one of several. It does one kind of statement.
type caller struct {
	do    operation
	other bool
	timed bool
	done  atomic.Int64
	times []time.Duration // of what began while the clock ran
	err   error
	_     [64]byte // counters of neighbours are not in one cache line
}

// phase is where a turn is.
type phase = int32

const (
	leading phase = iota
	clocked
	ending
)

// run repeats the statement until the turn ends. The first error ends it for all.
func (c *caller) run(ctx context.Context, rng *rand.Rand, now *atomic.Int32) {
	for {
		is := now.Load()
		if is == ending {
			return
		}
		var begun time.Time
		if c.timed {
			begun = time.Now()
		}
		if c.err = c.do(ctx, rng.Uint64()); c.err != nil {
			now.Store(ending)
			return
		}
		if c.timed && is == clocked {
			c.times = append(c.times, time.Since(begun))
		}
		c.done.Add(1)
	}
}

// together has several callers. The clock runs between the lead and the end, while all
// of them are at work.
func (t turn) together(ctx context.Context) (outcome, error) {
	callers := t.callers()
	var now atomic.Int32
	var running sync.WaitGroup
	for i, c := range callers {
		running.Go(func() { c.run(ctx, rand.New(rand.NewPCG(t.seed, uint64(i))), &now) })
	}
	time.Sleep(t.lead)
	now.CompareAndSwap(leading, clocked)
	begun, readsBefore, othersBefore := counted(callers)
	time.Sleep(t.pace.turn)
	ended, reads, others := counted(callers)
	for now.Load() == clocked && (reads == readsBefore || t.Others != NoOthers && others == othersBefore) {
		time.Sleep(time.Millisecond) // the turn was too short for one statement of each
		ended, reads, others = counted(callers)
	}
	now.Store(ending)
	running.Wait()
	o := outcome{
		reads:  float64(reads-readsBefore) / ended.Sub(begun).Seconds(),
		others: float64(others-othersBefore) / ended.Sub(begun).Seconds(),
	}
	var errs []error
	for _, c := range callers {
		errs = append(errs, c.err)
		if c.other {
			o.otherTimes = append(o.otherTimes, c.times...)
		} else {
			o.readTimes = append(o.readTimes, c.times...)
			o.done += c.done.Load()
		}
	}
	slices.Sort(o.readTimes)
	slices.Sort(o.otherTimes)
	return o, errors.Join(errs...)
}

// callers are those of the cell; in a mixed load every second one does the others.
func (t turn) callers() []*caller {
	callers := make([]*caller, t.Callers)
	for i := range callers {
		callers[i] = &caller{do: t.read, timed: t.Others != NoOthers}
		if t.Others != NoOthers && i%2 == 1 {
			callers[i].do, callers[i].other = t.others, true
		}
	}
	return callers
}

func counted(callers []*caller) (at time.Time, reads, others int64) {
	for _, c := range callers {
		if c.other {
			others += c.done.Load()
		} else {
			reads += c.done.Load()
		}
	}
	return time.Now(), reads, others
}

// arrival is a statement of an open loop.
type arrival struct {
	at    time.Duration // from the beginning of the turn
	other bool
	n     uint64
}

// schedule draws arrivals at random, so many reads and others in a second.
func schedule(seed uint64, reads, others float64, length time.Duration) []arrival {
	var all []arrival
	for kind, rate := range []float64{reads, others} {
		rng := rand.New(rand.NewPCG(seed, uint64(kind)))
		for at := 0.0; rate > 0; {
			at += rng.ExpFloat64() / rate
			if at >= length.Seconds() {
				break
			}
			all = append(all, arrival{time.Duration(at * float64(time.Second)), kind == 1, rng.Uint64()})
		}
	}
	slices.SortFunc(all, func(a, b arrival) int { return int(a.at - b.at) })
	return all
}

// open begins statements by a schedule, whether others have ended or not. A latency
// counts from the moment in the schedule. late are those of the beginnings. What arrives
// in the first tenth is not counted.
func (t turn) open(ctx context.Context, arrivals []arrival) (o outcome, late []time.Duration, err error) {
	took := make([]time.Duration, len(arrivals))
	late = make([]time.Duration, len(arrivals))
	errs := make([]error, len(arrivals))
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer fineTimer()()
	var running sync.WaitGroup
	begun := time.Now()
	for i, a := range arrivals {
		planned := begun.Add(a.at)
		sleepUntil(planned)
		late[i] = time.Since(planned)
		do := t.read
		if a.other {
			do = t.others
		}
		running.Go(func() {
			errs[i] = do(ctx, a.n)
			took[i] = time.Since(planned)
		})
	}
	running.Wait()
	for i, a := range arrivals {
		switch {
		case a.at < t.pace.turn/10:
		case a.other:
			o.otherTimes = append(o.otherTimes, took[i])
		default:
			o.readTimes = append(o.readTimes, took[i])
		}
	}
	slices.Sort(o.readTimes)
	slices.Sort(o.otherTimes)
	slices.Sort(late)
	return o, late, errors.Join(errs...)
}
