package db

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Report is how a database and its pool are. Its form as JSON is for readers and
// dashboards; times are in nanoseconds where the name says so.
type Report struct {
	Target string    `json:"target"`
	State  State     `json:"state"`
	Since  time.Time `json:"since"` // of the state
	Why    string    `json:"why"`   // the state was entered

	Server struct { // as last seen
		Version  string    `json:"version"`
		Role     string    `json:"role"` // primary or replica
		ReadOnly bool      `json:"read_only"`
		Started  time.Time `json:"started"`
	} `json:"server"`
	Pooler Pooler   `json:"pooler"` // what stands between, as last seen or as configured
	Schema string   `json:"schema"` // compared with Config.Statements: unchecked, matches, or "differs: " and the relations
	Probes struct { // of the last five minutes, or the last 4096
		Count       int      `json:"count"`
		Failed      int      `json:"failed"`
		SuccessRate float64  `json:"success_rate"` // 0 to 1
		Latency     struct { // of those answered: the 50th, 95th and 99th percentiles
			P50 time.Duration `json:"p50_ns"`
			P95 time.Duration `json:"p95_ns"`
			P99 time.Duration `json:"p99_ns"`
		} `json:"latency"`
		Last time.Time `json:"last"` // when it began
	} `json:"probes"`
	Changes []struct { // of the state, the last 20, oldest first
		At    time.Time `json:"at"`
		State State     `json:"state"` // the new one
		Why   string    `json:"why"`
	} `json:"changes"`
	Errors []struct { // the last 20 of probes, dead connections and callers without one, oldest first
		At       time.Time `json:"at"`
		SQLSTATE string    `json:"sqlstate,omitempty"`
		Kind     string    `json:"kind"` // as package pgerr calls it
		Message  string    `json:"message"`
	} `json:"errors,omitempty"`

	Pool        Stats   `json:"pool"`
	Utilisation float64 `json:"utilisation"`      // part of the connections in use, 0 to 1
	Oldest      *Lease  `json:"oldest,omitempty"` // the lease that began first
}

// The parts of a Report.
type (
	serverInfo = struct {
		Version  string    `json:"version"`
		Role     string    `json:"role"`
		ReadOnly bool      `json:"read_only"`
		Started  time.Time `json:"started"`
	}
	percentiles = struct {
		P50 time.Duration `json:"p50_ns"`
		P95 time.Duration `json:"p95_ns"`
		P99 time.Duration `json:"p99_ns"`
	}
	probeStats = struct {
		Count       int         `json:"count"`
		Failed      int         `json:"failed"`
		SuccessRate float64     `json:"success_rate"`
		Latency     percentiles `json:"latency"`
		Last        time.Time   `json:"last"`
	}
	stateChange = struct {
		At    time.Time `json:"at"`
		State State     `json:"state"`
		Why   string    `json:"why"`
	}
	errorRecord = struct {
		At       time.Time `json:"at"`
		SQLSTATE string    `json:"sqlstate,omitempty"`
		Kind     string    `json:"kind"`
		Message  string    `json:"message"`
	}
)

// Health returns what the monitor last saw and how the pool is now. It takes
// no connection.
func (d *DB) Health() Report {
	r := Report{Target: d.cfg.Name, Pool: d.stats(), Oldest: d.ledger.oldest()}
	r.Utilisation, r.Pooler = float64(r.Pool.InUse)/float64(r.Pool.Max), d.pooler()
	m := d.monitor
	m.mu.Lock()
	defer m.mu.Unlock()
	last := m.changes[len(m.changes)-1]
	r.State, r.Since, r.Why = last.State, last.At, last.Why
	r.Schema = m.schema
	r.Server, r.Probes = m.server, m.probes.stats(time.Now())
	r.Changes, r.Errors = slices.Clone(m.changes), slices.Clone(m.errors)
	return r
}

// Ready reports whether requests may come: the server answered the last probe. It did
// so in the states up, degraded and read-only. For writes see State. Liveness of the
// process does not depend on the database.
func (r Report) Ready() bool { return r.State == Up || r.State == Degraded || r.State == ReadOnly }

// String is the report in a few lines.
func (r Report) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s is %v since %s: %s\n", r.Target, r.State, r.Since.Format(time.RFC3339), r.Why)
	if r.Server.Version != "" {
		fmt.Fprintf(&b, "server:  PostgreSQL %s, %s, started %s\n", r.Server.Version, r.Server.Role, r.Server.Started.Format(time.RFC3339))
	}
	if r.Pooler == Session || r.Pooler == Transaction {
		fmt.Fprintf(&b, "pooler:  in %v mode\n", r.Pooler)
	}
	if r.Schema != schemaUnchecked {
		fmt.Fprintf(&b, "schema:  %s\n", r.Schema)
	}
	fmt.Fprintf(&b, "probes:  %d in five minutes, %.1f%% answered, %v\n", r.Probes.Count, 100*r.Probes.SuccessRate, times(r.Probes.Latency))
	fmt.Fprintf(&b, "pool:    %d of %d in use (%.0f%%), %d idle, %d being opened, %d callers waiting\n",
		r.Pool.InUse, r.Pool.Max, 100*r.Utilisation, r.Pool.Idle, r.Pool.Constructing, r.Pool.Waiting)
	fmt.Fprintf(&b, "acquire: %d, %d timeouts, %v\n", r.Pool.Acquires, r.Pool.AcquireTimeouts, times(r.Pool.AcquireWait))
	if r.Oldest != nil {
		fmt.Fprintf(&b, "oldest:  %s\n", r.Oldest.describe())
	}
	if n := len(r.Errors); n > 0 {
		e := r.Errors[n-1]
		fmt.Fprintf(&b, "errors:  %d, the last at %s: %s\n", n, e.At.Format(time.RFC3339), e.Message)
	}
	return b.String()
}

func times(p percentiles) string { return fmt.Sprintf("p50 %v, p95 %v, p99 %v", p.P50, p.P95, p.P99) }
