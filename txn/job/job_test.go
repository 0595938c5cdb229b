package job

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/pgerr"
	"github.com/sqlkeel/sqlkeel/txn"
)

// jobLab is a job over the items 1 to 10, three at a time: each item's n counts
// how often it was worked on, the row 0 is the cursor, and moves is the record of
// what was skipped.
type jobLab struct {
	*lab
	job Job[int]
}

func setupJob(t *testing.T) *jobLab {
	t.Helper()
	l := &jobLab{lab: setup(t)}
	l.exec(`INSERT INTO items SELECT id, 0 FROM generate_series(0, 10) id`)
	l.job = Job[int]{
		Op: txn.Op{Name: "count"},
		Load: func(ctx context.Context, tx *txn.Tx) (cursor int, err error) {
			err = tx.QueryRow(ctx, `SELECT n FROM items WHERE id = 0 FOR UPDATE`).Scan(&cursor)
			return cursor, err
		},
		Step: func(ctx context.Context, tx *txn.Tx, cursor int) (int, bool, error) {
			tag, err := tx.Exec(ctx, `UPDATE items SET n = n + 1 WHERE id BETWEEN $1 + 1 AND $1 + 3`, cursor)
			return cursor + int(tag.RowsAffected()), tag.RowsAffected() < 3, err
		},
		Save: func(ctx context.Context, tx *txn.Tx, cursor int) error {
			_, err := tx.Exec(ctx, `UPDATE items SET n = $1 WHERE id = 0`, cursor)
			return err
		},
	}
	return l
}

func (l *jobLab) run(ctx context.Context) (Progress[int], error) { return Run(ctx, l.runner, l.job) }

// onChunk makes fn run after the work of the chunk that begins at the cursor, in its
// transaction.
func (l *jobLab) onChunk(cursor int, fn func(ctx context.Context, tx *txn.Tx) error) {
	work := l.job.Step
	l.job.Step = func(ctx context.Context, tx *txn.Tx, at int) (int, bool, error) {
		next, done, err := work(ctx, tx, at)
		if at == cursor {
			err = errors.Join(err, fn(ctx, tx))
		}
		return next, done, err
	}
}

// worked returns an error unless the first items were worked on once each, the
// others never, and the cursor stands behind them.
func (l *jobLab) worked(items int) error {
	wrong := l.number(`SELECT count(*) FROM items WHERE id > 0 AND n <> (id <= $1)::int`, items)
	if wrong != 0 {
		return fmt.Errorf("%d items were not worked on as often as they should", wrong)
	}
	return differ("cursor", l.number(`SELECT n FROM items WHERE id = 0`), items)
}

func (l *jobLab) wantWorked(items int) {
	l.t.Helper()
	if err := l.worked(items); err != nil {
		l.t.Error(err)
	}
}

func TestAJobRunsInChunksUntilItIsDone(t *testing.T) {
	t.Parallel()
	l := setupJob(t)
	p, err := l.run(t.Context())
	if err != nil || p != (Progress[int]{Chunks: 4, Done: true, Cursor: 10}) {
		t.Errorf("progress %+v, error %v", p, err)
	}
	l.wantWorked(10)
	p, err = l.run(t.Context())
	if err != nil || p != (Progress[int]{Chunks: 1, Done: true, Cursor: 10}) {
		t.Errorf("run again when done: progress %+v, error %v", p, err)
	}
	l.wantWorked(10)
}

func TestAFailedChunkStopsTheJobWhichResumesAtItsCursor(t *testing.T) {
	t.Parallel()
	l := setupJob(t)
	fail := errBoom
	l.onChunk(6, func(context.Context, *txn.Tx) error { return fail })
	p, err := l.run(t.Context())
	if !errors.Is(err, errBoom) || err.Error() != "job: count: chunk at cursor 6: boom" {
		t.Errorf("error is %v", err)
	}
	if p != (Progress[int]{Chunks: 2, Cursor: 6}) {
		t.Errorf("progress %+v", p)
	}
	l.wantWorked(6)
	fail = nil
	if p, err := l.run(t.Context()); err != nil || p != (Progress[int]{Chunks: 2, Done: true, Cursor: 10}) {
		t.Errorf("resumed: progress %+v, error %v", p, err)
	}
	l.wantWorked(10)
}

func TestACrashBetweenWorkAndCursorLosesNothingAndRepeatsNothing(t *testing.T) {
	t.Parallel()
	l := setupJob(t)
	save, crash := l.job.Save, true
	l.job.Save = func(ctx context.Context, tx *txn.Tx, cursor int) error {
		if cursor == 6 && crash {
			_, err := tx.Exec(ctx, `SELECT pg_terminate_backend(pg_backend_pid())`)
			return err
		}
		return save(ctx, tx, cursor)
	}
	if _, err := l.run(t.Context()); pgerr.KindOf(err) != pgerr.Disconnected {
		t.Fatalf("the crash was reported as %v", err)
	}
	if err := l.worked(3); err != nil {
		t.Fatalf("after the crash: %v", err)
	}
	crash = false
	if _, err := l.run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := l.worked(10); err != nil {
		t.Error(err)
	}
}

