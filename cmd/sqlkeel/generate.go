package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen"
)

// genFlags are what generate, check and inspect have in common.
type genFlags struct {
	config string
	dsn    string
}

func (f *genFlags) register(cmd *cobra.Command) {
	cmd.Args = cobra.NoArgs
	cmd.PreRunE = func(*cobra.Command, []string) error {
		if f.dsn == "" {
			return nil
		}
		return checkDSN("--dsn", f.dsn)
	}
	flags := cmd.Flags()
	flags.StringVar(&f.config, "config", "", "sqlc's configuration, or its folder (default sqlc.yaml)")
	dsnVar(flags, &f.dsn, "server to make scratch databases on", "$TEST_DATABASE_URL or $DATABASE_URL, else found or started")
}

func (f *genFlags) options(cmd *cobra.Command) gen.Options {
	return gen.Options{Config: f.config, DSN: f.dsn, Report: func(line string) { fmt.Fprintln(cmd.ErrOrStderr(), "sqlkeel:", line) }}
}

// aboutServer is the part of the commands' help on where PostgreSQL comes from.
const aboutServer = `

PostgreSQL says what the statements do: the schema is applied to a scratch
database, which is dropped at the end. The server is the one that --dsn names,
else TEST_DATABASE_URL or DATABASE_URL; else one is started and removed. The
role must be allowed to create databases. The server's other databases are not
touched.`

func newGenerate() *cobra.Command {
	f := &genFlags{}
	cmd := &cobra.Command{
		Use:   "generate",
		Short: "Write Go code that says what each sqlc statement does",
		Long: `Write Go code that says what each statement of a sqlc project does. It runs
after sqlc generate, on the packages of sqlc's configuration for pgx/v5.

Beside sqlc's files each package gets statements_gen.go (what the statements
read and write, their optional parts, sorts, pages and shared rows) and
constraints_gen.go (a name for each constraint). Generated files that are no
longer needed are removed. A file from elsewhere is not overwritten.

All problems are listed on standard error as file:line:col: statement: message.
Nothing is written then, and the exit code is 1.` + aboutServer,
		RunE: func(cmd *cobra.Command, _ []string) error {
			notes, err := gen.Generate(cmd.Context(), f.options(cmd))
			printNotes(cmd.ErrOrStderr(), notes)
			return told(cmd.ErrOrStderr(), err, "generate: nothing was written")
		},
	}
	f.register(cmd)
	return cmd
}

func newCheck() *cobra.Command {
	f := &genFlags{}
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Fail when generate would change a file",
		Long: `Do what generate does and write nothing. The exit code is 1 when a file is
missing, is not what generate would write, or is one that nothing generates any
more; each is listed on standard error, and so is every problem of the project.` + aboutServer,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := gen.Check(cmd.Context(), f.options(cmd))
			return told(cmd.ErrOrStderr(), err, "check: the generated code is not up to date")
		},
	}
	f.register(cmd)
	return cmd
}

// told prints problems, one a line, and returns what remains to be said.
func told(errs io.Writer, err error, outcome string) error {
	var problems gen.Problems
	if !errors.As(err, &problems) {
		return err
	}
	for _, p := range problems {
		fmt.Fprintln(errs, p)
	}
	return errors.New(outcome + ", for " + count(len(problems), "problem"))
}

func printNotes(errs io.Writer, notes gen.Problems) {
	for _, note := range notes {
		fmt.Fprintln(errs, "note:", note)
	}
}

// count returns a number with its noun.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
