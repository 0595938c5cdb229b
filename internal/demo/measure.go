package demo

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"
)

// figures are the outcome of a load: how many requests, how they went and how
// long they took.
type figures struct {
	callers, each int // how many asked at once, and how often
	ok, failed    int
	took          time.Duration // from the first request to the last answer
	latencies     []time.Duration
	firstErr      error
}

// load runs request each times in each of callers goroutines, and stops early
// when ctx ends.
func load(ctx context.Context, callers, each int, request func(ctx context.Context, caller, i int) error) figures {
	var mu sync.Mutex
	var wg sync.WaitGroup
	f := figures{callers: callers, each: each}
	start := time.Now()
	for caller := range callers {
		wg.Go(func() {
			for i := range each {
				if ctx.Err() != nil {
					return
				}
				begin := time.Now()
				err := request(ctx, caller, i)
				took := time.Since(begin)
				mu.Lock()
				f.add(took, err)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	f.took = time.Since(start)
	return f
}

func (f *figures) add(took time.Duration, err error) {
	if err == nil {
		f.ok++
		f.latencies = append(f.latencies, took)
		return
	}
	f.failed++
	if f.firstErr == nil {
		f.firstErr = err
	}
}

// average returns the mean latency of the requests that succeeded.
func (f *figures) average() time.Duration {
	if len(f.latencies) == 0 {
		return 0
	}
	var sum time.Duration
	for _, l := range f.latencies {
		sum += l
	}
	return sum / time.Duration(len(f.latencies))
}

// percentile returns the latency that p of 100 successful requests kept to, by
// the nearest rank.
func (f *figures) percentile(p int) time.Duration {
	if len(f.latencies) == 0 {
		return 0
	}
	slices.Sort(f.latencies)
	rank := (len(f.latencies)*p + 99) / 100
	return f.latencies[max(rank, 1)-1]
}

// perSecond returns how many requests succeeded per second.
func (f *figures) perSecond() float64 {
	if f.took <= 0 {
		return 0
	}
	return float64(f.ok) / f.took.Seconds()
}

// figuresHeading is the first row of a table of figures.
func figuresHeading(what string) []string {
	return []string{what, "CALLERS", "EACH", "OK", "FAILED", "PER SECOND", "AVERAGE", "P99"}
}

// row is all of it under figuresHeading.
func (f *figures) row(name string) []string {
	return []string{
		name, strconv.Itoa(f.callers), strconv.Itoa(f.each), strconv.Itoa(f.ok), strconv.Itoa(f.failed),
		fmt.Sprintf("%.0f", f.perSecond()), brief(f.average()).String(), brief(f.percentile(99)).String(),
	}
}

// brief rounds d to what a reader takes in.
func brief(d time.Duration) time.Duration {
	switch {
	case d >= time.Second:
		return d.Round(10 * time.Millisecond)
	case d >= 10*time.Millisecond:
		return d.Round(100 * time.Microsecond)
	default:
		return d.Round(time.Microsecond)
	}
}
