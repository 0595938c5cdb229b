package project

import (
	"errors"
	"fmt"

	"go.yaml.in/yaml/v3"
)

// options reads sqlkeel's own section of the configuration:
//
//	options:
//	  sqlkeel:
//	    role: app
//
// sqlc leaves a section that is named after none of its plugins alone.
func (p *Project) options(c *config) error {
	node, given := c.Options["sqlkeel"]
	if !given {
		return nil
	}
	at := func(n *yaml.Node, format string, args ...any) error {
		return &Problem{Pos: Position{File: p.Config, Line: n.Line, Column: n.Column}, Message: fmt.Sprintf(format, args...)}
	}
	if node.Kind == yaml.AliasNode {
		node = *node.Alias
	}
	if node.Kind != yaml.MappingNode {
		return at(&node, "options: sqlkeel: must be a map, such as {role: app}")
	}
	var errs []error
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		if value.Kind == yaml.AliasNode {
			value = value.Alias
		}
		switch {
		case key.Value != "role":
			errs = append(errs, at(key, "unknown option %q; known is role", key.Value))
		case value.Kind != yaml.ScalarNode || value.Value == "":
			errs = append(errs, at(value, "role must be the name of the role that the application connects as"))
		default:
			p.Role = value.Value
		}
	}
	return errors.Join(errs...)
}
