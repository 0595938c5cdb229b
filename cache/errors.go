package cache

import (
	"errors"
	"fmt"
)

// ErrLoadTimeout is matched by errors of [View.Get] when the load failed after
// [Config.LoadTimeout] had run out, or had not got its turn by then. Such an
// error matches the loader's own error too.
var ErrLoadTimeout = errors.New("load timed out")

// ConfigError says which setting of a [Cache] or of a [View] cannot be used.
// [New] and [NewView] return one for each bad setting, joined.
type ConfigError struct {
	// View is the name of the view, or empty when the setting is the cache's.
	View string
	// Field is the field of [Config], the parameter of [NewView], or, within
	// the arguments type, "args" and the path of the field: "args.Since".
	Field string
	// Reason says what is wrong with it, and what would be right.
	Reason string
}

// Error names the field.
func (e *ConfigError) Error() string {
	if e.View == "" {
		return fmt.Sprintf("cache: %s %s", e.Field, e.Reason)
	}
	return fmt.Sprintf("cache: view %q: %s %s", e.View, e.Field, e.Reason)
}

// checkThat returns an error about the field unless ok.
func checkThat(ok bool, field, format string, args ...any) *ConfigError {
	if ok {
		return nil
	}
	return &ConfigError{Field: field, Reason: fmt.Sprintf(format, args...)}
}

// problems collects what is wrong with a cache or a view.
type problems []*ConfigError

func (p *problems) add(found ...*ConfigError) {
	for _, err := range found {
		if err != nil {
			*p = append(*p, err)
		}
	}
}

// in joins the problems as errors of the named view.
func (p problems) in(view string) error {
	joined := make([]error, len(p))
	for i, err := range p {
		err.View = view
		joined[i] = err
	}
	return errors.Join(joined...)
}

// PanicError is what [View.Get] returns to every waiter when the loader
// panicked or ended its goroutine.
type PanicError struct {
	// View is the name of the view.
	View string
	// Value is what was given to panic, and nil after runtime.Goexit.
	Value any
	// Goexit reports that the loader called runtime.Goexit, as the FailNow of a
	// test does, instead of panicking.
	Goexit bool
	// Stack is the stack of the loader when that happened.
	Stack []byte
}

// Error holds the value and the stack.
func (e *PanicError) Error() string {
	if e.Goexit {
		return fmt.Sprintf("cache: view %q: the loader called runtime.Goexit\n\n%s", e.View, e.Stack)
	}
	return fmt.Sprintf("cache: view %q: the loader panicked: %v\n\n%s", e.View, e.Value, e.Stack)
}

// Unwrap returns the value given to panic when that is an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}
