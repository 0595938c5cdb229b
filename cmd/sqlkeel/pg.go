package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"time"

	"github.com/spf13/cobra"

	"github.com/sqlkeel/sqlkeel/internal/pgserver"
)

func newPG() *cobra.Command {
	pg := &cobra.Command{
		Use:   "pg",
		Short: "Run PostgreSQL servers for tests",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return errors.New("pg needs a subcommand: pg run -- CMD [ARG...]")
		},
	}
	pg.AddCommand(newPGRun())
	return pg
}

func newPGRun() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "run -- CMD [ARG...]",
		Short: "Run a command with one PostgreSQL server for all it starts",
		Long: `Run a command with one PostgreSQL server for all it starts.

The server is the one that TEST_DATABASE_URL or DATABASE_URL names; else one is
started from local binaries, in Docker, or from a download, and removed with its
data when the command has ended. SQLKEEL_PG_PROVIDER (dsn, local, docker or
download) forces one of these.

The command finds the server's URL in TEST_DATABASE_URL, and in DATABASE_URL too
where that is not set, because programs read it. A value that is set stays.
Signals are passed on to the command, and its exit code is returned.`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return errors.New("pg run needs a command to run: pg run -- CMD [ARG...]")
			}
			return nil
		},
		RunE: runWithServer,
	}
	cmd.Flags().SetInterspersed(false) // what follows CMD belongs to it
	return cmd
}

// stopTimeout bounds the end of a server when its command has ended.
const stopTimeout = 30 * time.Second

func runWithServer(cmd *cobra.Command, args []string) (err error) {
	ctx := cmd.Context()
	// Before a server is started in vain.
	path, err := exec.LookPath(args[0])
	if err != nil {
		return fmt.Errorf("pg run: %w", err)
	}
	server, err := pgserver.Start(ctx, pgserver.Config{
		Report: func(line string) { fmt.Fprintln(cmd.ErrOrStderr(), "sqlkeel:", line) },
	})
	if err != nil {
		return fmt.Errorf("pg run: %w", err)
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
		defer cancel()
		if stopErr := server.Stop(ctx); stopErr != nil {
			err = errors.Join(err, fmt.Errorf("pg run: stop the server: %w", stopErr))
		}
	}()
	// Not exec.CommandContext: a signal goes to the command, and so does the
	// decision when to end.
	child := exec.Command(path, args[1:]...)
	child.Args[0] = args[0]
	child.Stdin, child.Stdout, child.Stderr = cmd.InOrStdin(), cmd.OutOrStdout(), cmd.ErrOrStderr()
	child.Env = withServer(os.Environ(), os.Getenv("DATABASE_URL"), server.DSN())
	return runChild(ctx, child, hasTerminal())
}

// withServer returns the environment of a command that shall use the server.
func withServer(env []string, databaseURL, dsn string) []string {
	env = append(env[:len(env):len(env)], "TEST_DATABASE_URL="+dsn)
	if databaseURL == "" {
		env = append(env, "DATABASE_URL="+dsn)
	}
	return env
}
