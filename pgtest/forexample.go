package pgtest

import (
	"fmt"
	"testing"
)

// ForExample gives an Example function, which has no testing.T, what it needs
// to use this package:
//
//	func ExampleRepo_Find() {
//		t, done := pgtest.ForExample()
//		defer done()
//		pool := pgtest.New(t, pgtest.WithMigrations(migrations.FS)).Pool()
//		...
//		// Output: ...
//	}
//
// done does what the end of a test does. What would fail a test is printed, so
// that the output is not the expected one; what would end it panics.
func ForExample() (t testing.TB, done func()) {
	e := &exampleTB{}
	return e, e.done
}

// exampleTB is the part of testing.TB that this package uses.
type exampleTB struct {
	testing.TB
	cleanups []func()
	failed   bool
}

// Helper does nothing.
func (*exampleTB) Helper() {}

// Name is the same for every example.
func (*exampleTB) Name() string { return "example" }

// Failed reports whether Errorf was called.
func (e *exampleTB) Failed() bool { return e.failed }

// Logf prints.
func (*exampleTB) Logf(format string, args ...any) { fmt.Printf(format+"\n", args...) }

// Errorf prints and notes the failure.
func (e *exampleTB) Errorf(format string, args ...any) {
	e.failed = true
	fmt.Printf(format+"\n", args...)
}

// Fatalf panics.
func (*exampleTB) Fatalf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }

// Cleanup keeps f for done.
func (e *exampleTB) Cleanup(f func()) { e.cleanups = append(e.cleanups, f) }

func (e *exampleTB) done() {
	for i := len(e.cleanups) - 1; i >= 0; i-- {
		e.cleanups[i]()
	}
}
