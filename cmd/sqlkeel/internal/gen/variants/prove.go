package variants

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/catalog"
	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/effects"
	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/fold"
	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/project"
	"github.com/sqlkeel/sqlkeel/stmt/generated"
)

// Type is the type that PostgreSQL gives to a parameter.
type Type = effects.Type

// Find returns what may be cut out of a statement of which result is known, or nil when
// nothing may; and what looks as if it could be cut and stays, with the reason. An error
// is the connection's or ctx's.
func Find(ctx context.Context, a *effects.Analyzer, cat *catalog.Catalog, st *project.Statement, result *effects.Result) (*Plan, []*project.Problem, error) {
	f := look(st, result.Params)
	if len(f.conditions)+len(f.orders) == 0 || result.Query == nil {
		return nil, nil, nil
	}
	if n := len(result.Params); n > effects.MaxParams {
		return nil, []*project.Problem{{Pos: st.Pos, Statement: st.Name, Message: fmt.Sprintf("nothing is pruned: of its %d parameters PostgreSQL's analysed form has %d", n, effects.MaxParams)}}, nil
	}
	if err := f.settle(ctx, a, cat); err != nil {
		return nil, nil, err
	}
	if f.find(); len(f.params)+len(f.hints) == 0 {
		return nil, f.remarks, nil
	}
	full, err := a.Compile(ctx, []string{st.SQL})
	if err != nil || full[0].Query == nil {
		return nil, f.remarks, err
	}
	t := &trial{finder: f, analyzer: a, full: full[0], folder: fold.New(cat, full[0].Query)}
	p, err := t.find(ctx)
	t.explain()
	return p, f.remarks, err
}

// trial is a statement whose variants are to be proven.
type trial struct {
	*finder
	analyzer *effects.Analyzer
	full     effects.Compiled
	folder   *fold.Folder
}

// find tries each parameter alone, and then those together with which it went well.
func (t *trial) find(ctx context.Context) (*Plan, error) {
	var good []*Param
	var alone *Plan
	uncut := false
	for _, param := range t.params {
		p, why, err := t.alone(ctx, param)
		if err != nil {
			return nil, err
		}
		if p == nil {
			t.stays(param.Param, param.place, why)
			continue
		}
		good, alone, uncut = append(good, param), p, uncut || p.uncut
	}
	if len(good) < 2 {
		return alone, nil
	}
	if bits(good) > maxBits {
		t.remark(0, "nothing is pruned: its parameters have more values than a variant can name")
		return nil, nil
	}
	p := t.plan(good, uncut)
	if p.partly {
		t.remark(0, fmt.Sprintf("it has so many optional parts that only %d combinations of them are pruned", len(p.masks)))
	}
	why, err := t.prove(ctx, p)
	if err != nil {
		return nil, err
	}
	if why != "" {
		t.remark(0, "some combinations are not pruned: "+why)
	}
	if len(p.masks) == 0 {
		return nil, nil
	}
	return p, nil
}

// alone returns a plan for one parameter; nil when it chooses nothing, and why.
func (t *trial) alone(ctx context.Context, param *Param) (p *Plan, why string, err error) {
	if why := t.folder.Refused(param.Param); why != "" {
		return nil, why, nil
	}
	if len(param.Values) > maxBits {
		return nil, "it has more values than a variant can name", nil
	}
	for _, uncut := range []bool{false, true} {
		p = t.plan([]*Param{param}, uncut)
		wrong, err := t.prove(ctx, p)
		if err != nil || wrong == "" {
			return p, "", err
		}
		why = cmp.Or(why, wrong)
	}
	return nil, why, nil
}

// maxBits is how many values a mask can tell apart.
const maxBits = 62

// explain reports parameters that are asked something which does not choose.
func (t *trial) explain() {
	for _, n := range slices.Sorted(maps.Keys(t.hints)) {
		if !slices.ContainsFunc(t.params, func(p *Param) bool { return p.Param == n }) {
			why := cmp.Or(t.folder.Refused(n), "it is asked for something else than NULL, a constant, true or false, or no elements")
			t.stays(n, t.hints[n], why)
		}
	}
}

