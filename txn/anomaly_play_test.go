package txn_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/txn"
)

// A play is a set of transactions over tables of its own, to be performed in
// many orders of their steps. The roles are called A, B, C and so on, and an
// order is written as the letters of those whose turn it is: ABAB.
type play struct {
	name     string
	schema   string            // makes the tables
	fill     string            // brings them from anywhere to where the play begins
	vacuum   string            // is done after fill, when given
	state    string            // reads what the play leaves behind
	settings map[string]string // of the sessions
	roles    []role
	// torn is an order in which a level that is too weak shows an anomaly.
	torn string
}

// A role is one transaction: its steps, then its end.
type role struct {
	steps                []step
	readOnly, deferrable bool
	undo                 bool // the end is ROLLBACK
	part                 bool // the steps are inside of a savepoint
	deaf                 bool // the error of the savepoint is not returned
}

// turns is how many letters of an order a role takes.
func (r *role) turns() int { return len(r.steps) + 1 }

// mayWait reports whether the role can wait for others in a turn. Reading does not
// wait, unless it is for a snapshot, and neither do ROLLBACK and COMMIT.
func (r *role) mayWait(turn int) bool {
	return turn < len(r.steps) && (r.deferrable || !strings.HasPrefix(r.steps[turn].sql, "SELECT"))
}

// A step is a statement. Its arguments are values that earlier steps kept.
type step struct {
	sql  string
	name string // under which the first value is kept
	args []string
}

func say(sql string, args ...string) step { return step{sql: sql, args: args} }

func keep(name, sql string, args ...string) step { return step{sql: sql, name: name, args: args} }

// autocommit stands, among the isolation levels, for no transaction at all:
// each step is committed by itself.
const autocommit pgx.TxIsoLevel = "autocommit"

// errUndo ends a role that is rolled back.
var errUndo = errors.New("rolled back as planned")

// op is how the role runs at a level.
func (r *role) op(level pgx.TxIsoLevel, attempts int) txn.Op {
	if level == autocommit {
		level = pgx.ReadCommitted
	}
	var settings map[string]string
	if r.deferrable && level == pgx.Serializable {
		settings = map[string]string{"transaction_deferrable": "on"}
	}
	// A key of its own: the order is the script's, and no role is to wait at a gate for
	// one whose turn comes later.
	return txn.Op{Name: "role", Iso: level, Settings: settings, ReadOnly: r.readOnly, MaxAttempts: attempts, ConflictKey: rand.Text()}
}

// perform does the steps and returns what each of them saw. It asks for its
// turn before each step and before the end.
func (r *role) perform(ctx context.Context, tx *txn.Tx, turn func(context.Context, int) error) ([]string, error) {
	var saw []string
	kept := map[string]any{}
	steps := func(ctx context.Context) error {
		for i, s := range r.steps {
			if err := turn(ctx, i); err != nil {
				return err
			}
			line, err := s.do(ctx, tx, kept)
			if err != nil {
				return err
			}
			saw = append(saw, line)
		}
		return nil
	}
	if err := r.inPart(ctx, tx, steps); err != nil {
		return nil, err
	}
	if err := turn(ctx, len(r.steps)); err != nil {
		return nil, err
	}
	if r.undo {
		return nil, errUndo
	}
	return saw, nil
}

func (r *role) inPart(ctx context.Context, tx *txn.Tx, steps func(context.Context) error) error {
	if !r.part {
		return steps(ctx)
	}
	a, acted := ctx.Value(actorKey{}).(*actor)
	err := tx.Savepoint(ctx, func(ctx context.Context) error {
		if acted {
			a.parts++
		}
		return steps(ctx)
	})
	if acted && refused(err) {
		a.torn++
	}
	if r.deaf && ctx.Err() == nil {
		return nil
	}
	return err
}

// do runs the statement and returns its rows, or what it says it did.
func (s *step) do(ctx context.Context, tx *txn.Tx, kept map[string]any) (string, error) {
	args := make([]any, len(s.args))
	for i, name := range s.args {
		args[i] = kept[name]
	}
	rows, err := tx.Query(ctx, s.sql, args...)
	if err != nil {
		return "", err
	}
	lines, first, err := read(rows)
	if err != nil {
		return "", err
	}
	if s.name != "" {
		kept[s.name] = first
	}
	if tag := rows.CommandTag(); !tag.Select() {
		return tag.String(), nil
	}
	return lines, nil
}

// read returns the rows as a line, and the first value of the first.
func read(rows pgx.Rows) (line string, first any, err error) {
	defer rows.Close()
	var lines []string
	for rows.Next() {
		values, err := rows.Values()
		if err != nil {
			return "", nil, err
		}
		if len(lines) == 0 {
			first = values[0]
		}
		lines = append(lines, strings.Trim(fmt.Sprintf("%v", values), "[]"))
	}
	return strings.Join(lines, ", "), first, rows.Err()
}
