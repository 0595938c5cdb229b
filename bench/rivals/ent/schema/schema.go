// Package schema is what ent makes its code of. The tables are those of package store.
package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
)

// Author has books.
type Author struct{ ent.Schema }

// Fields are the columns of authors.
func (Author) Fields() []ent.Field {
	return []ent.Field{field.Int64("id"), field.String("name")}
}

// Edges lead to the books.
func (Author) Edges() []ent.Edge {
	return []ent.Edge{edge.To("books", Book.Type)}
}

// Book has an author.
type Book struct{ ent.Schema }

// Fields are the columns of books.
func (Book) Fields() []ent.Field {
	return []ent.Field{
		field.Int64("id"),
		field.Int64("author_id"),
		field.String("isbn").Unique(),
		field.String("title"),
		field.Int64("price"),
		field.Int32("stock"),
		field.Time("added_at"),
	}
}

// Edges lead to the author.
func (Book) Edges() []ent.Edge {
	return []ent.Edge{edge.From("author", Author.Type).Ref("books").Field("author_id").Unique().Required()}
}
