package pgtest

import (
	"bufio"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// echo is a server that sends back each line it gets.
func echo(t *testing.T) (addr string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var work sync.WaitGroup
	work.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			work.Go(func() {
				_, _ = io.Copy(conn, conn)
				_ = conn.Close()
			})
		}
	})
	t.Cleanup(func() { _ = l.Close(); work.Wait() })
	return l.Addr().String()
}

// client is a connection that says lines and hears answers.
type client struct {
	net.Conn
	t *testing.T
	r *bufio.Reader
}

func dial(t *testing.T, addr string) *client {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return &client{conn, t, bufio.NewReader(conn)}
}

func (c *client) say(line string) {
	c.t.Helper()
	if _, err := c.Write([]byte(line + "\n")); err != nil {
		c.t.Fatal(err)
	}
}

func (c *client) hears(line string) {
	c.t.Helper()
	if err := c.SetReadDeadline(time.Now().Add(bound)); err != nil {
		c.t.Fatal(err)
	}
	if got, err := c.r.ReadString('\n'); err != nil || got != line+"\n" {
		c.t.Fatalf("heard %q, %v; want %q", got, err, line)
	}
}

// hearsNothing looks for an answer a short while: that it is silent shows in what
// arrives after Resume.
func (c *client) hearsNothing() {
	c.t.Helper()
	if err := c.SetReadDeadline(time.Now().Add(50 * time.Millisecond)); err != nil {
		c.t.Fatal(err)
	}
	if got, err := c.r.ReadString('\n'); !errors.Is(err, os.ErrDeadlineExceeded) {
		c.t.Fatalf("heard %q, %v; want nothing", got, err)
	}
}

func (c *client) hearsEnd(want error) {
	c.t.Helper()
	if err := c.SetReadDeadline(time.Now().Add(bound)); err != nil {
		c.t.Fatal(err)
	}
	if _, err := c.r.ReadString('\n'); !errors.Is(err, want) {
		c.t.Fatalf("the end is %v, want %v", err, want)
	}
}

func awaitLive(t *testing.T, p *Proxy, want int) {
	t.Helper()
	err := until(t.Context(), func() (bool, error) { return p.Live() == want, nil })
	if err != nil {
		t.Fatalf("%d connections live, want %d", p.Live(), want)
	}
}

func TestAProxyCarriesAndCounts(t *testing.T) {
	t.Parallel()
	p := NewProxy(t, echo(t))
	for i := range 3 {
		c := dial(t, p.Addr())
		c.say("hello")
		c.hears("hello")
		if p.Dials() != i+1 || p.Live() != 1 {
			t.Errorf("after %d: %d dials, %d live", i, p.Dials(), p.Live())
		}
		_ = c.Close()
		awaitLive(t, p, 0)
	}
}

func TestAProxyCarriesMoreThanItsBuffer(t *testing.T) {
	t.Parallel()
	p := NewProxy(t, echo(t))
	c := dial(t, p.Addr())
	line := strings.Repeat("x", 1<<20)
	sent := make(chan error, 1)
	go func() { _, err := c.Write([]byte(line + "\n")); sent <- err }()
	c.hears(line)
	if err := <-sent; err != nil {
		t.Error(err)
	}
}

func TestCutResetsLiveConnectionsAndOnlyThem(t *testing.T) {
	t.Parallel()
	p := NewProxy(t, echo(t))
	a, b := dial(t, p.Addr()), dial(t, p.Addr())
	a.say("x")
	a.hears("x")
	b.say("x")
	b.hears("x")
	p.Cut()
	a.hearsEnd(syscall.ECONNRESET)
	b.hearsEnd(syscall.ECONNRESET)
	awaitLive(t, p, 0)
	c := dial(t, p.Addr())
	c.say("still")
	c.hears("still")
}

