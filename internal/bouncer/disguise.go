//go:build unix

package bouncer

import (
	"bytes"
	"context"
	"net"
)

// Dial opens connections that the server announces with another process id than its
// own, as poolers do. Nothing is pooled.
func Dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return &disguise{Conn: conn}, nil
}

type disguise struct {
	net.Conn
	done bool
}

// announcement is how BackendKeyData begins, up to the process id.
var announcement = []byte{'K', 0, 0, 0, 12}

// Read finds the announcement in one piece, as a server sends it.
func (d *disguise) Read(p []byte) (int, error) {
	n, err := d.Conn.Read(p)
	if at := bytes.Index(p[:n], announcement); !d.done && at >= 0 && at+len(announcement) < n {
		p[at+len(announcement)] ^= 0x40
		d.done = true
	}
	return n, err
}
