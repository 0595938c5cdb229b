package repo

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/sqlkeel/sqlkeel/queries"
	"github.com/sqlkeel/sqlkeel/txn"
	"github.com/sqlkeel/sqlkeel/txn/job"
)

// Task is a piece of queued work.
type Task = queries.ClaimTasksRow

// TaskRun says how [Repo.ProcessTasks] works the queue.
type TaskRun struct {
	// Job names the row of job_cursors that counts the tasks handled so far.
	// Processes that share a queue give different names, or they take turns.
	Job string
	// Size is how many tasks share a transaction, 1 to [MaxRows].
	Size int
	// GoPast records a task whose handler failed as failed and goes on.
	// Default false: the run stops at it and the task stays ready.
	GoPast bool
}

// ProcessTasks works the queue until it is empty, in chunks: each claims up to Size
// ready tasks that no other session holds, hands them to handle, marks them done and
// counts them, in one transaction. What handle does through q is committed with the
// task's end or not at all. So a run that crashes loses nothing and does nothing twice:
// call ProcessTasks again. Several processes may work one queue.
//
// A handler runs again when its chunk is retried; what it does outside the
// database must bear that. It may write anything, so every kept result is
// dropped after each chunk. An error of a handler undoes its chunk and is
// returned as a [*TaskError], unless run.GoPast: then the task is recorded as
// failed in a transaction of its own and the chunk begins again without it.
//
// The progress returned counts what was committed, also beside an error.
func (r *Repo) ProcessTasks(
	ctx context.Context, run TaskRun, handle func(ctx context.Context, q *queries.Queries, t Task) error,
) (job.Progress[int64], error) {
	var c checks
	c.name("job", run.Job)
	c.that(run.Size >= 1 && run.Size <= MaxRows, "size", "must be between 1 and %d, is %d", MaxRows, run.Size)
	c.that(handle != nil, "handle", "must be given")
	if err := c.err(); err != nil {
		return job.Progress[int64]{}, fmt.Errorf("process tasks: %w", err)
	}
	work := job.Job[int64]{
		Op: txn.Op{Name: "process tasks"},
		Load: func(ctx context.Context, tx *txn.Tx) (int64, error) {
			return queries.New(tx).LockJobCursor(ctx, run.Job)
		},
		Save: func(ctx context.Context, tx *txn.Tx, handled int64) error {
			return queries.New(tx).SaveJobCursor(ctx, run.Job, handled)
		},
		Step: func(ctx context.Context, tx *txn.Tx, handled int64) (int64, bool, error) {
			n, err := chunk(ctx, queries.New(tx), run.Size, handle)
			return handled + int64(n), n == 0, err
		},
	}
	if run.GoPast {
		work.Skip = recordFailure
	}
	p, err := job.Run(ctx, r.txn, work)
	return p, wrap("process tasks", err)
}

// recordFailure ends the task at fault, unless another worker has by now, and continues
// from the same chunk.
func recordFailure(ctx context.Context, tx *txn.Tx, handled int64, cause error) (int64, error) {
	var failed *TaskError
	if !errors.As(cause, &failed) {
		return handled, cause
	}
	_, err := queries.New(tx).EndTasks(ctx, []int64{failed.ID}, []string{words(failed.Err)})
	return handled + 1, err
}

// words is the text of err as a text column can hold it, and never empty.
func words(err error) string {
	text := strings.ReplaceAll(strings.ToValidUTF8(err.Error(), "\uFFFD"), "\x00", "")
	return cmp.Or(text, "failed without a message")
}

// chunk works one chunk and returns how many tasks it claimed.
func chunk(
	ctx context.Context, q *queries.Queries, size int, handle func(context.Context, *queries.Queries, Task) error,
) (int, error) {
	tasks, err := q.ClaimTasks(ctx, int32(size))
	if err != nil || len(tasks) == 0 {
		return 0, err
	}
	ids := make([]int64, len(tasks))
	for i, t := range tasks {
		if err := handle(ctx, q, t); err != nil {
			return 0, &TaskError{ID: t.ID, Err: err}
		}
		ids[i] = t.ID
	}
	_, err = q.EndTasks(ctx, ids, make([]string, len(ids)))
	return len(tasks), err
}

// TaskCounts returns how many tasks are in each state that any is in.
func (r *Repo) TaskCounts(ctx context.Context) (map[queries.TaskState]int64, error) {
	rows, err := r.q.CountTasks(ctx)
	if err != nil {
		return nil, wrap("task counts", err)
	}
	counts := map[queries.TaskState]int64{}
	for _, row := range rows {
		counts[row.State] = row.Tasks
	}
	return counts, nil
}
