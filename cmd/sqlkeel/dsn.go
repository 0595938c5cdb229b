package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/sqlkeel/sqlkeel/internal/dsn"
)

// stringFlags are flags to which one with a text can be added.
type stringFlags interface {
	StringVar(p *string, name, value, usage string)
}

// dsnVar adds the flag that names a server or a database. It is the same in all
// commands; what it is for and what applies without it differ.
func dsnVar(flags stringFlags, dsn *string, what, without string) {
	flags.StringVar(dsn, "dsn", "", what+", as a URL or key=value (default "+without+")")
}

// checkDSN returns an error that names the place of a DSN when it is malformed, and
// repeats no part of it.
func checkDSN(place, text string) error {
	if _, err := dsn.Parse(text); err != nil {
		return fmt.Errorf("%s %w", place, err)
	}
	return nil
}

// flagError is err, of flags that were not understood, unless it quotes what may be a
// part of a DSN.
func flagError(err error) error {
	if text := err.Error(); strings.Contains(text, "://") || strings.Contains(text, "password") {
		return errors.New("a flag was not understood: give a DSN by --dsn only, and in quotes")
	}
	return err
}

// withoutDSN takes arguments that may hold a password out of an error's text, which
// quotes an argument in a place where none is expected.
func withoutDSN(text string, args []string) string {
	for _, arg := range args {
		if strings.Contains(arg, "://") || strings.Contains(arg, "password=") {
			text = strings.ReplaceAll(text, arg, "...")
			text = strings.ReplaceAll(text, strings.Trim(strconv.Quote(arg), `"`), "...")
		}
	}
	return text
}
