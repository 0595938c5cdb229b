//go:build unix

package db

import (
	"net"
	"testing"
	"time"
)

// pgx starts a reader in the background when a write takes long, and leaves it
// blocked on the idle connection. A look at the socket must not wait for it.
func TestALookAtASocketDoesNotWaitForItsReader(t *testing.T) {
	t.Parallel()
	near, far := socketPair(t)
	read := make(chan struct{})
	go func() {
		defer close(read)
		_, _ = near.Read(make([]byte, 1))
	}()
	looked := make(chan sight)
	go func() {
		// The first looks may come before the reader is blocked.
		for range 100_000 {
			if s := newPeeker(near).look(); s != silent {
				looked <- s
				return
			}
		}
		looked <- silent
	}()
	select {
	case s := <-looked:
		if s != silent {
			t.Errorf("an open, silent socket looks %d, want %d", s, silent)
		}
	case <-time.After(10 * time.Second):
		t.Error("the look waits for the reader")
	}
	_ = far.Close()
	<-read
	if s := newPeeker(near).look(); s != ended {
		t.Errorf("a socket that the other side closed looks %d, want %d", s, ended)
	}
}

func TestALookAtASocketLeavesWhatWasReceived(t *testing.T) {
	t.Parallel()
	near, far := socketPair(t)
	if _, err := far.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	var got [1]byte
	for newPeeker(near).look() == silent { // until it arrives
	}
	if _, err := near.Read(got[:]); err != nil || got[0] != 'x' {
		t.Errorf("read %q, %v", got, err)
	}
}

// socketPair returns the two ends of a TCP connection.
func socketPair(t *testing.T) (near, far net.Conn) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	if near, err = net.Dial("tcp", listener.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if far, err = listener.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = near.Close(), far.Close() })
	return near, far
}
