package pgserver

import (
	"net"
	"testing"
)

// It runs alone: a process that another test is forking holds a copy of every
// descriptor, the closed listener's too, until it becomes another program.
func TestAPortCanBeListenedOnAgain(t *testing.T) {
	l, err := Listen()
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().(*net.TCPAddr)
	if !addr.IP.IsLoopback() || addr.Port < firstPort || addr.Port >= lastPort {
		t.Errorf("listens on %s", addr)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := net.Listen("tcp", addr.String())
	if err != nil {
		t.Fatalf("listen again: %v", err)
	}
	_ = again.Close()
}

func TestFreePortsAreFree(t *testing.T) {
	t.Parallel()
	port, err := FreePort()
	if err != nil || port < firstPort || port >= lastPort {
		t.Errorf("port %d, %v", port, err)
	}
}
