package reads

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"testing"
	"time"
)

// echo answers each line with itself, and returns where it listens.
func echo(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() { _, _ = io.Copy(conn, conn); _ = conn.Close() }()
		}
	}()
	return listener.Addr().String()
}

// relayTo runs a relay until the test ends, and returns where it listens.
func relayTo(t *testing.T, addr string, hold time.Duration) (via string, stop func() error) {
	t.Helper()
	in, stopIn := io.Pipe()
	fromOut, out := io.Pipe()
	ended := make(chan error, 1)
	go func() { ended <- Relay("postgres://tester@"+addr+"/books?sslmode=disable", hold, in, out) }()
	line, err := bufio.NewReader(fromOut).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(strings.TrimSpace(line))
	if err != nil || u.Path != "/books" || u.User.Username() != "tester" {
		t.Fatalf("%s: %v", line, err)
	}
	return u.Host, func() error { _ = stopIn.Close(); return <-ended }
}

func TestARelayHoldsWhatAClientSends(t *testing.T) {
	t.Parallel()
	const hold = 5 * time.Millisecond
	via, stop := relayTo(t, echo(t), hold)
	conn, err := net.Dial("tcp", via)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	lines := bufio.NewReader(conn)
	for i := range 5 {
		begun := time.Now()
		if _, err := fmt.Fprintf(conn, "line %d\n", i); err != nil {
			t.Fatal(err)
		}
		got, err := lines.ReadString('\n')
		if want := fmt.Sprintf("line %d\n", i); got != want || err != nil {
			t.Fatalf("got %q, %v, want %q", got, err, want)
		}
		if took := time.Since(begun); took < hold {
			t.Errorf("line %d took %v, want at least %v", i, took, hold)
		}
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}

func TestARelayKeepsBytesOfSeveralClientsInTheirOrder(t *testing.T) {
	t.Parallel()
	via, stop := relayTo(t, echo(t), time.Millisecond)
	failed := make(chan error)
	for i := range 4 {
		go func() { failed <- sendMuch(via, byte('a'+i)) }()
	}
	for range 4 {
		if err := <-failed; err != nil {
			t.Error(err)
		}
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}

// sendMuch sends more than the buffers hold, and compares what comes back.
func sendMuch(via string, first byte) error {
	conn, err := net.Dial("tcp", via)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	sent := make([]byte, 4<<20)
	for i := range sent {
		sent[i] = first + byte(i/1000)
	}
	go func() { _, _ = conn.Write(sent) }()
	got := make([]byte, len(sent))
	if _, err := io.ReadFull(conn, got); err != nil {
		return err
	}
	if string(got) != string(sent) {
		return fmt.Errorf("client %c got other bytes than it sent", first)
	}
	return nil
}

func TestARelayClosesBothSides(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	via, stop := relayTo(t, listener.Addr().String(), time.Millisecond)
	for _, clientFirst := range []bool{true, false} {
		client, err := net.Dial("tcp", via)
		if err != nil {
			t.Fatal(err)
		}
		server, err := listener.Accept()
		if err != nil {
			t.Fatal(err)
		}
		first, second := client, server
		if !clientFirst {
			first, second = server, client
		}
		_ = first.Close()
		if n, err := second.Read(make([]byte, 1)); n != 0 || err == nil {
			t.Errorf("the other side read %d bytes, %v", n, err)
		}
		_ = second.Close()
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}
