package variants

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	pg "github.com/sqlc-dev/oliphant"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/project"
	"github.com/sqlkeel/sqlkeel/stmt/generated"
)

// Prove puts every variant together, compares what it says with what is meant, and
// lets the server prepare it. The error is a *[project.Problem] that names the first
// variant which does not fit the full statement, so that the statement must not be
// pruned; or what ended ctx or the connection. It leaves nothing prepared.
func (p *Plan) Prove(ctx context.Context, conn *pgx.Conn) error {
	v := p.Stmt()
	proofs := make([]proof, 0, len(p.masks))
	for _, m := range p.masks {
		proofs = append(proofs, p.assemble(v, m))
	}
	if err := p.compareTrees(proofs); err != nil {
		return err
	}
	return p.prepare(ctx, conn, proofs)
}

// proof is a variant on trial.
type proof struct {
	mask   generated.Mask
	text   string
	params []int
}

func (p *Plan) assemble(v *generated.Variants, m generated.Mask) proof {
	text, params := v.Assemble(m)
	return proof{m, text, params}
}

// refuse says that a variant does not fit.
func (p *Plan) refuse(m generated.Mask, why string) error {
	return &project.Problem{Pos: p.Statement.Pos, Statement: p.Statement.Name, Message: fmt.Sprintf("is not pruned: the variant %s %s", p.describe(m), why)}
}

// describe names a variant by its parameters.
func (p *Plan) describe(m generated.Mask) string {
	var with []string
	for i, f := range p.Filters {
		if m>>i&1 == 1 {
			with = append(with, f.Name)
		}
	}
	for i := range p.sortLiterals() {
		if m&p.literalBit(i) != 0 {
			with = append(with, fmt.Sprintf("%s = '%s'", p.Sort.Name, p.Sort.Literals[i]))
		}
	}
	if len(with) == 0 {
		return "without optional parts"
	}
	return "with " + strings.Join(with, ", ")
}

func (p *Plan) sortLiterals() []string {
	if p.Sort == nil {
		return nil
	}
	return p.Sort.Literals
}

// compareTrees makes sure that each text says what the plan means by it.
func (p *Plan) compareTrees(proofs []proof) error {
	for _, t := range proofs {
		tree, err := pg.Parse(t.text)
		if err != nil {
			return p.refuse(t.mask, fmt.Sprintf("cannot be parsed: %v", err))
		}
		if len(tree.Stmts) != 1 || print(tree.Stmts[0].Stmt, nil) != print(p.source.tree, p.meant(t)) {
			return p.refuse(t.mask, "does not say what it should: its text cannot be cut there")
		}
	}
	return nil
}

// meant is what the tree of the full statement becomes in a variant.
func (p *Plan) meant(t proof) map[any]any {
	swap := map[any]any{}
	for _, g := range p.groups {
		swap[g.or] = g.tree(t.mask)
	}
	has := func(literals []string) bool {
		for i, l := range p.sortLiterals() {
			if t.mask&p.literalBit(i) != 0 && slices.Contains(literals, l) {
				return true
			}
		}
		return false
	}
	for _, it := range p.items {
		it.tree(has, swap)
	}
	for _, ref := range p.source.params {
		k, _ := slices.BinarySearch(t.params, int(ref.Number))
		arg := &pg.Node{Node: &pg.Node_ParamRef{ParamRef: &pg.ParamRef{Number: int32(k + 1)}}}
		swap[ref] = &pg.TypeCast{Arg: arg, TypeName: p.source.casts[ref.Number-1]}
	}
	return swap
}

// prepare has the server judge all variants in one round trip or few.
func (p *Plan) prepare(ctx context.Context, conn *pgx.Conn, proofs []proof) error {
	full, err := conn.PgConn().Prepare(ctx, "", p.Statement.SQL, nil)
	var refused *pgconn.PgError
	if errors.As(err, &refused) {
		return &project.Problem{Pos: p.Statement.Pos, Statement: p.Statement.Name, Message: "is not pruned: " + refused.Message}
	}
	if err != nil {
		return fmt.Errorf("prepare %s: %w", p.Statement.Name, err)
	}
	for batch := range slices.Chunk(proofs, 64) {
		if err := p.prepareBatch(ctx, conn, full, batch); err != nil {
			return err
		}
	}
	return nil
}

func (p *Plan) prepareBatch(ctx context.Context, conn *pgx.Conn, full *pgconn.StatementDescription, batch []proof) (err error) {
	pipe := conn.PgConn().StartPipeline(ctx)
	defer func() {
		if closed := pipe.Close(); err == nil && closed != nil {
			err = fmt.Errorf("prepare the variants of %s: %w", p.Statement.Name, closed)
		}
	}()
	for _, t := range batch {
		pipe.SendPrepare("", t.text, nil)
		if err := pipe.Sync(); err != nil {
			return fmt.Errorf("prepare the variants of %s: %w", p.Statement.Name, err)
		}
	}
	for _, t := range batch {
		if err := p.judge(pipe, full, t); err != nil {
			return err
		}
	}
	return nil
}

// judge reads what the server says of one variant.
func (p *Plan) judge(pipe *pgconn.Pipeline, full *pgconn.StatementDescription, t proof) error {
	got, err := pipe.GetResults()
	var refused *pgconn.PgError
	if errors.As(err, &refused) {
		return p.refuse(t.mask, "is refused: "+refused.Message)
	}
	if err != nil {
		return fmt.Errorf("prepare the variants of %s: %w", p.Statement.Name, err)
	}
	description, ok := got.(*pgconn.StatementDescription)
	if !ok {
		return fmt.Errorf("prepare the variants of %s: unexpected %T", p.Statement.Name, got)
	}
	if why := unlike(full, description, t.params); why != "" {
		return p.refuse(t.mask, why)
	}
	if _, err := pipe.GetResults(); err != nil {
		return fmt.Errorf("prepare the variants of %s: %w", p.Statement.Name, err)
	}
	return nil
}

// unlike says where the types of a variant are not those of the full statement.
func unlike(full, v *pgconn.StatementDescription, params []int) string {
	if len(v.ParamOIDs) != len(params) {
		return fmt.Sprintf("has %d parameters instead of %d", len(v.ParamOIDs), len(params))
	}
	for i, n := range params {
		if v.ParamOIDs[i] != full.ParamOIDs[n-1] {
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
