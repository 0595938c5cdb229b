package reads

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sqlkeel/sqlkeel/bench/database"
)

// Relay passes bytes between clients and the server of a URL until in ends, and writes
// the URL that leads through it to out. It holds each piece that a client sends for a
// time, without holding those behind it any longer, as a longer cable would. What the
// server sends passes at once.
//
// One thread does all, and waits for a timer of the kernel: Go's own timers are too
// coarse for less than a millisecond.
func Relay(dsn string, hold time.Duration, in io.Reader, out io.Writer) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer func() { _ = listener.Close() }()
	through, network, addr, err := database.Through(dsn, listener.Addr().String())
	if err != nil {
		return err
	}
	r, err := newRelay(hold)
	if err != nil {
		return err
	}
	go r.accept(listener, network, addr)
	go func() {
		_, _ = io.Copy(io.Discard, in)
		_ = r.wake.Close() // the loop sees its end
	}()
	if _, err := fmt.Fprintln(out, through); err != nil {
		return err
	}
	return r.loop()
}

// relay is what the thread knows.
type relay struct {
	hold          time.Duration
	epoll, timer  int
	links         chan [2]*os.File // a client and its server, new
	wake, wakened *os.File         // a byte for each of links
	ends          map[int32]*end
	queue         []held // in the order of their times
	buffer        []byte
}

// end is one side of a connection.
type end struct {
	file   *os.File
	fd     int
	other  *end
	client bool // what it sends is held
}

// held is what a client sent.
type held struct {
	due  time.Time
	to   *end
	data []byte
}

func newRelay(hold time.Duration) (*relay, error) {
	r := &relay{hold: hold, links: make(chan [2]*os.File, 1), ends: map[int32]*end{}, buffer: make([]byte, 64<<10)}
	var err error
	if r.wakened, r.wake, err = os.Pipe(); err != nil {
		return nil, err
	}
	if r.epoll, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return nil, os.NewSyscallError("epoll_create1", err)
	}
	if r.timer, err = unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC); err != nil {
		return nil, os.NewSyscallError("timerfd_create", err)
	}
	return r, errors.Join(r.watch(r.timer), r.watch(int(r.wakened.Fd())))
}

func (r *relay) watch(fd int) error {
	return os.NewSyscallError("epoll_ctl", unix.EpollCtl(r.epoll, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(fd)}))
}

// accept dials the server for each client and hands both to the loop.
func (r *relay) accept(listener net.Listener, network, addr string) {
	for {
		client, err := listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial(network, addr)
		if err != nil {
			_ = client.Close()
			continue
		}
		var link [2]*os.File
		for i, conn := range []net.Conn{client, server} {
			link[i], err = conn.(interface{ File() (*os.File, error) }).File()
			if err != nil {
				return
			}
			_ = conn.Close() // the file is a copy
		}
		r.links <- link
		if _, err := r.wake.Write([]byte{1}); err != nil {
			return
		}
	}
}

// loop runs until wake is closed.
func (r *relay) loop() error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	events := make([]unix.EpollEvent, 64)
	for {
		n, err := unix.EpollWait(r.epoll, events, -1)
		if err != nil && !errors.Is(err, unix.EINTR) {
			return os.NewSyscallError("epoll_wait", err)
		}
		for _, event := range events[:max(n, 0)] {
			switch fd := int(event.Fd); {
			case fd == r.timer:
				_, _ = unix.Read(fd, r.buffer[:8])
			case fd == int(r.wakened.Fd()):
				if n, _ := unix.Read(fd, r.buffer[:1]); n < 1 {
					return nil
				}
				if err := r.add(<-r.links); err != nil {
					return err
				}
			default:
				r.pass(r.ends[event.Fd])
			}
		}
		if err := r.release(); err != nil {
			return err
		}
	}
}

func (r *relay) add(link [2]*os.File) error {
	client, server := &end{file: link[0], client: true}, &end{file: link[1]}
	client.other, server.other = server, client
	for _, e := range []*end{client, server} {
		e.fd = int(e.file.Fd())
		r.ends[int32(e.fd)] = e
		if err := errors.Join(unix.SetNonblock(e.fd, true), r.watch(e.fd)); err != nil {
			return err
		}
	}
	return nil
}

// pass reads what an end sent. It is nil when the other side was closed before.
func (r *relay) pass(from *end) {
	if from == nil {
		return
	}
	n, err := unix.Read(from.fd, r.buffer)
	switch {
	case errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EINTR):
	case n <= 0:
		r.drop(from)
	case from.client:
		r.queue = append(r.queue, held{time.Now().Add(r.hold), from.other, append([]byte(nil), r.buffer[:n]...)})
	default:
		r.write(from.other, r.buffer[:n])
	}
}

// release passes on what was held for long enough, and sets the timer for the next.
func (r *relay) release() error {
	i := 0
	for ; i < len(r.queue) && time.Until(r.queue[i].due) <= 0; i++ {
		r.write(r.queue[i].to, r.queue[i].data)
	}
	r.queue = append(r.queue[:0], r.queue[i:]...)
	var next unix.ItimerSpec // zero switches it off
	if len(r.queue) > 0 {
		next.Value = unix.NsecToTimespec(max(1, time.Until(r.queue[0].due).Nanoseconds()))
	}
	return os.NewSyscallError("timerfd_settime", unix.TimerfdSettime(r.timer, 0, &next, nil))
}

// write waits for room when the other side does not read.
func (r *relay) write(to *end, data []byte) {
	for len(data) > 0 && r.ends[int32(to.fd)] == to {
		n, err := unix.Write(to.fd, data)
		switch {
		case errors.Is(err, unix.EAGAIN):
			_, _ = unix.Poll([]unix.PollFd{{Fd: int32(to.fd), Events: unix.POLLOUT}}, -1)
		case errors.Is(err, unix.EINTR):
		case err != nil:
			r.drop(to)
		default:
			data = data[n:]
		}
	}
}

// drop closes both sides.
func (r *relay) drop(e *end) {
	for _, e := range []*end{e, e.other} {
		delete(r.ends, int32(e.fd))
		_ = e.file.Close()
	}
}

// fineTimer makes the sleeps of the calling thread exact, until undo is called.
func fineTimer() (undo func()) {
	slack, _ := unix.PrctlRetInt(unix.PR_GET_TIMERSLACK, 0, 0, 0, 0)
	_ = unix.Prctl(unix.PR_SET_TIMERSLACK, 1, 0, 0, 0)
	return func() { _ = unix.Prctl(unix.PR_SET_TIMERSLACK, uintptr(max(slack, 1)), 0, 0, 0) }
}

// sleepUntil sleeps without Go's timers, which come a millisecond late when little runs.
func sleepUntil(t time.Time) {
	for left := time.Until(t); left > 0; left = time.Until(t) {
		spec := unix.NsecToTimespec(left.Nanoseconds())
		_ = unix.Nanosleep(&spec, nil)
	}
}
