package pgserver

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
)

// dieWithParent lets the kernel send sig to the child when we die, however.
func dieWithParent(attr *syscall.SysProcAttr, sig syscall.Signal) { attr.Pdeathsig = sig }

// endsWithUs says that a server never outlives this process.
const endsWithUs = true

// children returns the direct children of pid.
func children(pid int) []int {
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil
	}
	var found []int
	for _, path := range stats {
		child, parent := readStat(path)
		if parent == pid {
			found = append(found, child)
		}
	}
	return found
}

// readStat returns the process and its parent, or zeroes: processes may vanish
// at any time. The command's name, in parentheses, may hold anything.
func readStat(path string) (pid, parent int) {
	stat, err := os.ReadFile(path)
	if err != nil {
		return 0, 0
	}
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	if len(fields) < 2 {
		return 0, 0
	}
	pid, _ = strconv.Atoi(filepath.Base(filepath.Dir(path)))
	parent, _ = strconv.Atoi(string(fields[1]))
	return pid, parent
}
