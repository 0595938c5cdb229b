// Package config is the one shape of errors about configurations, which the
// packages of this module have under the name ConfigError.
package config

import (
	"errors"
	"fmt"
)

// Error says which field of a configuration cannot be used. Several are joined.
type Error struct {
	// Package is the package whose configuration it is, such as "db".
	Package string
	// Field is the field, such as "MaxConns" or "Op.Name".
	Field string
	// Problem says what is wrong with it, and what would be right.
	Problem string
}

// Error names the field.
func (e *Error) Error() string { return e.Package + ": " + e.Field + " " + e.Problem }

// Problems collects the errors of one package's configuration.
type Problems struct {
	Package string
	list    []error
}

// Unless adds an error about field, unless ok.
func (p *Problems) Unless(ok bool, field, problem string, args ...any) {
	if !ok {
		p.list = append(p.list, &Error{Package: p.Package, Field: field, Problem: fmt.Sprintf(problem, args...)})
	}
}

// Add adds an error that was found elsewhere, unless it is nil.
func (p *Problems) Add(err error) {
	if err != nil {
		p.list = append(p.list, err)
	}
}

// None reports whether nothing is wrong so far.
func (p *Problems) None() bool { return len(p.list) == 0 }

// Err returns all errors, joined; nil for none.
func (p *Problems) Err() error { return errors.Join(p.list...) }