func TestHangSilencesAllAndResumeDeliversWhatWasHeldBack(t *testing.T) {
	t.Parallel()
	p := NewProxy(t, echo(t))
	old := dial(t, p.Addr())
	old.say("before")
	old.hears("before")
	p.Hang()
	p.Hang() // twice is as once
	old.say("during")
	old.hearsNothing()
	young := dial(t, p.Addr())
	young.say("young")
	young.hearsNothing()
	p.Resume()
	old.hears("during")
	young.hears("young")
	next := dial(t, p.Addr())
	next.say("after")
	next.hears("after")
	if p.Dials() != 3 {
		t.Errorf("%d dials, want 3", p.Dials())
	}
}

func TestHangExistingLeavesNewConnectionsAlone(t *testing.T) {
	t.Parallel()
	p := NewProxy(t, echo(t))
	old := dial(t, p.Addr())
	old.say("before")
	old.hears("before")
	p.HangExisting()
	young := dial(t, p.Addr())
	young.say("young")
	young.hears("young")
	old.say("during")
	old.hearsNothing()
	p.Resume()
	old.hears("during")
}

func TestASilentNetworkDoesNotTellThatAPeerHasGone(t *testing.T) {
	t.Parallel()
	p := NewProxy(t, echo(t))
	c := dial(t, p.Addr())
	c.say("x")
	c.hears("x")
	p.Hang()
	if err := c.Conn.(*net.TCPConn).CloseWrite(); err != nil { // the server would answer by closing
		t.Fatal(err)
	}
	c.hearsNothing()
	p.Resume()
	c.hearsEnd(io.EOF)
}

func TestASilentConnectionCanBeCut(t *testing.T) {
	t.Parallel()
	p := NewProxy(t, echo(t))
	old := dial(t, p.Addr())
	old.say("x")
	old.hears("x")
	p.Hang()
	young := dial(t, p.Addr())
	awaitLive(t, p, 2)
	p.Cut()
	old.hearsEnd(syscall.ECONNRESET)
	young.hearsEnd(syscall.ECONNRESET)
	awaitLive(t, p, 0)
}

func TestRefuseRefusesNewConnectionsUntilResume(t *testing.T) {
	t.Parallel()
	p := NewProxy(t, echo(t))
	old := dial(t, p.Addr())
	old.say("x")
	old.hears("x")
	p.Refuse()
	p.Refuse()
	if conn, err := net.Dial("tcp", p.Addr()); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Fatalf("dial: %v, %v; want refused", conn, err)
	}
	old.say("still")
	old.hears("still")
	p.Resume()
	young := dial(t, p.Addr())
	young.say("young")
	young.hears("young")
}

func TestWithoutAServerClientsSeeTheirConnectionClosed(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = l.Close()
	p := NewProxy(t, l.Addr().String())
	dial(t, p.Addr()).hearsEnd(io.EOF)
	awaitLive(t, p, 0)
}

func TestTheEndOfTheTestClosesTheProxy(t *testing.T) {
	t.Parallel()
	fake := newFakeT("TestWithProxy")
	var p *Proxy
	fake.run(func() {
		p = NewProxy(fake, echo(t))
		p.Hang()
		dial(t, p.Addr())
		dial(t, p.Addr())
	})
	if conn, err := net.Dial("tcp", p.Addr()); err == nil {
		_ = conn.Close()
		t.Error("it still listens")
	}
	p.Resume() // too late, and no harm
	if p.Live() != 0 || fake.Failed() {
		t.Errorf("%d live, failed %t: %q", p.Live(), fake.Failed(), fake.messages)
	}
}

func TestADSNLeadsThroughTheProxyToTheServer(t *testing.T) {
	t.Parallel()
	base := New(t).DSN()
	addr, err := address(base)
	if err != nil {
		t.Fatal(err)
	}
	p := NewProxy(t, addr)
	if got := query[int32](t, p.DSN(base), "SELECT 1"); got != 1 || p.Dials() != 1 {
		t.Errorf("got %d over %d dials", got, p.Dials())
	}
	fake := newFakeT("TestWithKeywords")
	fake.run(func() { NewProxy(fake, addr).DSN("host=localhost") })
	if err := fake.said("must be a URL"); err != nil {
		t.Error(err)
	}
}
