// Package kinds has the Go types that stand for composites in package typed.
package kinds

// Place is the composite place.
type Place struct {
	Street *string
	Number *int32
	Mood   *string
	Tags   []string
}

// Trip is the composite trip.
type Trip struct {
	Origin Place
	Stops  []Place
}
