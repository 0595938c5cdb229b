package db

import (
	"context"
	"encoding/json"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/pgtest"
)

// changesOf makes cfg tell its changes of state.
func changesOf(cfg *Config) <-chan Report {
	reports := make(chan Report, 100)
	cfg.OnHealthChange = func(r Report) { reports <- r }
	return reports
}

func TestTheReportFollowsTheServer(t *testing.T) {
	t.Parallel()
	server := pgtest.NewServer(t)
	log := &lines{}
	cfg := Config{
		DSN: server.DSN(), Name: "shop", HealthInterval: time.Hour, HealthTimeout: patience, Logger: logTo(log, slog.LevelInfo),
	}
	changes := changesOf(&cfg)
	d := start(t, cfg)
	r := receive(t, "up", changes)
	if r.State != Up || !r.Ready() || r.Server.Role != "primary" || r.Server.Version == "" || r.Server.Started.IsZero() {
		t.Errorf("after Open: %+v", r)
	}
	server.Stop()
	d.monitor.probe(t.Context()) // beside run, which sleeps for an hour
	r = receive(t, "down", changes)
	if r.State != Down || r.Ready() || r.Why == "" || r.Probes.Failed != 1 || r.Probes.SuccessRate >= 1 {
		t.Errorf("with the server stopped: %+v", r)
	}
	if n := len(r.Errors); n == 0 || r.Errors[n-1].Kind != "disconnected" {
		t.Errorf("errors %+v", r.Errors)
	}
	before := r.Server.Started
	server.Start()
	d.monitor.probe(t.Context())
	r = receive(t, "up again", changes)
	if r.State != Up || !r.Ready() || !r.Server.Started.After(before) {
		t.Errorf("with the server back: %+v", r)
	}
	var states []State
	for _, c := range d.Health().Changes {
		states = append(states, c.State)
	}
	if len(states) != 4 || states[0] != Starting || states[1] != Up || states[2] != Down || states[3] != Up {
		t.Errorf("changes %v", states)
	}
	if text := strings.Join(log.all(), ""); !strings.Contains(text, "level=WARN msg=health db=shop from=up to=down") {
		t.Errorf("the log has no change to down:\n%s", text)
	}
}

func TestTheMonitorProbesByItself(t *testing.T) {
	t.Parallel()
	d := start(t, Config{DSN: pgtest.New(t).DSN(), HealthInterval: 20 * time.Millisecond})
	eventually(t, "three more probes", func() bool { return d.Health().Probes.Count > 3 })
}

// stateWhenExhausted is the report of a probe while every connection is in use and a
// caller waits.
func stateWhenExhausted(t *testing.T, timeout time.Duration) Report {
	t.Helper()
	d := start(t, Config{
		DSN: pgtest.New(t).DSN(), MaxConns: 1, AcquireTimeout: patience, HealthInterval: time.Hour, HealthTimeout: timeout,
	})
	tx, err := d.BeginTx(t.Context(), pgx.TxOptions{})
	if err != nil {
		t.Fatal(err)
	}
	waiting := make(chan error, 1)
	go func() { waiting <- d.QueryRow(t.Context(), "SELECT 1").Scan(nil) }()
	eventually(t, "a waiting caller", func() bool { return d.stats().Waiting == 1 })
	d.monitor.probe(t.Context()) // beside run, which sleeps for an hour
	r := d.Health()
	if err := tx.Rollback(t.Context()); err != nil {
		t.Error(err)
	}
	if err := receive(t, "the waiting caller", waiting); err != nil {
		t.Error(err)
	}
	eventually(t, "up again", func() bool {
		d.monitor.probe(t.Context())
		return d.Health().State == Up
	})
	return r
}

func TestAPoolInFullUseIsNotTakenForADeadServer(t *testing.T) {
	t.Parallel()
	r := stateWhenExhausted(t, patience)
	if r.State != Degraded || !r.Ready() || r.Utilisation != 1 || r.Oldest == nil || !strings.Contains(r.Why, "every connection is in use") {
		t.Errorf("%+v", r)
	}
}

func TestTheMonitorsConnectionMayEndWithoutAnAlarm(t *testing.T) {
	t.Parallel()
	pg := pgtest.New(t)
	conn := pg.Conn()
	d := start(t, Config{DSN: pg.DSN(), HealthInterval: time.Hour, HealthTimeout: patience})
	number(t, conn, `SELECT count(pg_terminate_backend(pid, 10000)) FROM pg_stat_activity
		WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'`)
	d.monitor.probe(t.Context()) // beside run, which sleeps for an hour
	if r := d.Health(); r.State != Up || r.Probes.Failed != 0 || r.Probes.Count != 2 {
		t.Errorf("%+v", r)
	}
}

func TestADatabaseThatTakesNoWritesIsReadOnly(t *testing.T) {
	t.Parallel()
	pg := pgtest.New(t)
	d := start(t, Config{DSN: pg.DSN() + "&default_transaction_read_only=on"})
	if r := d.Health(); r.State != ReadOnly || !r.Ready() || !r.Server.ReadOnly {
		t.Errorf("%+v", r)
	}
}

