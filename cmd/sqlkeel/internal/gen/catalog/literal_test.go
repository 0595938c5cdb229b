package catalog

import "testing"

func TestATextIsSettledOrNot(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		quoted string
		oid    OID
		want   bool
	}{
		{"'2026-01-01'", dateOID, true}, {"'2026-01-01'", timestampOID, true}, {"'2026-01-01'", timestamptzOID, false},
		{"'2026-01-01 10:00+02'", timestamptzOID, true}, {"'2026-01-01 10:00 CET'", timestamptzOID, false}, {"'01/02/2026'", dateOID, false},
		{"'Today'", dateOID, false}, {"'fiction'", dateOID, true}, {"'1 day'", intervalOID, true}, {"'1 day'", dateOID, true}, {"'-1 2:03'", intervalOID, false},
		{"'1'", moneyOID, false}, {"E'2026-01-01'", dateOID, false}, {"$$2026-01-01$$", dateOID, false}, {"", dateOID, false},
	} {
		if got := isSettled(c.quoted, c.oid); got != c.want {
			t.Errorf("%s as %d: %v", c.quoted, c.oid, got)
		}
	}
}

const moneyOID OID = 790
