package evals

import (
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// fields reads a mapping of known fields, each at most once.
func (r *suiteReader) fields(n *yaml.Node, what string, known map[string]field) error {
	if n.Kind != yaml.MappingNode {
		return r.fail(n, "a %s is a list of fields with values, such as %s: ...", what, slices.Sorted(maps.Keys(known))[0])
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		read, ok := known[key.Value]
		switch {
		case !ok || key.Kind != yaml.ScalarNode:
			return r.fail(key, "%q is no field of a %s: use %s", key.Value, what,
				strings.Join(slices.Sorted(maps.Keys(known)), ", "))
		case seen[key.Value]:
			return r.fail(key, "the field %s stands twice in one %s: remove one", key.Value, what)
		case value.Kind == yaml.AliasNode:
			return r.fail(key, "the field %s refers to another place of the file: write its value out", key.Value)
		}
		seen[key.Value] = true
		r.path = append(r.path, key.Value)
		if err := read(value); err != nil {
			return err
		}
		r.path = r.path[:len(r.path)-1]
	}
	return nil
}

// text reads a text that is not empty. Numbers and the like need quotes, as in JSON, so that 4.90 does not lose its zero.
func (r *suiteReader) text(to *string) field {
	return func(n *yaml.Node) error {
		if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!str" {
			if n.Kind == yaml.ScalarNode && n.ShortTag() != "!!null" {
				return r.fail(n, "%s is not a text: put it in quotes", n.Value)
			}
			return r.fail(n, "a text is expected here: write one, or remove the field")
		}
		if n.Value == "" {
			return r.fail(n, "the text is empty: write one, or remove the field")
		}
		*to = n.Value
		return nil
	}
}

// list reads every element of a list.
func (r *suiteReader) list(read field) field {
	return func(n *yaml.Node) error {
		if n.Kind != yaml.SequenceNode {
			return r.fail(n, "a list is expected here: write [...] or lines that begin with a dash")
		}
		for _, item := range n.Content {
			if err := read(item); err != nil {
				return err
			}
		}
		return nil
	}
}

func (r *suiteReader) texts(to *[]string) field {
	return r.list(func(n *yaml.Node) error {
		var s string
		err := r.text(&s)(n)
		*to = append(*to, s)
		return err
	})
}
