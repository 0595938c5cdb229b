package pgtest

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
)

// fakeT is a test that may fail without failing the test it is part of.
type fakeT struct {
	testing.TB
	name string

	mu       sync.Mutex
	failed   bool     // guarded by mu
	messages []string // guarded by mu
	cleanups []func() // guarded by mu
}

func newFakeT(name string) *fakeT { return &fakeT{name: name} }

func (f *fakeT) Name() string { return f.name }
func (f *fakeT) Helper()      {}

func (f *fakeT) Failed() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.failed
}

func (f *fakeT) Logf(format string, args ...any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.messages = append(f.messages, fmt.Sprintf(format, args...))
}

func (f *fakeT) Errorf(format string, args ...any) {
	f.Logf(format, args...)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.failed = true
}

func (f *fakeT) Fatalf(format string, args ...any) {
	f.Errorf(format, args...)
	runtime.Goexit()
}

func (f *fakeT) Cleanup(fn func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.cleanups = append(f.cleanups, fn)
}

// run runs body as a test with its cleanups, and returns when it has ended.
func (f *fakeT) run(body func()) {
	step := func(fn func()) {
		done := make(chan struct{})
		go func() { defer close(done); fn() }()
		<-done
	}
	step(body)
	for {
		f.mu.Lock()
		n := len(f.cleanups)
		if n == 0 {
			f.mu.Unlock()
			return
		}
		last := f.cleanups[n-1]
		f.cleanups = f.cleanups[:n-1]
		f.mu.Unlock()
		step(last)
	}
}

// said returns an error unless a message has all the parts.
func (f *fakeT) said(parts ...string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	has := func(m string) bool {
		return !slices.ContainsFunc(parts, func(part string) bool { return !strings.Contains(m, part) })
	}
	if slices.ContainsFunc(f.messages, has) {
		return nil
	}
	return fmt.Errorf("no message has all of %q; there are %q", parts, f.messages)
}
