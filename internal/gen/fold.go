package gen

import (
	"fmt"
	"strings"
)

// places is how many further places of one cause are named.
const places = 3

// fold makes one problem of those that have one cause: something that the server
// does not have. The first place stays, and tells how many follow.
func fold(list Problems) Problems {
	byCause := map[string][]int{}
	for i, p := range list {
		if p.Missing != "" && !p.Warning {
			byCause[p.Missing] = append(byCause[p.Missing], i)
		}
	}
	var folded Problems
	for i, p := range list {
		same := byCause[p.Missing]
		switch {
		case p.Missing == "" || p.Warning || len(same) == 1:
			folded = append(folded, p)
		case same[0] == i:
			first := *p
			first.Message += further(list, same[1:])
			folded = append(folded, &first)
		}
	}
	return folded
}

func further(list Problems, more []int) string {
	var named []string
	for _, i := range more[:min(len(more), places)] {
		named = append(named, strings.TrimSpace(list[i].Pos.String()+" "+list[i].Statement))
	}
	if len(more) > places {
		named = append(named, "…")
	}
	statements := "statements need"
	if len(more) == 1 {
		statements = "statement needs"
	}
	return fmt.Sprintf("; %d more %s it (%s): name what makes it under schema:, use a server whose version and extensions have it, "+
		"or set statements aside with @opaque, a file with @opaque-file", len(more), statements, strings.Join(named, ", "))
}
