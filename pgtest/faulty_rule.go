package pgtest

import (
	"context"
	"fmt"
	"io"
	"slices"
	"sync"
)

var errCut = fmt.Errorf("receive message: %w", io.ErrUnexpectedEOF)

// ruleSet holds the rules of a [Faulty] and counts calls.
type ruleSet struct {
	mu     sync.Mutex // guards what follows, and the counts in the rules
	rules  []*rule
	counts map[string]int
}

// rule either holds a call (released is not nil) or fails it.
type rule struct {
	name string
	err  error

	counted bool // applies to one call only, the nth from now
	nth     int

	once     sync.Once
	arrived  chan struct{} // one slot: a second call that waits need not be heard
	released chan struct{}
}

func (s *ruleSet) add(r *rule) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rules = append(s.rules, r)
}

func (s *ruleSet) reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.rules {
		r.release()
	}
	s.rules = nil
}

func (s *ruleSet) calls(name string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.counts[name]
}

// match counts a call of the named statements, and returns the rules for it.
func (s *ruleSet) match(names []string) []*rule {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.counts == nil {
		s.counts = map[string]int{}
	}
	for _, name := range names {
		s.counts[name]++
	}
	s.counts[AnyStatement] += len(names)
	var matched []*rule
	for _, r := range s.rules {
		if (r.name == AnyStatement || slices.Contains(names, r.name)) && r.due() {
			matched = append(matched, r)
		}
	}
	return matched
}

// due counts a call and reports whether the rule applies to it; the set's lock
// is held.
func (r *rule) due() bool {
	if !r.counted {
		return true
	}
	r.nth--
	return r.nth == 0
}

func (r *rule) apply(ctx context.Context) error {
	if r.released == nil {
		return r.err
	}
	select {
	case r.arrived <- struct{}{}:
	default:
	}
	select {
	case <-r.released:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (r *rule) release() {
	if r.released != nil {
		r.once.Do(func() { close(r.released) })
	}
}