func bits(params []*Param) (n int) {
	for _, p := range params {
		n += len(p.Values)
	}
	return n
}

// plan cuts the text for some parameters.
func (f *finder) plan(params []*Param, uncut bool) *Plan {
	p := &Plan{Statement: f.statement, uncut: uncut}
	bit := generated.Mask(1)
	for _, param := range params {
		p.Params = append(p.Params, *param)
		p.choosers = append(p.choosers, &chooser{Param: param, bit: bit, kind: f.kinds[param.Param-1]})
		bit <<= len(param.Values)
	}
	edits := f.source.placeholders()
	for _, s := range f.sites {
		if !slices.ContainsFunc(s.params, func(n int) bool { return p.chooser(n) != nil }) {
			continue
		}
		whole := f.source.part(s.span)
		edits = append(edits, f.source.apart(edit{start: whole.start, end: whole.end, choices: p.choices(s, s.params, state{})}))
	}
	p.segments = render(f.source.sql, edits)
	p.masks, p.partly = combine(p.choosers)
	return p
}

// prove keeps the variants that are the full statement. why says what is wrong with the
// first that is not.
func (t *trial) prove(ctx context.Context, p *Plan) (why string, err error) {
	v := p.Stmt()
	texts, params := make([]string, len(p.masks)), make([][]int, len(p.masks))
	for i, m := range p.masks {
		texts[i], params[i] = v.Assemble(m)
	}
	compiled, err := t.analyzer.Compile(ctx, texts)
	if err != nil {
		return "", err
	}
	var proven []generated.Mask
	for i, m := range p.masks {
		wrong := t.judge(&compiled[i], params[i], p.assume(m))
		if wrong == "" {
			proven = append(proven, m)
		} else if why == "" {
			why = fmt.Sprintf("the variant %s %s", p.describe(m), wrong)
		}
	}
	p.partly = p.partly || len(proven) < len(p.masks)
	p.masks = proven
	return why, nil
}

// judge says how a variant is not the full statement.
func (t *trial) judge(v *effects.Compiled, params []int, a fold.Assumption) string {
	if v.Query == nil {
		return "is refused: " + v.Refused
	}
	if why := unlike(&t.full, v, params); why != "" {
		return why
	}
	if why := t.folder.Differs(v.Query, params, a); why != "" {
		return "says something else: " + why
	}
	return ""
}

// assume is what is known of the arguments in a variant.
func (p *Plan) assume(m generated.Mask) fold.Assumption {
	a := fold.Assumption{}
	for _, c := range p.choosers {
		s := fold.State{Not: c.Values}
		for i, v := range c.Values {
			if m&(c.bit<<i) != 0 {
				s = fold.State{Is: &v}
			}
		}
		a[c.Param.Param] = s
	}
	return a
}

// describe names a variant by its arguments.
func (p *Plan) describe(m generated.Mask) string {
	var with []string
	for _, c := range p.choosers {
		is := c.Name + " of another value"
		for i, v := range c.Values {
			if m&(c.bit<<i) != 0 {
				is = c.Name + " = " + v.String()
			}
		}
		with = append(with, is)
	}
	return "with " + strings.Join(with, ", ")
}

// unlike says where the types of a variant are not those of the full statement.
func unlike(full, v *effects.Compiled, params []int) string {
	if len(v.Params) != len(params) {
		return fmt.Sprintf("has %d parameters instead of %d", len(v.Params), len(params))
	}
	for i, n := range params {
		if v.Params[i] != full.Params[n-1] {
			return fmt.Sprintf("gives its $%d another type than the statement's $%d", i+1, n)
		}
	}
	if len(v.Fields) != len(full.Fields) {
		return fmt.Sprintf("has %d result columns instead of %d", len(v.Fields), len(full.Fields))
	}
	for i, f := range full.Fields {
		if g := v.Fields[i]; g.Name != f.Name || g.DataTypeOID != f.DataTypeOID || g.TypeModifier != f.TypeModifier {
			return fmt.Sprintf("gives column %d another name or type", i+1)
		}
	}
	return ""
}
