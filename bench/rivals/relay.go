package rivals

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"sync"

	"github.com/sqlkeel/sqlkeel/bench/database"
)

// relay stands between clients and their server, and counts what they do by the
// messages of the protocol. So all drivers are counted alike.
type relay struct {
	listener      net.Listener
	network, addr string // of the server
	links         sync.WaitGroup

	mu     sync.Mutex
	closed bool              // guarded by mu
	conns  map[net.Conn]bool // guarded by mu
	counts counts            // guarded by mu
}

// counts are those of one or of several operations.
type counts struct {
	trips      int // times that a client asked and had to wait for the answer
	statements int // that the server ended
}

// startRelay relays to the server of a URL. The returned URL leads through the relay.
func startRelay(dsn string) (*relay, string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, "", err
	}
	r := &relay{listener: listener, conns: map[net.Conn]bool{}}
	through, network, addr, err := database.Through(dsn, listener.Addr().String())
	if err != nil {
		_ = listener.Close()
		return nil, "", err
	}
	r.network, r.addr = network, addr
	r.links.Go(r.accept)
	return r, through, nil
}

// close ends all connections and waits for it.
func (r *relay) close() {
	_ = r.listener.Close()
	r.mu.Lock()
	r.closed = true
	for conn := range r.conns {
		_ = conn.Close()
	}
	r.mu.Unlock()
	r.links.Wait()
}

// reset begins to count anew and returns what there was.
func (r *relay) reset() counts {
	r.mu.Lock()
	defer r.mu.Unlock()
	was := r.counts
	r.counts = counts{}
	return was
}

func (r *relay) add(c counts) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.counts.trips += c.trips
	r.counts.statements += c.statements
}

func (r *relay) accept() {
	for {
		client, err := r.listener.Accept()
		if err != nil {
			return
		}
		r.links.Go(func() { r.link(client) })
	}
}

// keep notes a connection, to be closed with the relay.
func (r *relay) keep(conn net.Conn) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.conns[conn] = true
	return !r.closed
}

// link relays one connection until either side ends it.
func (r *relay) link(client net.Conn) {
	defer func() { _ = client.Close() }()
	server, err := new(net.Dialer).DialContext(context.Background(), r.network, r.addr)
	if err != nil {
		return
	}
	defer func() { _ = server.Close() }()
	if !r.keep(client) || !r.keep(server) {
		return
	}
	l := &link{relay: r}
	var back sync.WaitGroup
	back.Go(func() {
		_ = copyMessages(client, server, l.fromServer)
		_ = client.Close()
	})
	if err := copyStart(server, client); err == nil {
		_ = copyMessages(server, client, l.fromClient)
	}
	_ = server.Close()
	back.Wait()
}

// link is the state of one connection.
type link struct {
	relay *relay
	mu    sync.Mutex
	asked int // questions without an answer, guarded by mu
}

func (l *link) fromClient(kind byte) {
	if kind != 'Q' && kind != 'S' { // Query, Sync
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.asked == 0 {
		l.relay.add(counts{trips: 1})
	}
	l.asked++
}

func (l *link) fromServer(kind byte) {
	switch kind {
	case 'Z': // ReadyForQuery
		l.mu.Lock()
		defer l.mu.Unlock()
		l.asked = max(l.asked-1, 0) // the first comes unasked
	case 'C': // CommandComplete
		l.relay.add(counts{statements: 1})
	}
}

// copyStart copies the first message of a client, which has no kind.
func copyStart(to io.Writer, from io.Reader) error {
	var size [4]byte
	if _, err := io.ReadFull(from, size[:]); err != nil {
		return err
	}
	if _, err := to.Write(size[:]); err != nil {
		return err
	}
	return copyBody(to, from, size)
}

func copyBody(to io.Writer, from io.Reader, size [4]byte) error {
	n := int64(binary.BigEndian.Uint32(size[:])) - int64(len(size))
	if n < 0 {
		return fmt.Errorf("a message of %d bytes", n)
	}
	_, err := io.CopyN(to, from, n)
	return err
}

// copyMessages copies messages and reports the kind of each before it is passed on.
func copyMessages(to io.Writer, from io.Reader, seen func(kind byte)) error {
	var head [5]byte
	for {
		if _, err := io.ReadFull(from, head[:]); err != nil {
			return err
		}
		seen(head[0])
		if _, err := to.Write(head[:]); err != nil {
			return err
		}
		if err := copyBody(to, from, [4]byte(head[1:])); err != nil {
			return err
		}
	}
}
