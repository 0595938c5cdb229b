package pgserver

import (
	"fmt"
	"strings"
	"testing"
)

func isReady(o *output) bool {
	select {
	case <-o.ready:
		return true
	default:
		return false
	}
}

func TestReadyIsHeardWhereverTheOutputIsCut(t *testing.T) {
	t.Parallel()
	const line = "2026-01-01 LOG:  database system is ready to accept connections\n"
	for cut := range len(line) {
		o := newOutput()
		write(t, o, line[:cut])
		if isReady(o) {
			t.Fatalf("ready after %q", line[:cut])
		}
		write(t, o, line[cut:])
		if !isReady(o) {
			t.Fatalf("not ready after a cut at %d", cut)
		}
		write(t, o, line) // a second time must not panic
	}
}

func TestAStandbyIsReadyWhenItCanBeRead(t *testing.T) {
	t.Parallel()
	for _, words := range []string{"read-only connections", "read only connections", "connections"} {
		o := newOutput()
		o.readOnly = true
		write(t, o, "LOG:  entering standby mode\n")
		if isReady(o) {
			t.Error("ready too early")
		}
		write(t, o, "LOG:  database system is ready to accept "+words+"\n")
		if !isReady(o) {
			t.Errorf("not ready to accept %s", words)
		}
	}
}

func TestOtherLinesAreNotReadiness(t *testing.T) {
	t.Parallel()
	o := newOutput()
	write(t, o, "LOG:  database system was shut down\nLOG:  database system is ready to accept read-only connections\n")
	if isReady(o) {
		t.Error("ready too early")
	}
}

func TestTheTailKeepsTheLastLines(t *testing.T) {
	t.Parallel()
	o := newOutput()
	for i := range 100 {
		write(t, o, fmt.Sprintf("line %d\n", i))
	}
	write(t, o, "and a part")
	lines := strings.Split(o.tail(), "\n")
	if len(lines) != keptLines+1 || lines[0] != "line 88" || lines[keptLines] != "and a part" {
		t.Errorf("tail %q", lines)
	}
}

func write(t *testing.T, o *output, s string) {
	t.Helper()
	if n, err := o.Write([]byte(s)); n != len(s) || err != nil {
		t.Fatalf("Write: %d, %v", n, err)
	}
}
