package pgserver

import "syscall"

const tmpfs = 0x01021994 // TMPFS_MAGIC of statfs(2)

// freeInMemory returns how many bytes are free in a folder, 0 when its files are not in
// memory.
func freeInMemory(dir string) uint64 {
	var fs syscall.Statfs_t
	if syscall.Statfs(dir, &fs) != nil || uint32(fs.Type) != tmpfs {
		return 0
	}
	return fs.Bavail * uint64(fs.Bsize)
}
