package txn

import (
	"bytes"
	"context"
	"io"
	"net"
	"sync"

	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/jackc/pgx/v5/pgxpool"
)

// fate is what the network does to a COMMIT.
type fate int

const (
	delivered    fate = iota
	cutBefore         // lost on its way, and the connection with it
	cutAfter          // executed; the answer is lost, and the connection with it
	fatalBefore       // lost; the answer is a FATAL error
	fatalAfter        // executed; the answer is a FATAL error
	silence           // executed; no answer ever comes
	unknown40003      // executed; the answer is 40003, of severity ERROR
	unknown08007      // executed; the answer is 08007, of severity ERROR
	late              // held up until release; the client's connection is lost at once
	fates             // how many there are
)

// wire is the network under a pool: it counts, and decides the fate of COMMITs.
type wire struct {
	lets    bool // requests to cancel pass
	mu      sync.Mutex
	next    []fate // of the COMMITs to come; delivered when there are none
	dials   int
	flushes int
	held    []*wireConn // whose COMMIT is late
}

func (w *wire) attach(cfg *pgxpool.Config) {
	cfg.ConnConfig.DialFunc = func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		w.dials++
		return &wireConn{Conn: conn, wire: w}, nil
	}
}

func (w *wire) plan(next ...fate) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.next = next
}

func (w *wire) counts() (dials, flushes int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.dials, w.flushes
}

// undial takes back the count of a connection that begins no session.
func (w *wire) undial() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.dials--
}

func (w *wire) decide(p []byte) fate {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.flushes++
	if !bytes.Equal(p, commitMessage) || len(w.next) == 0 {
		return delivered
	}
	f := w.next[0]
	w.next = w.next[1:]
	return f
}

var commitMessage, _ = (&pgproto3.Query{String: "commit"}).Encode(nil)

// cancelRequest is how a request to cancel begins: its length and its code.
var cancelRequest = []byte{0, 0, 0, 16, 0x04, 0xd2, 0x16, 0x2e}

// wireConn belongs to one pgconn, which writes and reads by turns.
type wireConn struct {
	net.Conn
	wire   *wire
	answer *bytes.Reader // what is read instead of the server's answer, when not nil
	cut    bool          // the connection ends after it
	late   bool          // the server's side stays until wire.release
}

func (c *wireConn) Write(p []byte) (int, error) {
	if c.late {
		return len(p), nil // pgx says good-bye
	}
	if bytes.HasPrefix(p, cancelRequest) {
		c.wire.undial()
		if c.wire.lets {
			return c.Conn.Write(p)
		}
		return len(p), c.Conn.Close() // lost: what ends a COMMIT early is not to be luck
	}
	f := c.wire.decide(p)
	switch f {
	case delivered:
		return c.Conn.Write(p)
	case cutBefore, fatalBefore:
		_ = c.Conn.Close()
	case late:
		c.wire.hold(c)
	default:
		if err := c.deliver(p); err != nil {
			return 0, err
		}
	}
	c.answer, c.cut = bytes.NewReader(answers[f]), f < silence || f == late
	return len(p), nil
}

// deliver has the server execute p.
func (c *wireConn) deliver(p []byte) error {
	if _, err := c.Conn.Write(p); err != nil {
		return err
	}
	_, err := c.Conn.Read(make([]byte, 4096))
	return err
}

func (c *wireConn) Read(p []byte) (int, error) {
	if c.answer == nil {
		return c.Conn.Read(p)
	}
	if n, _ := c.answer.Read(p); n > 0 {
		return n, nil
	}
	if c.cut {
		_ = c.Close()
		return 0, io.EOF
	}
	c.answer = nil
	return c.Conn.Read(p)
}

// Close leaves the connection of a late COMMIT open.
func (c *wireConn) Close() error {
	if c.late {
		return nil
	}
	return c.Conn.Close()
}

func (w *wire) hold(c *wireConn) {
	w.mu.Lock()
	defer w.mu.Unlock()
	c.late = true
	w.held = append(w.held, c)
}

// release has the late COMMITs arrive, and waits until the server has answered
// them or has ended the connection.
func (w *wire) release() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.held {
		_ = c.deliver(commitMessage)
		_ = c.Conn.Close()
	}
	w.held = nil
}

// answers stand for the server's answer to a COMMIT that was not delivered as usual.
var answers = map[fate][]byte{
	fatalBefore:  answer("FATAL", "57P01"),
	fatalAfter:   answer("FATAL", "57P01"),
	unknown40003: answer("ERROR", "40003"),
	unknown08007: answer("ERROR", "08007"),
}

func answer(severity, code string) []byte {
	b, _ := (&pgproto3.ErrorResponse{Severity: severity, SeverityUnlocalized: severity, Code: code}).Encode(nil)
	if severity == "ERROR" {
		b, _ = (&pgproto3.ReadyForQuery{TxStatus: 'I'}).Encode(b)
	}
	return b
}
