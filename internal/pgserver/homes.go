//go:build unix

package pgserver

import (
	"os"
	"slices"
)

// memory is the folder whose files Linux holds in memory. A data directory goes there
// while memoryRoom bytes are free: tests fill it with a hundred databases of 8 MB, and
// with their log.
const (
	memory     = "/dev/shm"
	memoryRoom = 4 << 30
)

// homes lists folders for a data directory, the best first. A database is cloned in
// memory for a fraction of what the files cost on a disk. A server that is not durable
// promises nothing that memory does not hold. TMPDIR overrides it.
func homes(cfg Config, freeInMemory func(dir string) uint64) []string {
	list := []string{os.TempDir(), "/tmp", "/var/tmp"}
	if cfg.Durable || cfg.Getenv("TMPDIR") != "" || freeInMemory(memory) < memoryRoom {
		return list
	}
	return slices.Insert(list, 0, memory)
}
