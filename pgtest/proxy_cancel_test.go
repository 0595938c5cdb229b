package pgtest

import (
	"encoding/binary"
	"io"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
)

// cancel asks the server to stop what a session does, and waits until it has
// heard that.
func (w *wire) cancel(bare *pgconn.HijackedConn) {
	w.t.Helper()
	c := dial(w.t, w.proxy.Addr())
	key := binary.BigEndian.AppendUint32(nil, bare.PID)
	if _, err := c.Write(packet(codeCancel, string(append(key, bare.SecretKey...)))); err != nil {
		w.t.Fatal(err)
	}
	c.hearsEnd(io.EOF)
}

func TestBlockedCancelRequestsDoNotReachTheServer(t *testing.T) {
	t.Parallel()
	w := newWire(t)
	w.slow()
	bare := w.hijack(w.dial())
	ask := func(id string) {
		w.write(bare, simple("begin"), simple("INSERT INTO items VALUES ("+id+")"), simple("commit"))
		w.waits(bare.PID)
		w.cancel(bare)
	}
	w.proxy.BlockCancelRequests(true)
	ask("1")
	w.unlock()
	if got, err := hear(bare, 3); got != "CZT CZT CZI " || err != nil {
		t.Errorf("heard %q, %v", got, err)
	}
	w.lock()
	w.proxy.BlockCancelRequests(false)
	ask("2")
	if got, err := hear(bare, 3); got != "CZT CZT 57014ZI " || err != nil {
		t.Errorf("heard %q, %v", got, err)
	}
	w.applied(1)
}
