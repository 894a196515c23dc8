package ingest

import (
	"slices"
)

// section is a heading with everything below it.
type section struct {
	head     block // zero for the root, which is the document itself
	path     []string
	question string
	url      string // of its own, "" for that of the document
	content  []block
	children []*section
}

// outline builds the tree of sections. title is the heading of the root.
func outline(title string, parts []block) *section {
	root := &section{}
	if asks(title) {
		root.question = title
	}
	open := []*section{root}
	for _, b := range parts {
		if b.kind != heading {
			last := open[len(open)-1]
			last.content = append(last.content, b)
			continue
		}
		for len(open) > 1 && open[len(open)-1].head.level >= b.level {
			open = open[:len(open)-1]
		}
		parent := open[len(open)-1]
		child := parent.child(b)
		parent.children = append(parent.children, child)
		open = append(open, child)
	}
	return root
}

// child returns a new section below s.
func (s *section) child(head block) *section {
	c := &section{head: head, path: s.path, url: head.url}
	if !head.hidden {
		c.path = append(slices.Clip(slices.Clone(s.path)), head.title)
	}
	if head.question {
		c.question = unmarked(head.title)
	}
	return c
}
