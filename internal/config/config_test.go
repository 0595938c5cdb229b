package config_test

import (
	"errors"
	"testing"

	"github.com/sqlkeel/sqlkeel/internal/config"
)

func TestEveryFieldThatCannotBeUsedIsNamed(t *testing.T) {
	t.Parallel()
	p := config.Problems{Package: "db"}
	p.Unless(true, "MinConns", "is negative")
	p.Add(nil)
	if err := p.Err(); err != nil || !p.None() {
		t.Errorf("nothing is wrong, and the error is %v", err)
	}
	p.Unless(false, "MaxConns", "must be above %d", 0)
	p.Add(errors.New("db: DSN: it is empty"))
	if got, want := p.Err().Error(), "db: MaxConns must be above 0\ndb: DSN: it is empty"; got != want || p.None() {
		t.Errorf("%q, want %q", got, want)
	}
	var e *config.Error
	if !errors.As(p.Err(), &e) || e.Field != "MaxConns" {
		t.Errorf("the field is not found in %v", p.Err())
	}
}
