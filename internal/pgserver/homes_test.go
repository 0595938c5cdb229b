//go:build unix

package pgserver

import (
	"testing"
)

func TestDataAreInMemoryUnlessTheyMustLastOrLackRoomOrHaveAPlace(t *testing.T) {
	t.Parallel()
	const gigabyte = 1 << 30
	for name, c := range map[string]struct {
		durable bool
		tmp     string
		free    uint64
		want    bool
	}{
		"room":           {false, "", 4 * gigabyte, true},
		"too little":     {false, "", 4*gigabyte - 1, false},
		"durable":        {true, "", 64 * gigabyte, false},
		"another place":  {false, "/somewhere", 64 * gigabyte, false},
		"no such folder": {false, "", 0, false},
	} {
		cfg := Config{Durable: c.durable, Getenv: env{"TMPDIR": c.tmp}.get}
		list := homes(cfg, func(string) uint64 { return c.free })
		if got := list[0] == memory; got != c.want || len(list) < 3 {
			t.Errorf("%s: %q", name, list)
		}
	}
}

func TestOnlyAFolderInMemoryHasRoomThere(t *testing.T) {
	t.Parallel()
	for _, dir := range []string{"/proc", "/none"} {
		if n := freeInMemory(dir); n != 0 {
			t.Errorf("%s: %d bytes are free in memory", dir, n)
		}
	}
}
