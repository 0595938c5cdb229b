package repo_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/sqlkeel/sqlkeel/internal/seed"
	"github.com/sqlkeel/sqlkeel/queries"
	"github.com/sqlkeel/sqlkeel/repo"
)

func TestProcessTasksEmptiesTheQueue(t *testing.T) {
	t.Parallel()
	b := setup(t)
	seen := map[int64]int{}
	p, err := b.ProcessTasks(t.Context(), repo.TaskRun{Job: "all", Size: 30}, func(_ context.Context, _ *queries.Queries, task repo.Task) error {
		seen[task.ID]++
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(seen) != seed.Small.Tasks || !p.Done {
		t.Errorf("%d tasks handled, want %d; progress %+v", len(seen), seed.Small.Tasks, p)
	}
	b.done(t, int64(seed.Small.Tasks))
}

var errCrash = errors.New("crash")

func TestACrashKeepsWhatWasCommittedAndLosesNothing(t *testing.T) {
	t.Parallel()
	b := setup(t)
	handled := 0
	p, err := b.ProcessTasks(t.Context(), repo.TaskRun{Job: "all", Size: 30}, func(ctx context.Context, q *queries.Queries, task repo.Task) error {
		if handled++; handled == 75 { // in the middle of the third chunk
			return errCrash
		}
		return logTask(ctx, q, task)
	})
	var failed *repo.TaskError
	if !errors.Is(err, errCrash) || !errors.As(err, &failed) || failed.ID != 75 {
		t.Fatalf("error %v", err)
	}
	if p.Chunks != 2 || p.Done {
		t.Errorf("progress %+v after the crash, want 2 chunks", p)
	}
	b.ended(t, 60)
	p, err = b.ProcessTasks(t.Context(), repo.TaskRun{Job: "all", Size: 30}, logTask)
	if err != nil || !p.Done {
		t.Errorf("second run: %+v, error %v", p, err)
	}
	b.ended(t, int64(seed.Small.Tasks))
}

func TestAKilledSessionLosesNothing(t *testing.T) {
	t.Parallel()
	b := setup(t)
	handled := 0
	_, err := b.ProcessTasks(t.Context(), repo.TaskRun{Job: "all", Size: 30}, func(ctx context.Context, q *queries.Queries, task repo.Task) error {
		if handled++; handled == 45 {
			_, err := b.db.Exec(t.Context(), `SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
				WHERE datname = current_database() AND state = 'idle in transaction'`)
			if err != nil {
				t.Error(err)
			}
		}
		return logTask(ctx, q, task)
	})
	if err == nil {
		t.Fatal("the killed session was not noticed")
	}
	b.ended(t, 30)
	if _, err := b.ProcessTasks(t.Context(), repo.TaskRun{Job: "all", Size: 30}, logTask); err != nil {
		t.Fatal(err)
	}
	b.ended(t, int64(seed.Small.Tasks))
}

// logTask is a handler whose work can be counted: a row of job_cursors for each
// task, written in the task's own transaction.
func logTask(ctx context.Context, q *queries.Queries, task repo.Task) error {
	return q.SaveJobCursor(ctx, fmt.Sprintf("task %d", task.ID), 1)
}

// ended fails the test unless want tasks are done, their work is there once
// each, and no other.
func (b bench) ended(t *testing.T, want int64) {
	t.Helper()
	b.done(t, want)
	if n := b.scalar(t, "SELECT count(*) FROM job_cursors WHERE job LIKE 'task %'"); n != want {
		t.Errorf("the work of %d tasks is there, want %d", n, want)
	}
}

// done fails the test unless want tasks are done, the others are ready, and
// the job's cursor says the same.
func (b bench) done(t *testing.T, want int64) {
	t.Helper()
	counts, err := b.TaskCounts(t.Context())
	if err != nil || counts[queries.TaskStateDone] != want || counts[queries.TaskStateReady] != int64(seed.Small.Tasks)-want {
		t.Errorf("counts %v (error %v), want %d done of %d", counts, err, want, seed.Small.Tasks)
	}
	if cursor := b.scalar(t, "SELECT position FROM job_cursors WHERE job = 'all'"); cursor != want {
		t.Errorf("cursor %d, want %d", cursor, want)
	}
}

func TestAFailedTaskIsRecordedAndPassed(t *testing.T) {
	t.Parallel()
	b := setup(t)
	bad := map[int64]bool{1: true, 50: true, 51: true, 100: true}
	p, err := b.ProcessTasks(t.Context(), repo.TaskRun{Job: "all", Size: 30, GoPast: true},
		func(_ context.Context, _ *queries.Queries, task repo.Task) error {
			if bad[task.ID] {
				return errors.New("no such\x00 book \xff")
			}
			return nil
		})
	if err != nil || !p.Done || p.Skipped != len(bad) {
		t.Fatalf("progress %+v, error %v", p, err)
	}
	counts, err := b.TaskCounts(t.Context())
	if err != nil || counts[queries.TaskStateFailed] != 4 || counts[queries.TaskStateDone] != int64(seed.Small.Tasks)-4 {
		t.Errorf("counts %v, error %v", counts, err)
	}
	if n := b.scalar(t, "SELECT count(*) FROM tasks WHERE state = 'failed' AND last_error LIKE 'no such% book%' AND id IN (1, 50, 51, 100)"); n != 4 {
		t.Errorf("%d failures are recorded", n)
	}
}

func TestAFailureWithoutWordsIsStillAFailure(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, err := b.ProcessTasks(t.Context(), repo.TaskRun{Job: "all", Size: 100, GoPast: true},
		func(_ context.Context, _ *queries.Queries, task repo.Task) error {
			if task.ID == 7 {
				return errors.New("")
			}
			return nil
		})
	if err != nil {
		t.Fatal(err)
	}
	if n := b.scalar(t, "SELECT count(*) FROM tasks WHERE state = 'failed' AND last_error <> ''"); n != 1 {
		t.Errorf("%d failures are recorded", n)
	}
}

func TestWorkersShareAQueueWithoutDoingATaskTwice(t *testing.T) {
	t.Parallel()
	b := setup(t)
	var wg sync.WaitGroup
	var handled atomic.Int64
	for _, job := range []string{"a", "b", "c", "d"} {
		wg.Go(func() {
			_, err := b.ProcessTasks(t.Context(), repo.TaskRun{Job: job, Size: 4}, func(context.Context, *queries.Queries, repo.Task) error {
				handled.Add(1)
				return nil
			})
			if err != nil {
				t.Errorf("job %s: %v", job, err)
			}
		})
	}
	wg.Wait()
	if n := b.scalar(t, "SELECT coalesce(sum(position), 0)::bigint FROM job_cursors"); n != int64(seed.Small.Tasks) || handled.Load() != n {
		t.Errorf("%d tasks counted, %d handled, want %d", n, handled.Load(), seed.Small.Tasks)
	}
}

func TestATaskThatItsHandlerEndedIsNoEndOfTheQueue(t *testing.T) {
	t.Parallel()
	b := setup(t)
	p, err := b.ProcessTasks(t.Context(), repo.TaskRun{Job: "all", Size: 1}, func(ctx context.Context, q *queries.Queries, task repo.Task) error {
		_, err := q.EndTasks(ctx, []int64{task.ID}, []string{""})
		return err
	})
	if err != nil || !p.Done {
		t.Errorf("progress %+v, error %v", p, err)
	}
	b.done(t, int64(seed.Small.Tasks))
}

func TestAFailedTaskThatSomebodyElseEndedIsPassed(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ended := make(chan error, 1)
	p, err := b.ProcessTasks(t.Context(), repo.TaskRun{Job: "all", Size: 10, GoPast: true}, func(_ context.Context, _ *queries.Queries, task repo.Task) error {
		if task.ID != 1 {
			return nil
		}
		// It waits for this transaction's lock, and has the row once it is
		// rolled back, before the failure is recorded.
		go func() {
			_, err := b.db.Exec(t.Context(), "UPDATE tasks SET state = 'done', ended_at = now() WHERE id = 1")
			ended <- err
		}()
		b.waitForLock(t)
		return errors.New("no")
	})
	if err != nil || !p.Done {
		t.Errorf("progress %+v, error %v", p, err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
	b.done(t, int64(seed.Small.Tasks))
}

// waitForLock returns once a session of the database waits for a lock.
func (b bench) waitForLock(t *testing.T) {
	t.Helper()
	for b.scalar(t, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'") == 0 {
	}
}

func TestWhatAHandlerWroteIsSeenByTheNextCachedRead(t *testing.T) {
	t.Parallel()
	b := setup(t, cached(t))
	before, err := b.Book(t.Context(), 2)
	if err != nil {
		t.Fatal(err)
	}
	_, err = b.ProcessTasks(t.Context(), repo.TaskRun{Job: "all", Size: 50}, func(ctx context.Context, q *queries.Queries, task repo.Task) error {
		_, err := q.SetPrice(ctx, before.PriceCents+task.ID, 2)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if after, err := b.Book(t.Context(), 2); err != nil || after.PriceCents != before.PriceCents+int64(seed.Small.Tasks) {
		t.Errorf("price %d, error %v, want %d", after.PriceCents, err, before.PriceCents+int64(seed.Small.Tasks))
	}
}

func TestTaskArgumentsAreChecked(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for field, run := range map[string]repo.TaskRun{
		"job":  {Job: " ", Size: 1},
		"size": {Job: "j", Size: 0},
	} {
		_, err := b.ProcessTasks(t.Context(), run, nil)
		refused(t, err, field)
	}
	_, err := b.ProcessTasks(t.Context(), repo.TaskRun{Job: "j", Size: 1}, nil)
	refused(t, err, "handle")
}
