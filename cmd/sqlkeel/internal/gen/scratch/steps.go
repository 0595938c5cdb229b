package scratch

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/sqlkeel/sqlkeel/internal/schemafile"
)

// script runs a file in one piece. When that fails it runs statement by statement,
// for the place of the mistake and to go on behind what does no harm: in one
// transaction, as its tool does, where that is possible. A file with transactions
// of its own runs by statement at once.
func (a *applier) script(ctx context.Context, s *script) error {
	steps := s.steps(a.opts.Owned)
	if a.prepare(s, steps) {
		return a.run(ctx, s, steps)
	}
	err := a.exec(ctx, s.whole(steps))
	if err == nil || serverError(err) == nil {
		return err
	}
	if outside(err) {
		return a.run(ctx, s, steps)
	}
	problems, alike := slices.Clone(a.d.Problems), maps.Clone(a.alike)
	err = a.transaction(ctx, s, steps, false)
	if err == nil || !outside(err) {
		return err
	}
	a.d.Problems, a.alike = problems, alike
	if err := a.exec(ctx, "ROLLBACK"); err != nil {
		return err
	}
	return a.run(ctx, s, steps)
}

// prepare looks at the statements before any is run. It reports whether the file
// must run by statement, without a transaction around it.
func (a *applier) prepare(s *script, steps []step) (alone bool) {
	for i := range steps {
		k := &steps[i].kind
		alone = alone || k.control
		if k.node.GetAlterDatabaseSetStmt() != nil {
			steps[i].SQL = schemafile.Retarget(steps[i].SQL, a.d.Name)
			alone = true
		}
		if role := k.node.GetCreateRoleStmt(); role != nil && role.Role == a.opts.Role {
			a.roleAt = s.problem(steps[i].Start, "").Pos
		}
		if k.skip != "" && !k.quiet {
			a.warn(s.problem(steps[i].Start, k.skip))
		}
	}
	return alone
}

// outside reports that a statement must not be in a transaction with what is before
// it.
func outside(err error) bool {
	e := serverError(err)
	// active_sql_transaction, unsafe_new_enum_value_usage, invalid_transaction_termination
	return e != nil && (e.Code == "25001" || e.Code == "55P04" || e.Code == "2D000")
}

// transaction runs statements in one. The error is the server's when it is one of
// outside; the transaction is then still open.
func (a *applier) transaction(ctx context.Context, s *script, steps []step, withoutData bool) error {
	problems, alike := slices.Clone(a.d.Problems), maps.Clone(a.alike)
	if err := a.exec(ctx, "BEGIN"); err != nil {
		return err
	}
	for _, st := range steps {
		if withoutData && st.kind.data {
			continue
		}
		if err := a.tryStep(ctx, s, st, true); err != nil {
			return err
		}
	}
	err := a.exec(ctx, "COMMIT")
	if !violates(err) || withoutData {
		return err
	}
	a.d.Problems, a.alike = problems, alike
	a.warn(s.problem(steps[len(steps)-1].Start, leftOut(serverError(err).Message)))
	return a.transaction(ctx, s, steps, true)
}

// violates reports that a constraint which was deferred refused a COMMIT: rows are
// at fault, and what the transaction made is gone with them.
func violates(err error) bool {
	e := serverError(err)
	return e != nil && strings.HasPrefix(e.Code, "23")
}

// run runs statements one by one.
func (a *applier) run(ctx context.Context, s *script, steps []step) error {
	begun := 0 // behind the last BEGIN
	for i, st := range steps {
		if st.kind.begins() {
			begun = i + 1
		}
		if st.kind.control && st.kind.skip == "" && begun <= i {
			err := a.exec(ctx, st.SQL)
			if violates(err) {
				a.warn(s.problem(st.Start, leftOut(serverError(err).Message)))
				err = a.transaction(ctx, s, steps[begun:i], true)
			} else if e := serverError(err); e != nil {
				err = a.stepFailed(ctx, s, st, e)
			}
			if err != nil {
				return err
			}
			continue
		}
		if err := a.tryStep(ctx, s, st, false); err != nil {
			return err
		}
	}
	return nil
}

// tryStep runs one statement. In a transaction it gets a savepoint, so that its
// failure costs nothing but itself. In a transaction that is not the file's own an
// error of outside is returned as it is.
func (a *applier) tryStep(ctx context.Context, s *script, st step, inOurs bool) error {
	if st.kind.skip != "" {
		return nil
	}
	run := a.guarded
	if st.kind.control {
		run = a.exec
	}
	err := run(ctx, st.SQL)
	if err != nil && a.addRoles(ctx, st, err) {
		err = run(ctx, st.SQL)
	}
	if err == nil || serverError(err) == nil || inOurs && outside(err) {
		return err
	}
	return a.stepFailed(ctx, s, st, serverError(err))
}

func (a *applier) guarded(ctx context.Context, sql string) error {
	if a.conn.PgConn().TxStatus() != 'T' {
		return a.exec(ctx, sql)
	}
	if err := a.exec(ctx, "SAVEPOINT sqlkeel"); err != nil {
		return err
	}
	if err := a.exec(ctx, sql); err != nil {
		if serverError(err) == nil {
			return err
		}
		return errors.Join(err, a.exec(ctx, "ROLLBACK TO SAVEPOINT sqlkeel; RELEASE SAVEPOINT sqlkeel"))
	}
	return a.exec(ctx, "RELEASE SAVEPOINT sqlkeel")
}