func TestAChunkThatConflictsIsRetried(t *testing.T) {
	t.Parallel()
	l := setupJob(t)
	l.job.Op.Iso = pgx.RepeatableRead
	l.onChunk(3, func(_ context.Context, tx *txn.Tx) error {
		if tx.Attempt() < 3 {
			return txn.Retryable(errBoom)
		}
		return nil
	})
	p, err := l.run(t.Context())
	if err != nil || p != (Progress[int]{Chunks: 4, Done: true, Cursor: 10}) {
		t.Errorf("progress %+v, error %v", p, err)
	}
	l.wantWorked(10)
}

// record is a Skip that books the chunk and goes past it.
func record(ctx context.Context, tx *txn.Tx, cursor int, _ error) (int, error) {
	_, err := tx.Exec(ctx, `INSERT INTO moves VALUES ($1, $2)`, cursor, tx.Attempt())
	return cursor + 3, err
}

func TestAFailedChunkIsRecordedAndGonePast(t *testing.T) {
	t.Parallel()
	l := setupJob(t)
	l.job.Skip = record
	l.onChunk(3, func(ctx context.Context, tx *txn.Tx) error {
		_, err := tx.Exec(ctx, `SELECT 1/0`)
		return err
	})
	p, err := l.run(t.Context())
	if err != nil || p != (Progress[int]{Chunks: 3, Skipped: 1, Done: true, Cursor: 10}) {
		t.Errorf("progress %+v, error %v", p, err)
	}
	if n := l.number(`SELECT sum(a) FROM moves`); n != 3 {
		t.Errorf("recorded %d", n)
	}
	if n := l.number(`SELECT sum(n) FROM items WHERE id BETWEEN 4 AND 6`); n != 0 {
		t.Errorf("the failed chunk's work was committed: %d", n)
	}
	if n := l.number(`SELECT sum(n) FROM items WHERE id > 0`); n != 7 {
		t.Errorf("%d items were worked on", n)
	}
}

