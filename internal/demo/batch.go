package demo

import (
	"context"
	"errors"
	"fmt"

	"github.com/sqlkeel/sqlkeel/queries"
	"github.com/sqlkeel/sqlkeel/repo"
)

// batchJob works the task queue, kills the session of a chunk half-way, and
// runs the job again.
func batchJob(ctx context.Context, s *stage) (string, error) {
	all := s.opts.Size.Tasks
	run := repo.TaskRun{Job: "reindex", Size: max(all/20, 1)}
	handled, killed := 0, 0
	work := func(inside context.Context, q *queries.Queries, t repo.Task) (err error) {
		if handled++; handled == max(all/2+run.Size/2, 1) {
			if killed, err = s.killTransactions(ctx); err != nil { // from outside of the transaction
				return err
			}
		}
		return q.SaveJobCursor(inside, fmt.Sprintf("task %d", t.ID), 1)
	}
	first, err := s.repo.ProcessTasks(ctx, run, work)
	switch {
	case killed != 1:
		return "", errors.Join(fmt.Errorf("%d sessions were killed, want that of the job", killed), err)
	case err == nil:
		return "", errors.New("the killed session was not noticed")
	}
	s.line("killed in the middle of a chunk: %v", err)
	before, err := s.tasksDone(ctx)
	if err != nil {
		return "", err
	}
	s.line("%d of %d tasks, %d whole chunks, were committed before", before, all, first.Chunks)
	if before != first.Chunks*run.Size {
		return "", fmt.Errorf("%d tasks are done after %d chunks of %d", before, first.Chunks, run.Size)
	}
	if _, err := s.repo.ProcessTasks(ctx, run, work); err != nil {
		return "", err
	}
	if err := s.checkTasks(ctx, run.Job, all); err != nil {
		return "", err
	}
	return fmt.Sprintf("killed after %d tasks, resumed, all %d done once", before, all), nil
}

// checkTasks returns an error unless all tasks are done, left their work once,
// and were counted by the job's cursor.
func (s *stage) checkTasks(ctx context.Context, job string, all int) error {
	done, err := s.tasksDone(ctx)
	if err != nil {
		return err
	}
	var traces, counted int
	err = s.db.QueryRow(ctx, `SELECT count(*) FILTER (WHERE job LIKE 'task %'), coalesce(max(position) FILTER (WHERE job = $1), 0)
		FROM job_cursors`, job).Scan(&traces, &counted)
	if err != nil {
		return err
	}
	s.line("after the second run %d are done, the work of %d is there, the cursor counts %d", done, traces, counted)
	if done != all || traces != all || counted != all {
		return fmt.Errorf("%d tasks are done, %d left their work, the cursor counts %d; want %d each", done, traces, counted, all)
	}
	return nil
}

func (s *stage) tasksDone(ctx context.Context) (int, error) {
	counts, err := s.repo.TaskCounts(ctx)
	return int(counts[queries.TaskStateDone]), err
}

// killTransactions ends every session of this database that is inside a
// transaction, waits for its end, and returns how many there were.
func (s *stage) killTransactions(ctx context.Context) (killed int, err error) {
	err = s.db.QueryRow(ctx, `SELECT count(*) FILTER (WHERE pg_terminate_backend(pid, 5000)) FROM pg_stat_activity
		WHERE datname = current_database() AND state = 'idle in transaction'`).Scan(&killed)
	return killed, err
}
