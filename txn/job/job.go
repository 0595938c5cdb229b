// Package job runs a long job as many small transactions, which can be stopped and
// resumed at any point.
package job

import (
	"context"
	"errors"
	"fmt"

	"github.com/sqlkeel/sqlkeel/internal/unit"
	"github.com/sqlkeel/sqlkeel/pgerr"
	"github.com/sqlkeel/sqlkeel/txn"
)

// ErrNoProgress is returned by [Run] when Step or Skip returned the cursor that it was
// given, which would repeat for ever. Nothing of that chunk is committed.
var ErrNoProgress = errors.New("the cursor did not move")

// Job is a long job. Its position is a cursor of type C in the database. Each chunk
// loads the cursor, works and saves the new cursor in one transaction, so a crash at
// any point loses nothing and repeats nothing.
//
// The functions run inside [txn.Do] and obey its rules: a retry calls them again in a
// new transaction.
type Job[C comparable] struct {
	// Op is used for every transaction. It cannot be ReadOnly or Idempotent,
	// nor part of another transaction.
	Op txn.Op
	// Load reads the cursor. When it locks the cursor (SELECT ... FOR UPDATE), several
	// processes may run the same job: they take turns and share the work.
	Load func(context.Context, *txn.Tx) (C, error)
	// Step does the work of one chunk, from the cursor on, and returns where the next
	// chunk begins; done means that there is none. Unless it is done the cursor must
	// move, or the chunk fails with [ErrNoProgress]. Cursors are compared with ==.
	Step func(ctx context.Context, tx *txn.Tx, cursor C) (next C, done bool, err error)
	// Save stores the cursor. It is not called when the cursor did not move.
	Save func(ctx context.Context, tx *txn.Tx, cursor C) error
	// Skip decides about a chunk that failed, in a new transaction. It records the
	// failure and returns the cursor past the chunk, or returns an error to stop the
	// job. It is called only when the chunk may be at fault. It is not called after an
	// unknown commit, exhausted conflicts, a lost or read-only connection, the end of
	// ctx, or a failure to begin or to load. Default: the first failure stops the job.
	Skip func(ctx context.Context, tx *txn.Tx, cursor C, failure error) (next C, err error)
	// MaxChunks bounds how many chunks one call handles. Default: no bound.
	MaxChunks int
}

// Progress is what one call of [Run] did. All of it is committed.
type Progress[C comparable] struct {
	Chunks  int  // done
	Skipped int  // that Skip went past
	Done    bool // the job is finished
	// Cursor is where the next chunk begins, or where the chunk began that stopped the
	// job. Before the first one was loaded it is zero.
	Cursor C
}

// Run runs the job from its cursor until it is done, a chunk stops it, ctx ends or
// MaxChunks is reached (which is no error: Done is false). The Progress is valid with
// any error. To resume, call Run again, also after a [txn.CommitUnknownError]: the
// cursor then shows what was committed.
//
// Its error is a [txn.ConfigError] about the job, or what [txn.Do] returned; once the
// chunk's cursor was loaded its text names that.
func Run[C comparable](ctx context.Context, r *txn.Runner, job Job[C]) (Progress[C], error) {
	var p Progress[C]
	if err := job.validate(); err != nil {
		return p, err
	}
	for job.MaxChunks == 0 || p.Chunks+p.Skipped < job.MaxChunks {
		c := &chunk[C]{job: &job, runner: r, at: p.Cursor}
		done, err := c.work(ctx)
		if err == nil {
			p.Chunks++
			p.Done, p.Cursor = done, c.next
			if done {
				return p, nil
			}
			continue
		}
		p.Cursor = c.at
		if !c.atFault(ctx, err) {
			return p, c.stop(err)
		}
		skipped, skipErr := c.skip(ctx, err)
		if skipErr != nil {
			return p, c.stop(fmt.Errorf("%w (could not go past it: %w)", err, skipErr))
		}
		if skipped {
			p.Skipped++
			p.Cursor = c.next
		}
	}
	return p, nil
}

