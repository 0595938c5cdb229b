//go:build unix && !linux

package pgserver

// freeInMemory returns 0: no folder is known whose files are in memory.
func freeInMemory(string) uint64 { return 0 }
