package cache

import (
	"errors"
	"fmt"

	"github.com/sqlkeel/sqlkeel/internal/config"
)

// ErrLoadTimeout is matched by errors of [View.Get] when the load failed after
// [Config.LoadTimeout] had run out, or had not got its turn by then. Such an
// error matches the loader's own error too.
var ErrLoadTimeout = errors.New("load timed out")

// ErrLoadPanic is matched by what [View.Get] returns to every waiter when the
// loader panicked or ended its goroutine. The error's text has the value and the
// loader's stack; it matches the value too when that is an error.
var ErrLoadPanic = errors.New("the loader panicked")

// ConfigError says which field of a [Config] or [ViewConfig] cannot be used. [New]
// and [NewView] return one for each bad field, joined. Of the arguments' type the
// field is "args" and the path, such as "args.Since".
type ConfigError = config.Error

// panicError is a loader that did not return.
type panicError struct {
	view   string
	value  any  // what was given to panic
	goexit bool // runtime.Goexit, as the FailNow of a test does, in place of a panic
	stack  []byte
}

// Error holds the value and the stack.
func (e *panicError) Error() string {
	if e.goexit {
		return fmt.Sprintf("cache: view %q: the loader called runtime.Goexit\n\n%s", e.view, e.stack)
	}
	return fmt.Sprintf("cache: view %q: the loader panicked: %v\n\n%s", e.view, e.value, e.stack)
}

// Unwrap returns ErrLoadPanic, and the value when that is an error.
func (e *panicError) Unwrap() []error {
	if err, ok := e.value.(error); ok {
		return []error{ErrLoadPanic, err}
	}
	return []error{ErrLoadPanic}
}
