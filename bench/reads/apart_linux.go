package reads

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sys/unix"
)

// apart gives the server the upper half of the cores and this process the lower one,
// until undo is called.
func apart(ctx context.Context, dsn string) (undo func(), err error) {
	var all, lower, upper unix.CPUSet
	if err := unix.SchedGetaffinity(0, &all); err != nil {
		return nil, os.NewSyscallError("sched_getaffinity", err)
	}
	if all.Count() < 2 {
		return nil, errors.New("there is one core")
	}
	for cpu, seen := 0, 0; seen < all.Count(); cpu++ {
		switch {
		case !all.IsSet(cpu):
			continue
		case seen < all.Count()/2:
			lower.Set(cpu)
		default:
			upper.Set(cpu)
		}
		seen++
	}
	pids, err := serverProcesses(ctx, dsn)
	if err != nil {
		return nil, err
	}
	procs := runtime.GOMAXPROCS(lower.Count())
	undo = func() {
		runtime.GOMAXPROCS(procs)
		for _, pid := range append(pids, os.Getpid()) {
			_ = pin(pid, &all)
		}
	}
	err = pin(os.Getpid(), &lower)
	for _, pid := range pids {
		err = errors.Join(err, pin(pid, &upper))
	}
	if err != nil {
		undo()
		return nil, err
	}
	return undo, nil
}

// serverProcesses are the postmaster, whose children inherit from it, and those that it has.
func serverProcesses(ctx context.Context, dsn string) ([]int, error) {
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	var pid int
	if err := conn.QueryRow(ctx, `SELECT pg_backend_pid()`).Scan(&pid); err != nil {
		return nil, err
	}
	parents, err := parents()
	if err != nil {
		return nil, err
	}
	postmaster, ok := parents[pid]
	if name, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", postmaster)); !ok || err != nil || !strings.HasPrefix(string(name), "postgres") {
		return nil, errors.New("the server's processes are not on this machine, or are not to be seen")
	}
	pids := []int{postmaster}
	for pid, parent := range parents {
		if parent == postmaster {
			pids = append(pids, pid)
		}
	}
	return pids, nil
}

// parents are all processes with their parents.
func parents() (map[int]int, error) {
	files, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil, err
	}
	found := map[int]int{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // it has ended
		}
		_, after, _ := strings.Cut(string(text[strings.LastIndexByte(string(text), ')')+1:]), " ")
		fields := strings.Fields(after)
		if len(fields) < 2 {
			continue
		}
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		found[pid], _ = strconv.Atoi(fields[1])
	}
	return found, nil
}

// pin binds all threads of a process to cores. One that begins meanwhile is seen in a
// second pass.
func pin(pid int, cores *unix.CPUSet) error {
	for range 2 {
		threads, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
		if errors.Is(err, os.ErrNotExist) {
			return nil // it has ended
		}
		if err != nil {
			return err
		}
		for _, thread := range threads {
			tid, err := strconv.Atoi(thread.Name())
			if err != nil {
				return err
			}
			if err := unix.SchedSetaffinity(tid, cores); err != nil && !errors.Is(err, unix.ESRCH) {
				return os.NewSyscallError("sched_setaffinity", err)
			}
		}
	}
	return nil
}
