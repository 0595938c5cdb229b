package exec

import (
	"github.com/sqlkeel/sqlkeel/internal/rowkey"
	"github.com/sqlkeel/sqlkeel/stmt"
)

// NewRun returns one execution of a statement with args. It copies the arguments that
// are row keys of writes, so that the caller may reuse args.
func NewRun(e *stmt.Effects, args []any) stmt.Run {
	r := stmt.Run{Effects: e}
	for _, k := range e.WriteKeys {
		if k.Param < 1 || k.Param > len(args) {
			continue
		}
		value, known := copied(k, args[k.Param-1])
		if !known {
			continue
		}
		if r.Args == nil {
			r.Args = make([]any, len(args))
			for i := range r.Args {
				r.Args[i] = notKnown{}
			}
		}
		r.Args[k.Param-1] = value
	}
	return r
}

func copied(k stmt.RowKey, arg any) (value any, known bool) {
	if k.Each {
		return rowkey.Elements(arg)
	}
	return rowkey.Copy(arg)
}

// notKnown stands for the value of an argument that was not copied: it may be
// equal to any other.
type notKnown struct{}