func TestAnAcquireTimeoutDegrades(t *testing.T) {
	t.Parallel()
	if state, why := judge(serverInfo{}, nil, Stats{Max: 1}, 2); state != Degraded || why != "2 callers got no connection in time since the last probe" {
		t.Errorf("%v: %s", state, why)
	}
	if state, why := judge(serverInfo{ReadOnly: true, Role: "replica"}, nil, Stats{}, 0); state != ReadOnly || why != "the server is a replica" {
		t.Errorf("%v: %s", state, why)
	}
}

func TestAReportIsReadableAndJSON(t *testing.T) {
	t.Parallel()
	d := start(t, Config{DSN: pgtest.New(t).DSN(), Name: "shop"})
	tx, err := d.BeginTx(t.Context(), pgx.TxOptions{})
	if err != nil {
		t.Fatal(err)
	}
	r := d.Health()
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"shop is up since", "1 of 10 in use (10%)", "100.0% answered", "PostgreSQL", "oldest:  pid", "health_test.go"} {
		if !strings.Contains(r.String(), want) {
			t.Errorf("%q is not in\n%s", want, r)
		}
	}
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	var back Report
	if err := json.Unmarshal(text, &back); err != nil || back.State != Up || back.Pool.InUse != 1 || back.Oldest.PID != r.Oldest.PID {
		t.Errorf("%v: %s", err, text)
	}
	if !strings.Contains(string(text), `"state":"up"`) {
		t.Errorf("%s", text)
	}
}

func TestReadyIsWhatTheServerAnswers(t *testing.T) {
	t.Parallel()
	for _, s := range []State{Starting, Up, Degraded, ReadOnly, Down} {
		if want := s == Up || s == Degraded || s == ReadOnly; (Report{State: s}).Ready() != want {
			t.Errorf("%v: ready is not %v", s, want)
		}
	}
}

func TestProbesOlderThanTheWindowDoNotCount(t *testing.T) {
	t.Parallel()
	begin := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	log := probeLog{limit: 100}
	for i := range 20 { // ten minutes; the first half of them failed
		log.add(probe{at: begin.Add(time.Duration(i) * 30 * time.Second), took: time.Duration(i) * time.Millisecond, failed: i < 10})
	}
	s := log.stats(begin.Add(19 * 30 * time.Second))
	// Five minutes back from the last probe, at 570 s, begins the ninth, at 270 s.
	if s.Count != 11 || s.Failed != 1 || s.SuccessRate != 10.0/11 {
		t.Errorf("%+v", s)
	}
	if s.Latency.P50 != 14*time.Millisecond || s.Latency.P99 != 19*time.Millisecond {
		t.Errorf("latency %v", s.Latency)
	}
	if s := log.stats(begin.Add(time.Hour)); s.Count != 0 || s.SuccessRate != 0 {
		t.Errorf("an hour later: %+v", s)
	}
	short := probeLog{limit: 3}
	for range 10 {
		short.add(probe{at: begin})
	}
	if n := len(short.list); n != 3 {
		t.Errorf("%d probes are kept", n)
	}
}

func TestQuantilesAreNearestRanks(t *testing.T) {
	t.Parallel()
	s := newSamples(100)
	if q := s.quantiles(); q != (percentiles{}) {
		t.Errorf("of nothing: %v", q)
	}
	for i := range 250 { // of which 151 to 250 stay
		s.add(time.Duration(i + 1))
	}
	if q, want := s.quantiles(), (percentiles{P50: 200, P95: 245, P99: 249}); q != want {
		t.Errorf("%v, want %v", q, want)
	}
	if s.count() != 250 {
		t.Errorf("count %d", s.count())
	}
	if q := quantilesOf([]time.Duration{7}); q.P50 != 7 || q.P99 != 7 {
		t.Errorf("of one: %v", q)
	}
}

// leaving ends a context when the second query is sent on the connection: the first
// is a part of connecting. The query goes out when the driver has noticed, lest the
// answer comes first.
type leaving struct {
	net.Conn
	queries int
	leave   context.CancelFunc
	noticed chan struct{} // has room for one
}

// SetDeadline is how the driver cuts a connection short.
func (l *leaving) SetDeadline(at time.Time) error {
	err := l.Conn.SetDeadline(at)
	if !at.IsZero() {
		select {
		case l.noticed <- struct{}{}:
		default:
		}
	}
	return err
}

func (l *leaving) Write(p []byte) (int, error) {
	if len(p) > 0 && p[0] == 'Q' {
		if l.queries++; l.queries == 2 {
			select {
			case <-l.noticed: // of something before
			default:
			}
			l.leave()
			<-l.noticed
		}
	}
	return l.Conn.Write(p)
}

func TestOpenDoesNotReturnInTheStateStarting(t *testing.T) {
	t.Parallel()
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	d, err := open(ctx, Config{DSN: pgtest.New(t).DSN(), HealthInterval: time.Hour}, hooks{
		dial: func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := new(net.Dialer).DialContext(ctx, network, address)
			return &leaving{Conn: conn, leave: leave, noticed: make(chan struct{}, 1)}, err
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if r := d.Health(); r.State != Down || !strings.Contains(r.Why, "canceled") {
		t.Errorf("the state is %v: %s", r.State, r.Why)
	}
	if err := d.Close(t.Context()); err != nil {
		t.Error(err)
	}
}
