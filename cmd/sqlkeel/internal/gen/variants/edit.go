package variants

import (
	"slices"

	"github.com/sqlkeel/sqlkeel/stmt/generated"
)

// edit replaces a span of the text by one of several alternatives.
type edit struct {
	start, end int
	choices    []choice
}

// choice is written when all bits of need and none of absent are set.
type choice struct {
	need, absent generated.Mask
	parts        []part
}

// part is a text, a span of the statement whose own edits apply, or a placeholder.
type part struct {
	text       string
	start, end int
	param      int
	cast       string
}

// render cuts the text into segments.
func render(sql string, edits []edit) []generated.Segment {
	slices.SortStableFunc(edits, func(a, b edit) int {
		if a.start != b.start {
			return a.start - b.start
		}
		return b.end - a.end
	})
	r := renderer{sql: sql, edits: edits}
	r.span(0, len(sql), 0, 0, 0)
	return r.segments
}

type renderer struct {
	sql      string
	edits    []edit
	segments []generated.Segment
}

// span writes a part of the text with the edits in it, from the first one on, under a
// condition.
func (r *renderer) span(start, end, first int, need, absent generated.Mask) {
	at := start
	for i, e := range r.edits[first:] {
		if e.start < at || e.end > end {
			continue
		}
		r.text(r.sql[at:e.start], need, absent)
		for _, c := range e.choices {
			if n, a := need|c.need, absent|c.absent; n&a == 0 {
				r.parts(c.parts, first+i+1, n, a)
			}
		}
		at = e.end
	}
	r.text(r.sql[at:end], need, absent)
}

// parts writes what an edit puts in the place of a span; those after it may be in it.
func (r *renderer) parts(parts []part, after int, need, absent generated.Mask) {
	for _, p := range parts {
		switch {
		case p.param != 0:
			last := r.segment(need, absent)
			last.Param, last.Type = p.param, p.cast
		case p.end > p.start:
			r.span(p.start, p.end, after, need, absent)
		default:
			r.text(p.text, need, absent)
		}
	}
}

func (r *renderer) text(s string, need, absent generated.Mask) {
	if s != "" {
		r.segment(need, absent).Text += s
	}
}

// segment returns the one to write to: the last when it may grow, or a new one.
func (r *renderer) segment(need, absent generated.Mask) *generated.Segment {
	if n := len(r.segments); n > 0 {
		last := &r.segments[n-1]
		if last.Param == 0 && last.Need == need && last.Absent == absent {
			return last
		}
	}
	r.segments = append(r.segments, generated.Segment{Need: need, Absent: absent})
	return &r.segments[len(r.segments)-1]
}
