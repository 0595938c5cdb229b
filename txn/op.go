package txn

import "github.com/jackc/pgx/v5"

// Op describes a unit of work.
type Op struct {
	// Name stands for the operation in errors and logs. It must be given, and
	// should be one of a few: no ids in it.
	Name string
	// Iso is the isolation level. Default: the server's default_transaction_isolation.
	Iso pgx.TxIsoLevel
	// ReadOnly makes the server refuse writes. Default: the server's
	// default_transaction_read_only.
	ReadOnly bool
	// Deferrable lets a serializable read-only transaction wait for a snapshot
	// with which it cannot fail; it is refused with any other. The wait has no
	// bound but ctx.
	Deferrable bool
	// MaxAttempts overrides Config.MaxAttempts; 1 means never again. Default:
	// Config.MaxAttempts.
	MaxAttempts int
}

func (op *Op) validate() error {
	switch op.Iso {
	case "", pgx.Serializable, pgx.RepeatableRead, pgx.ReadCommitted, pgx.ReadUncommitted:
	default:
		return &InvalidError{Field: "Op.Iso", Problem: "is not an isolation level: " + string(op.Iso)}
	}
	switch {
	case op.Name == "":
		return &InvalidError{Field: "Op.Name", Problem: "is empty"}
	case op.MaxAttempts < 0:
		return &InvalidError{Field: "Op.MaxAttempts", Problem: "is negative"}
	case op.Deferrable && (op.Iso != pgx.Serializable || !op.ReadOnly):
		return &InvalidError{Field: "Op.Deferrable", Problem: "has a meaning only with Iso: pgx.Serializable and ReadOnly"}
	}
	return nil
}

func (op *Op) options() pgx.TxOptions {
	options := pgx.TxOptions{IsoLevel: op.Iso}
	if op.ReadOnly {
		options.AccessMode = pgx.ReadOnly
	}
	if op.Deferrable {
		options.DeferrableMode = pgx.Deferrable
	}
	return options
}
