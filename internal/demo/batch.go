package demo

import (
	"context"
	"fmt"

	"github.com/sqlkeel/sqlkeel/queries"
	"github.com/sqlkeel/sqlkeel/repo"
)

// batchJob works the task queue, kills the session of a chunk half-way, and
// runs the job again.
func batchJob(ctx context.Context, s *stage) (string, error) {
	all := s.opts.Size.Tasks
	run := repo.TaskRun{Job: "reindex", Size: max(all/20, 1)}
	handled := 0
	work := func(ctx context.Context, q *queries.Queries, t repo.Task) error {
		if handled++; handled == all/2+run.Size/2 {
			if err := s.killTransactions(ctx); err != nil {
				return err
			}
		}
		return q.SaveJobCursor(ctx, fmt.Sprintf("task %d", t.ID), 1)
	}
	first, err := s.repo.ProcessTasks(ctx, run, work)
	if err == nil {
		return "", fmt.Errorf("the killed session was not noticed")
	}
	s.line("killed in the middle of a chunk: %v", err)
	before := int64(first.Chunks * run.Size)
	s.line("%d of %d tasks were committed before", before, all)
	_, err = s.repo.ProcessTasks(ctx, run, work)
	if err != nil {
		return "", err
	}
	var traces, counted int64
	err = s.db.QueryRow(ctx, `SELECT count(*) FILTER (WHERE job LIKE 'task %'), max(position) FILTER (WHERE job = $1)
		FROM job_cursors`, run.Job).Scan(&traces, &counted)
	if err != nil {
		return "", err
	}
	counts, err := s.repo.TaskCounts(ctx)
	if err != nil {
		return "", err
	}
	s.line("after the second run: %d done, the work of %d is there", counts[queries.TaskStateDone], traces)
	if counts[queries.TaskStateDone] != int64(all) || traces != int64(all) || counted != int64(all) {
		return "", fmt.Errorf("%d tasks are done, %d left their work, the cursor counts %d; want %d each",
			counts[queries.TaskStateDone], traces, counted, all)
	}
	return fmt.Sprintf("killed after %d tasks, resumed, all %d done once", before, all), nil
}

// killTransactions ends every session of this database that is inside a
// transaction and waits for its client.
func (s *stage) killTransactions(ctx context.Context) error {
	_, err := s.db.Exec(ctx, `SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
		WHERE datname = current_database() AND state = 'idle in transaction' AND pid <> pg_backend_pid()`)
	return err
}
