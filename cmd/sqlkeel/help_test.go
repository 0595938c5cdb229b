package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// each calls fn with every command of the tool.
func each(cmd *cobra.Command, fn func(cmd *cobra.Command)) {
	fn(cmd)
	for _, sub := range cmd.Commands() {
		each(sub, fn)
	}
}

func TestTheHelpOfEachCommandEndsWithAnExampleOfIt(t *testing.T) {
	t.Parallel()
	each(newRoot(), func(cmd *cobra.Command) {
		var out bytes.Buffer
		cmd.SetOut(&out)
		if err := cmd.Help(); err != nil {
			t.Error(err)
		}
		_, example, found := strings.Cut(out.String(), "\nExample:\n  ")
		if !found || !strings.Contains(example, cmd.CommandPath()) || strings.Contains(example, "\n\n") {
			t.Errorf("the help of %s does not end with an example of it:\n%s", cmd.CommandPath(), out.String())
		}
	})
}

// An example that the tool would refuse is worse than none.
func TestTheToolTakesEveryExample(t *testing.T) {
	t.Parallel()
	each(newRoot(), func(cmd *cobra.Command) {
		for _, line := range strings.Split(cmd.Example, "\n") {
			call, _, _ := strings.Cut(line, " | ")
			_, words, found := strings.Cut(call, "sqlkeel ")
			if !found {
				t.Errorf("%s: %q does not call sqlkeel", cmd.CommandPath(), line)
				continue
			}
			called, args, err := newRoot().Find(strings.Fields(words))
			if err == nil {
				err = called.ParseFlags(args)
			}
			if err == nil {
				err = called.ValidateArgs(called.Flags().Args())
			}
			if err != nil || !called.Runnable() {
				t.Errorf("%s: %q: %v", cmd.CommandPath(), line, err)
			}
		}
	})
}

func TestNoExampleIsForACommandThatDoesNotExist(t *testing.T) {
	t.Parallel()
	n := 0
	each(newRoot(), func(*cobra.Command) { n++ })
	if len(examples) != n {
		t.Errorf("%d commands have an example, and there are %d", len(examples), n)
	}
}

// A terminal has 80 columns.
func TestTheTextOfAHelpIsNotWiderThanATerminal(t *testing.T) {
	t.Parallel()
	each(newRoot(), func(cmd *cobra.Command) {
		for _, line := range strings.Split(cmd.Long+"\n"+cmd.Example, "\n") {
			if len(line) > 80 {
				t.Errorf("%s: %d columns: %s", cmd.CommandPath(), len(line), line)
			}
		}
	})
}
