package rivals

import "context"

// Arm is one of the libraries that are compared.
type Arm struct {
	Name   string
	Module string // of which the version is printed, or empty for the standard library
	About  string // how it is used, in a sentence
	Open   func(context.Context, Options) (*Store, error)
	// CacheOnly is an arm of the workloads with a cache, and of no other.
	CacheOnly bool
}

// Options are those of one use of an arm.
type Options struct {
	DSN   string // a URL
	Conns int    // the most connections, which are kept open
	Cache bool   // results are cached
}

// Store has the operations of an arm on one database, each safe for concurrent use. An
// operation without Run is one that the arm cannot do.
type Store struct {
	Ping           Op[None, int]
	BookByID       Op[int64, Book]
	BooksAfter     Op[Range, []Book]
	InsertBook     Op[Book, int64]   // returns the id
	InsertBooks    Op[[]Book, int64] // one statement; returns how many
	CopyBooks      Op[[]Book, int64] // the COPY protocol; returns how many
	UpsertBook     Op[Book, int64]   // by the ISBN; returns the id
	SetPrice       Op[Price, int64]  // an error unless there is the book; returns how many
	AuthorsWith    Op[Range, []Author]
	Search         Op[Filter, []Book]
	Keyset         Op[Keyset, []Book]
	Offset         Op[Offset, []Book]
	CachedBookByID Op[int64, Book]    // from memory when it may
	ByTitle        Op[*int64, []Book] // id, title and price of all books or of one, by title and id
	Flagged        Op[Flagged, []Book]
	Close          func()
}

// None is no argument.
type None struct{}

// Op is an operation with an argument of A and a result that is compared as R.
type Op[A, R any] struct {
	// Run does it and drops the result. This is what is timed.
	Run func(context.Context, A) error
	// Result does it and returns the result in the common form.
	Result func(context.Context, A) (R, error)
	// Why says, in place of the two, why an arm cannot do it.
	Why string
}

// Plain is an operation whose result has the common form already.
func Plain[A, R any](do func(context.Context, A) (R, error)) Op[A, R] {
	return Op[A, R]{
		Run:    func(ctx context.Context, arg A) error { _, err := do(ctx, arg); return err },
		Result: do,
	}
}

// As is an operation whose result is of the arm's own type; common converts it, outside
// the timer.
func As[A, T, R any](do func(context.Context, A) (T, error), common func(T) R) Op[A, R] {
	return Op[A, R]{
		Run: func(ctx context.Context, arg A) error { _, err := do(ctx, arg); return err },
		Result: func(ctx context.Context, arg A) (R, error) {
			own, err := do(ctx, arg)
			if err != nil {
				var none R
				return none, err
			}
			return common(own), nil
		},
	}
}

// Each converts the elements of a slice.
func Each[T, R any](convert func(T) R) func([]T) []R {
	return func(list []T) []R {
		converted := make([]R, len(list))
		for i, element := range list {
			converted[i] = convert(element)
		}
		return converted
	}
}
