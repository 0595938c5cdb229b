package txn_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// A phenomenon is one of the anomalies that distinguish isolation levels, with a script
// that shows it where it is possible: the cases of Martin Kleppmann's Hermitage. Item 1
// begins as 10, item 2 as 20.
type phenomenon struct {
	name  string
	roles []role
	order string
	seen  func(o *outcome) bool // whether the anomaly was there; no role was refused
	// What PostgreSQL makes of it at each level.
	committed, repeatable, serializable string
}

const (
	occurs    = "occurs"
	prevented = "prevented"
)

var phenomena = []phenomenon{
	{
		name: "G0: two transactions write over each other's uncommitted items",
		roles: []role{
			{steps: []step{set(1, 11), set(2, 21)}},
			{steps: []step{set(1, 12), set(2, 22)}},
		},
		order:     "ABBAAB",
		seen:      func(o *outcome) bool { return o.state != "1 11, 2 21" && o.state != "1 12, 2 22" },
		committed: "prevented, B waits", repeatable: "B is refused, B waits", serializable: "B is refused, B waits",
	},
	{
		name: "G1a: what is read is rolled back afterwards",
		roles: []role{
			{steps: []step{set(1, 11)}, undo: true},
			{steps: []step{get(1), get(1)}},
		},
		order:     "ABABB",
		seen:      func(o *outcome) bool { return o.saw(1, 0) == "11" || o.saw(1, 1) == "11" },
		committed: prevented, repeatable: prevented, serializable: prevented,
	},
	{
		name: "G1b: what is read is not the last the writer makes of it",
		roles: []role{
			{steps: []step{set(1, 11), set(1, 12)}},
			{steps: []step{get(1), get(1)}},
		},
		order:     "ABAABB",
		seen:      func(o *outcome) bool { return o.saw(1, 0) == "11" },
		committed: prevented, repeatable: prevented, serializable: prevented,
	},
	{
		name: "G1c: two transactions each see what the other wrote",
		roles: []role{
			{steps: []step{set(1, 11), get(2)}},
			{steps: []step{set(2, 21), get(1)}},
		},
		order:     "ABABAB",
		seen:      func(o *outcome) bool { return o.saw(0, 1) == "21" && o.saw(1, 1) == "11" },
		committed: prevented, repeatable: prevented, serializable: "B is refused",
	},
	{
		name: "OTV: what was seen of a transaction vanishes",
		roles: []role{
			{steps: []step{set(1, 11), set(2, 21)}},
			{steps: []step{set(1, 12), set(2, 22)}},
			{steps: []step{get(1), get(2)}},
		},
		order:     "AABACCBBC",
		seen:      func(o *outcome) bool { return o.saw(2, 0) == "12" && o.saw(2, 1) == "21" },
		committed: "prevented, B waits", repeatable: "B is refused, B waits", serializable: "B is refused, B waits",
	},
	{
		name: "PMP: another row appears that fits the condition",
		roles: []role{
			{steps: []step{find("value = 30"), find("value % 3 = 0")}},
			{steps: []step{add(3, 30)}},
		},
		order:     "ABBAA",
		seen:      func(o *outcome) bool { return o.saw(0, 0) == "" && o.saw(0, 1) == "3 30" },
		committed: occurs, repeatable: prevented, serializable: prevented,
	},
	{
		name: "PMP with a write condition: a deletion misses the row that was found by the same condition",
		roles: []role{
			{steps: []step{say("UPDATE items SET value = value + 10")}},
			{steps: []step{find("value = 20"), say("DELETE FROM items WHERE value = 20")}},
		},
		order:     "BABAB",
		seen:      func(o *outcome) bool { return o.saw(1, 0) == "2 20" && strings.Contains(o.state, "2 30") },
		committed: "occurs, B waits", repeatable: "B is refused, B waits", serializable: "B is refused, B waits",
	},
	{
		name: "P4: an update is lost",
		roles: []role{
			{steps: []step{getKeep(1), setMore(1, 1)}},
			{steps: []step{getKeep(1), setMore(1, 2)}},
		},
		order:     "ABABAB",
		seen:      func(o *outcome) bool { return o.state != "1 13, 2 20" },
		committed: "occurs, B waits", repeatable: "B is refused, B waits", serializable: "B is refused, B waits",
	},
	{
		name: "G-single: of two reads one is before and one after another's work",
		roles: []role{
			{steps: []step{get(1), get(2)}},
			{steps: []step{set(1, 12), set(2, 22)}},
		},
		order:     "ABBBAA",
		seen:      func(o *outcome) bool { return o.saw(0, 0) == "10" && o.saw(0, 1) == "22" },
		committed: occurs, repeatable: prevented, serializable: prevented,
	},
	{
		name: "G-single by conditions: a row is moved out of one and into the other between",
		roles: []role{
			{steps: []step{find("value % 5 = 0"), find("value % 3 = 0")}},
			{steps: []step{say("UPDATE items SET value = 12 WHERE value = 10")}},
		},
		order:     "ABBAA",
		seen:      func(o *outcome) bool { return o.saw(0, 0) == "1 10, 2 20" && o.saw(0, 1) == "1 12" },
		committed: occurs, repeatable: prevented, serializable: prevented,
	},
	{
		name: "G-single with a write: a deletion finds other items than the read before it",
		roles: []role{
			{steps: []step{get(1), say("DELETE FROM items WHERE value = 20")}},
			{steps: []step{set(1, 12), set(2, 22)}},
		},
		order:     "ABBBAA",
		seen:      func(o *outcome) bool { return o.saw(0, 0) == "10" && o.saw(0, 1) == "DELETE 0" },
		committed: occurs, repeatable: "A is refused", serializable: "A is refused",
	},
	{
		name: "G2-item: two decide by the same two items, and each changes one",
		roles: []role{
			{steps: []step{find("id IN (1, 2)"), set(1, 11)}},
			{steps: []step{find("id IN (1, 2)"), set(2, 21)}},
		},
		order:     "ABABAB",
		seen:      func(o *outcome) bool { return o.saw(0, 0) == o.saw(1, 0) },
		committed: occurs, repeatable: occurs, serializable: "B is refused",
	},
	{
		name: "G2: two find nothing that fits a condition, and each adds a row that does",
		roles: []role{
			{steps: []step{find("value % 3 = 0"), add(3, 30)}},
			{steps: []step{find("value % 3 = 0"), add(4, 42)}},
		},
		order:     "ABABAB",
		seen:      func(o *outcome) bool { return o.saw(0, 0) == o.saw(1, 0) },
		committed: occurs, repeatable: occurs, serializable: "B is refused",
	},
	{
		name: "G2 with a reader: only what a third one read makes it an anomaly",
		roles: []role{
			{steps: []step{find("true"), set(1, 0)}},
			{steps: []step{set(2, 25)}},
			{steps: []step{find("true")}},
		},
		order:     "ABBCCAA",
		seen:      func(o *outcome) bool { return o.saw(0, 0) == "1 10, 2 20" && o.saw(2, 0) == "1 10, 2 25" },
		committed: occurs, repeatable: occurs, serializable: "A is refused",
	},
}