func TestAChunkThatFailsAtCommitIsGonePastToo(t *testing.T) {
	t.Parallel()
	l := setupJob(t)
	l.job.Skip = record
	l.exec(`CREATE TABLE once (x int, CONSTRAINT once_x_key UNIQUE (x) DEFERRABLE INITIALLY DEFERRED)`)
	l.onChunk(0, func(ctx context.Context, tx *txn.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO once VALUES (1), (1)`)
		return err
	})
	p, err := l.run(t.Context())
	if err != nil || p != (Progress[int]{Chunks: 3, Skipped: 1, Done: true, Cursor: 10}) {
		t.Errorf("progress %+v, error %v", p, err)
	}
}

func TestFailuresThatAreNotTheChunksOwnAreNotGonePast(t *testing.T) {
	t.Parallel()
	for name, failure := range map[string]error{
		"conflicts":       serverError("40001"),
		"lost connection": io.ErrUnexpectedEOF,
		"server full":     serverError("53300"),
		"demoted primary": serverError("25006"),
		"unknown commit":  &txn.CommitUnknownError{Op: "x", Err: io.EOF},
		"no progress":     ErrNoProgress,
	} {
		r := newRunner(t, &fakeDB{}, txn.Config{MaxAttempts: 2, BackoffBase: 1, BackoffMax: 1})
		p, err := Run(t.Context(), r, Job[int]{
			Op:   txn.Op{Name: "x"},
			Load: func(context.Context, *txn.Tx) (int, error) { return 5, nil },
			Step: func(context.Context, *txn.Tx, int) (int, bool, error) { return 0, false, failure },
			Save: func(context.Context, *txn.Tx, int) error { return nil },
			Skip: func(context.Context, *txn.Tx, int, error) (int, error) {
				t.Errorf("%s: Skip was asked", name)
				return 0, errBoom
			},
		})
		if !errors.Is(err, failure) || p != (Progress[int]{Cursor: 5}) {
			t.Errorf("%s: progress %+v, error %v", name, p, err)
		}
	}
}

func TestAFailureToBeginOrLoadIsReturnedAsItIs(t *testing.T) {
	t.Parallel()
	l := setupJob(t)
	l.job.Skip = record
	load := l.job.Load
	l.job.Load = func(context.Context, *txn.Tx) (int, error) { return 0, errBoom }
	if _, err := l.run(t.Context()); err != errBoom {
		t.Errorf("load: error is %v", err)
	}
	l.job.Load = load
	ctx, cancel := context.WithCancel(t.Context())
	l.onChunk(3, func(context.Context, *txn.Tx) error { cancel(); return nil })
	p, err := l.run(ctx)
	if !errors.Is(err, context.Canceled) || p != (Progress[int]{Chunks: 1, Cursor: 3}) {
		t.Errorf("ended context: progress %+v, error %v", p, err)
	}
	l.wantWorked(3)
	p, err = l.run(ctx)
	if !errors.Is(err, context.Canceled) || strings.Contains(err.Error(), "chunk at") || p != (Progress[int]{}) {
		t.Errorf("begin: progress %+v, error %v", p, err)
	}
}

func TestAStepThatDoesNotMoveStopsTheJob(t *testing.T) {
	t.Parallel()
	l := setupJob(t)
	l.job.Step = func(ctx context.Context, tx *txn.Tx, cursor int) (int, bool, error) {
		_, err := tx.Exec(ctx, `UPDATE items SET n = n + 1 WHERE id > 0`)
		return cursor, false, err
	}
	if p, err := l.run(t.Context()); !errors.Is(err, ErrNoProgress) || p != (Progress[int]{}) {
		t.Errorf("progress %+v, error %v", p, err)
	}
	l.wantWorked(0)
}

func TestASkipThatStopsOrDoesNotMoveStopsTheJob(t *testing.T) {
	t.Parallel()
	l := setupJob(t)
	l.onChunk(3, func(context.Context, *txn.Tx) error { return errBoom })
	refused := errors.New("not this one")
	for want, skip := range map[error]func(context.Context, *txn.Tx, int, error) (int, error){
		refused: func(ctx context.Context, tx *txn.Tx, cursor int, failure error) (int, error) {
			_, _ = record(ctx, tx, cursor, failure)
			return cursor + 3, refused
		},
		ErrNoProgress: func(_ context.Context, _ *txn.Tx, cursor int, _ error) (int, error) { return cursor, nil },
	} {
		l.job.Skip = skip
		_, err := l.run(t.Context())
		if !errors.Is(err, want) || !errors.Is(err, errBoom) {
			t.Errorf("error has not both the failure and %v: %v", want, err)
		}
	}
	l.wantWorked(3)
	if n := l.number(`SELECT count(*) FROM moves`); n != 0 {
		t.Errorf("%d records", n)
	}
}

func TestAChunkThatAnotherRunWentPastIsNotSkipped(t *testing.T) {
	t.Parallel()
	l := setupJob(t)
	l.job.Skip = record
	load, loads := l.job.Load, 0
	l.job.Load = func(ctx context.Context, tx *txn.Tx) (int, error) {
		if loads++; loads == 2 {
			l.exec(`UPDATE items SET n = n + 1 WHERE id BETWEEN 1 AND 3; UPDATE items SET n = 3 WHERE id = 0`)
		}
		return load(ctx, tx)
	}
	l.onChunk(0, func(context.Context, *txn.Tx) error { return errBoom })
	p, err := l.run(t.Context())
	if err != nil || p != (Progress[int]{Chunks: 3, Done: true, Cursor: 10}) {
		t.Errorf("progress %+v, error %v", p, err)
	}
	l.wantWorked(10)
}

func TestMaxChunksBoundsOneCall(t *testing.T) {
	t.Parallel()
	l := setupJob(t)
	l.job.MaxChunks = 2
	l.job.Skip = record
	l.onChunk(3, func(context.Context, *txn.Tx) error { return errBoom })
	for _, want := range []Progress[int]{{Chunks: 1, Skipped: 1, Cursor: 6}, {Chunks: 2, Done: true, Cursor: 10}} {
		if p, err := l.run(t.Context()); err != nil || p != want {
			t.Errorf("progress %+v, want %+v, error %v", p, want, err)
		}
	}
}

func TestSeveralRunsOfAJobShareTheWork(t *testing.T) {
	t.Parallel()
	l := setupJob(t)
	ctx := bounded(t)
	var work sync.WaitGroup
	for range 4 {
		work.Go(func() {
			if p, err := l.run(ctx); err != nil || !p.Done {
				t.Errorf("progress %+v, error %v", p, err)
			}
		})
	}
	work.Wait()
	l.wantWorked(10)
}

func TestABadJobIsRefused(t *testing.T) {
	t.Parallel()
	good := Job[int]{
		Op:   txn.Op{Name: "x"},
		Load: func(context.Context, *txn.Tx) (int, error) { return 0, nil },
		Step: func(context.Context, *txn.Tx, int) (int, bool, error) { return 0, true, nil },
		Save: func(context.Context, *txn.Tx, int) error { return nil },
	}
	r := newRunner(t, &fakeDB{}, txn.Config{})
	for field, spoil := range map[string]func(*Job[int]){
		"Job.Load":        func(j *Job[int]) { j.Load = nil },
		"Job.Step":        func(j *Job[int]) { j.Step = nil },
		"Job.Save":        func(j *Job[int]) { j.Save = nil },
		"Job.Op.ReadOnly": func(j *Job[int]) { j.Op.ReadOnly = true },
		"Job.Op.Commit":   func(j *Job[int]) { j.Op.Commit, j.Op.Key = txn.Idempotent, "a" },
		"Job.MaxChunks":   func(j *Job[int]) { j.MaxChunks = -1 },
		"Op.Name":         func(j *Job[int]) { j.Op.Name = "" },
	} {
		job := good
		spoil(&job)
		_, err := Run(t.Context(), r, job)
		wantInvalid(t, err, field)
	}
	if p, err := Run(t.Context(), r, good); err != nil || !p.Done {
		t.Errorf("the good one: progress %+v, error %v", p, err)
	}
}

func TestAChunkWithoutTimeForARetryIsNotAtFault(t *testing.T) {
	t.Parallel()
	for name, budget := range map[string]int{"deadline": 0, "budget": 1} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRunner(t, &fakeDB{}, txn.Config{BackoffBase: time.Hour, BackoffMax: time.Hour, RetryBudget: budget})
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				skipped := 0
				_, err := Run(ctx, r, Job[int]{
					Op:   txn.Op{Name: "job"},
					Load: func(context.Context, *txn.Tx) (int, error) { return skipped, nil },
					Step: func(_ context.Context, _ *txn.Tx, c int) (int, bool, error) {
						if c == 0 {
							return 0, false, txn.Retryable(errBoom)
						}
						return c, true, nil
					},
					Save: func(context.Context, *txn.Tx, int) error { return nil },
					Skip: func(_ context.Context, _ *txn.Tx, _ int, failure error) (int, error) {
						skipped++
						return 1, nil
					},
				})
				if skipped != 0 {
					t.Errorf("%s: the chunk was skipped, error %v", name, err)
				}
			})
		})
	}
}

func TestAJobWithOneKeyIsRefused(t *testing.T) {
	t.Parallel()
	l := setup(t)
	cursor := 0
	p, err := Run(t.Context(), l.runner, Job[int]{
		Op:   txn.Op{Name: "job", Commit: txn.Idempotent, Key: "the job"},
		Load: func(context.Context, *txn.Tx) (int, error) { return cursor, nil },
		Step: func(_ context.Context, _ *txn.Tx, c int) (int, bool, error) { return c + 1, c == 3, nil },
		Save: func(_ context.Context, tx *txn.Tx, c int) error {
			tx.AfterCommit(func(context.Context) { cursor = c })
			return nil
		},
	})
	var invalid *txn.ConfigError
	if !p.Done && !errors.As(err, &invalid) {
		t.Errorf("%+v, error %v", p, err)
	}
}

func TestWhatChunksDidIsCommitted(t *testing.T) {
	t.Parallel()
	for _, nest := range []txn.Propagation{txn.Join, txn.Savepoint} {
		l := setup(t)
		var p Progress[int]
		_ = txn.Run(t.Context(), l.runner, txn.Op{Name: "outer"}, func(ctx context.Context, _ *txn.Tx) error {
			var err error
			cursor := 0
			p, err = Run(ctx, l.runner, Job[int]{
				Op:   txn.Op{Name: "job", Propagation: nest},
				Load: func(context.Context, *txn.Tx) (int, error) { return cursor, nil },
				Step: func(ctx context.Context, tx *txn.Tx, c int) (int, bool, error) {
					return c + 1, c == 2, insert(ctx, tx, c)
				},
				Save: func(_ context.Context, _ *txn.Tx, c int) error { cursor = c; return nil },
			})
			return errors.Join(err, errBoom)
		})
		if n := l.number(`SELECT count(*) FROM items`); n != p.Chunks {
			t.Errorf("%+v and %d rows", p, n)
		}
	}
}

func TestAStalePlanIsNoFaultOfAChunk(t *testing.T) {
	t.Parallel()
	r := newRunner(t, &fakeDB{exec: serverError("26000")}, txn.Config{})
	_, err := Run(t.Context(), r, Job[int]{
		Op:   txn.Op{Name: "x"},
		Load: func(context.Context, *txn.Tx) (int, error) { return 0, nil },
		Step: func(ctx context.Context, tx *txn.Tx, _ int) (int, bool, error) {
			_, err := tx.Exec(ctx, `SELECT 1`)
			return 1, false, err
		},
		Save: func(context.Context, *txn.Tx, int) error { return nil },
		Skip: func(context.Context, *txn.Tx, int, error) (int, error) {
			t.Error("Skip was asked")
			return 0, errors.New("the job is stopped")
		},
	})
	if pgerr.Code(err) != "26000" {
		t.Errorf("error is %v", err)
	}
}