func (j *Job[C]) validate() error {
	switch {
	case j.Load == nil:
		return &txn.ConfigError{Package: "txn/job", Field: "Job.Load", Problem: "is nil"}
	case j.Step == nil:
		return &txn.ConfigError{Package: "txn/job", Field: "Job.Step", Problem: "is nil"}
	case j.Save == nil:
		return &txn.ConfigError{Package: "txn/job", Field: "Job.Save", Problem: "is nil"}
	case j.Op.ReadOnly:
		return &txn.ConfigError{Package: "txn/job", Field: "Job.Op.ReadOnly", Problem: "is set, but the cursor must be saved"}
	case j.Op.Commit == txn.Idempotent:
		return &txn.ConfigError{Package: "txn/job", Field: "Job.Op.Commit", Problem: "is Idempotent, but all chunks would have one key: the cursor tells what is done"}
	case j.Op.Propagation != txn.Reject:
		return &txn.ConfigError{Package: "txn/job", Field: "Job.Op.Propagation", Problem: "is set, but each chunk is its own transaction"}
	case j.MaxChunks < 0:
		return &txn.ConfigError{Package: "txn/job", Field: "Job.MaxChunks", Problem: "is negative"}
	}
	return nil
}

// chunk is one pass of a job.
type chunk[C comparable] struct {
	job    *Job[C]
	runner *txn.Runner
	at     C    // the cursor that it loaded
	next   C    // where it ends
	loaded bool // at is known, in the latest attempt
}

func (c *chunk[C]) work(ctx context.Context) (bool, error) {
	return txn.Do(ctx, c.runner, c.job.Op, func(ctx context.Context, tx *txn.Tx) (done bool, err error) {
		c.loaded = false
		at, err := c.job.Load(ctx, tx)
		if err != nil {
			return false, err
		}
		c.at, c.loaded = at, true
		c.next, done, err = c.job.Step(ctx, tx, at)
		switch {
		case err != nil:
			return false, err
		case c.next != at:
			return done, c.job.Save(ctx, tx, c.next)
		case !done:
			return false, ErrNoProgress
		}
		return done, nil
	})
}

// skip reports whether the job's Skip took the cursor past the chunk.
func (c *chunk[C]) skip(ctx context.Context, failure error) (bool, error) {
	return txn.Do(ctx, c.runner, c.job.Op, func(ctx context.Context, tx *txn.Tx) (bool, error) {
		now, err := c.job.Load(ctx, tx)
		if err != nil || now != c.at {
			return false, err // another run of the job has gone past it
		}
		c.next, err = c.job.Skip(ctx, tx, c.at, failure)
		if err != nil {
			return false, err
		}
		if c.next == c.at {
			return false, ErrNoProgress
		}
		return true, c.job.Save(ctx, tx, c.next)
	})
}

// atFault reports whether the chunk itself may have caused the failure, so that Skip
// decides.
func (c *chunk[C]) atFault(ctx context.Context, failure error) bool {
	var begin *unit.BeginError
	var config *txn.ConfigError
	var unknown *txn.CommitUnknownError
	var exhausted *txn.ExhaustedError
	if errors.As(failure, &exhausted) && exhausted.Interrupted != nil {
		return false // there was no time or no token for another attempt
	}
	if c.job.Skip == nil || !c.loaded || ctx.Err() != nil || errors.Is(failure, ErrNoProgress) ||
		errors.As(failure, &begin) || errors.As(failure, &config) || errors.As(failure, &unknown) {
		return false
	}
	switch pgerr.KindOf(failure) {
	case pgerr.Conflict, pgerr.StalePlan, pgerr.Disconnected, pgerr.Full, pgerr.Refused, pgerr.ReadOnly:
		return false
	}
	return true
}

func (c *chunk[C]) stop(err error) error {
	if !c.loaded {
		return err
	}
	return fmt.Errorf("job: %s: chunk at cursor %v: %w", c.job.Op.Name, c.at, err)
}