func get(id int) step { return say(fmt.Sprintf("SELECT value FROM items WHERE id = %d", id)) }

func getKeep(id int) step {
	return keep("value", fmt.Sprintf("SELECT value FROM items WHERE id = %d", id))
}

func set(id, value int) step {
	return say(fmt.Sprintf("UPDATE items SET value = %d WHERE id = %d", value, id))
}

// setMore sets what getKeep read and a bit more.
func setMore(id, more int) step {
	return say(fmt.Sprintf("UPDATE items SET value = $1 + %d WHERE id = %d", more, id), "value")
}

func add(id, value int) step {
	return say(fmt.Sprintf("INSERT INTO items VALUES (%d, %d)", id, value))
}

func find(condition string) step {
	return say("SELECT id, value FROM items WHERE " + condition + " ORDER BY id")
}

// saw is what a step of a role that was not refused saw.
func (o *outcome) saw(role, step int) string { return o.actors[role].saw[step] }

func (ph *phenomenon) play() *play {
	return &play{
		name:   ph.name,
		schema: "CREATE TABLE items (id int PRIMARY KEY, value int NOT NULL)",
		fill:   "DELETE FROM items; INSERT INTO items VALUES (1, 10), (2, 20)",
		state:  "SELECT id, value FROM items ORDER BY id",
		roles:  ph.roles,
		torn:   ph.order,
	}
}

// verdict says in words what came of the script.
func (ph *phenomenon) verdict(o *outcome) string {
	var words []string
	for i, a := range o.actors {
		switch {
		case refused(a.err):
			words = append(words, fmt.Sprintf("%c is refused", 'A'+i))
		case a.err != nil && !a.role.undo:
			words = append(words, fmt.Sprintf("%c fails: %v", 'A'+i, a.err))
		}
	}
	if words == nil {
		words = []string{prevented}
		if ph.seen(o) {
			words[0] = occurs
		}
	}
	for i, a := range o.actors {
		if a.waited {
			words = append(words, fmt.Sprintf("%c waits", 'A'+i))
		}
	}
	return strings.Join(words, ", ")
}

func TestEachLevelPreventsThePhenomenaThatItPromisesToPrevent(t *testing.T) {
	t.Parallel()
	stage := newStage(t, phenomena[4].play())
	for i := range phenomena {
		ph := &phenomena[i]
		stage.show(ph.play())
		for _, at := range []struct {
			level pgx.TxIsoLevel
			want  string
		}{
			{autocommit, occurs}, // without transactions all are real: the script would show them
			{pgx.ReadUncommitted, ph.committed},
			{pgx.ReadCommitted, ph.committed},
			{pgx.RepeatableRead, ph.repeatable},
			{pgx.Serializable, ph.serializable},
		} {
			o := stage.perform(ph.order, at.level, 1)
			if got := ph.verdict(&o); got != at.want {
				t.Errorf("%s\nat %s: got %q, want %q; the outcome is\n%v", ph.name, at.level, got, at.want, &o)
			}
		}
	}
}

// With retries the same scripts, and other orders of their steps, have the
// outcome of a serial order.
func TestThePhenomenaAreRepeatedUntilTheyAreSerial(t *testing.T) {
	t.Parallel()
	stage := newStage(t, phenomena[4].play())
	for i := range phenomena {
		p := phenomena[i].play()
		stage.show(p)
		if _, err := stage.check(p.orders(8), pgx.Serializable, manyAttempts); err != nil {
			t.Error(err)
		}
	}
}
