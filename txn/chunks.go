package txn

import (
	"context"
	"errors"
	"fmt"

	"github.com/sqlkeel/sqlkeel/pgerr"
)

// Job is a long job, done as many small transactions. Where it stands is a
// cursor of type C that the caller stores in the database: each chunk loads the
// cursor, works and saves the new cursor in one transaction, so that a crash at
// any point loses nothing and repeats nothing.
//
// The functions run inside [Do] and obey its rules: they may be called again in
// a new transaction.
type Job[C comparable] struct {
	// Op is used for every transaction. It cannot be ReadOnly or Idempotent,
	// nor part of another.
	Op Op
	// Load reads the cursor. When it locks it (SELECT ... FOR UPDATE), several
	// processes may run the same job: they take turns and share the work.
	Load func(context.Context, *Tx) (C, error)
	// Step does the work of one chunk, beginning at the cursor, and returns where
	// the next begins; done means there is no next. Unless it is done the cursor
	// must move, or the chunk fails with [ErrNoProgress]. Cursors are compared
	// with ==.
	Step func(ctx context.Context, tx *Tx, cursor C) (next C, done bool, err error)
	// Save stores the cursor. It is not called when the cursor did not move.
	Save func(ctx context.Context, tx *Tx, cursor C) error
	// Skip decides about a chunk that failed, in a transaction of its own after
	// the chunk's was rolled back: it records the failure and returns the cursor
	// past the chunk, or returns an error to stop the job. It is asked only when
	// the chunk may be at fault, not after an unknown commit, exhausted
	// conflicts, a lost or read-only connection, the end of ctx, or a failure to
	// begin or to load. Default: the first failure stops the job.
	Skip func(ctx context.Context, tx *Tx, cursor C, failure error) (next C, err error)
	// MaxChunks bounds how many chunks one call handles. Default: no bound.
	MaxChunks int
}

// Progress is what one call of [Chunks] did. All of it is committed.
type Progress struct {
	Chunks  int  // done
	Skipped int  // gone past by Skip
	Done    bool // the job is finished
}

// Chunks runs the job from where its cursor stands until it is done, a chunk
// stops it, ctx ends or MaxChunks is reached (which is no error: Done is false).
// The Progress is valid with any error. To resume, call it again: also after a
// [CommitUnknownError], since the cursor then tells what was committed.
//
// Its errors are an [InvalidError], a [ChunkError] once a chunk's cursor was
// loaded, or else what [Do] returned.
func Chunks[C comparable](ctx context.Context, r *Runner, job Job[C]) (Progress, error) {
	var p Progress
	if err := job.validate(); err != nil {
		return p, err
	}
	for job.MaxChunks == 0 || p.Chunks+p.Skipped < job.MaxChunks {
		c := &chunk[C]{job: &job, runner: r}
		done, err := c.work(ctx)
		if err == nil {
			p.Chunks++
			if p.Done = done; done {
				return p, nil
			}
			continue
		}
		if !c.atFault(ctx, err) {
			return p, c.stop(err)
		}
		skipped, skipErr := c.skip(ctx, err)
		if skipErr != nil {
			return p, c.stop(fmt.Errorf("%w (could not go past it: %w)", err, skipErr))
		}
		if skipped {
			p.Skipped++
		}
	}
	return p, nil
}

func (j *Job[C]) validate() error {
	switch {
	case j.Load == nil:
		return &InvalidError{Field: "Job.Load", Problem: "is nil"}
	case j.Step == nil:
		return &InvalidError{Field: "Job.Step", Problem: "is nil"}
	case j.Save == nil:
		return &InvalidError{Field: "Job.Save", Problem: "is nil"}
	case j.Op.ReadOnly:
		return &InvalidError{Field: "Job.Op.ReadOnly", Problem: "is set, but the cursor must be saved"}
	case j.Op.Commit == Idempotent:
		return &InvalidError{Field: "Job.Op.Commit", Problem: "is Idempotent, but all chunks would have one key: the cursor tells what is done"}
	case j.Op.Nest != Reject:
		return &InvalidError{Field: "Job.Op.Nest", Problem: "is set, but a chunk is a transaction of its own"}
	case j.MaxChunks < 0:
		return &InvalidError{Field: "Job.MaxChunks", Problem: "is negative"}
	}
	return nil
}

// chunk is one pass of a job.
type chunk[C comparable] struct {
	job    *Job[C]
	runner *Runner
	from   C
	loaded bool // from is known, in the latest attempt
}

func (c *chunk[C]) work(ctx context.Context) (bool, error) {
	return Do(ctx, c.runner, c.job.Op, func(ctx context.Context, tx *Tx) (bool, error) {
		var err error
		c.loaded = false
		if c.from, err = c.job.Load(ctx, tx); err != nil {
			return false, err
		}
		c.loaded = true
		next, done, err := c.job.Step(ctx, tx, c.from)
		switch {
		case err != nil:
			return false, err
		case next != c.from:
			return done, c.job.Save(ctx, tx, next)
		case !done:
			return false, ErrNoProgress
		}
		return done, nil
	})
}

// skip reports whether the job's Skip took the cursor past the chunk.
func (c *chunk[C]) skip(ctx context.Context, failure error) (bool, error) {
	return Do(ctx, c.runner, c.job.Op, func(ctx context.Context, tx *Tx) (bool, error) {
		now, err := c.job.Load(ctx, tx)
		if err != nil || now != c.from {
			return false, err // another run of the job has gone past it
		}
		next, err := c.job.Skip(ctx, tx, c.from, failure)
		if err != nil {
			return false, err
		}
		if next == c.from {
			return false, ErrNoProgress
		}
		return true, c.job.Save(ctx, tx, next)
	})
}

// atFault reports whether the failure may be the chunk's own, so that Skip is
// to be asked.
func (c *chunk[C]) atFault(ctx context.Context, failure error) bool {
	var begin *beginError
	var unknown *CommitUnknownError
	var exhausted *ExhaustedError
	if errors.As(failure, &exhausted) && exhausted.Interrupted != nil {
		return false // it had no time or no tokens for another attempt
	}
	if c.job.Skip == nil || !c.loaded || ctx.Err() != nil || errors.Is(failure, ErrNoProgress) ||
		errors.As(failure, &begin) || errors.As(failure, &unknown) {
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
	return &ChunkError{Op: c.job.Op.Name, Cursor: c.from, Err: err}
}
