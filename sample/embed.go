// Package sample is the fictional shop Harbour & Pine (港松), which the demo serves and the quality gate measures:
// a help centre in English and Chinese, the intents of its customers, a suite of evaluation cases and a shop page.
// It holds data and no behaviour. Every fact of the help centre is stated the same way in both languages, so that
// each answerable case of the suite has exactly one right answer; the tests of this package keep the parts consistent.
package sample

import (
	"embed"
	"io/fs"
)

//go:embed help shop
var files embed.FS

// Intents is the catalog of customer intents, YAML in the format that intent.LoadCatalog reads.
//
//go:embed intents.yaml
var Intents []byte

// Suite is the evaluation suite over Help, YAML in the format that evals reads. Its sources are paths within Help.
//
//go:embed suite.yaml
var Suite []byte

// Clarify is a suite of unclear and clear questions to Help, in the same format.
//
//go:embed clarify.yaml
var Clarify []byte

// Effort is a suite of dialogues in which a visitor's effort shows, and calm ones, in the same format.
//
//go:embed effort.yaml
var Effort []byte

// Desk is a weekday at the desk, a scenario in the format that handoff/sim reads.
//
//go:embed desk.yaml
var Desk []byte

// Help is the help centre. Its root holds one folder for each language, such as "en/shipping/delivery-times.md".
var Help = folder("help")

// Shop is the demo shop: index.html, a html/template that takes WidgetKey and Lang, and the files it refers to.
var Shop = folder("shop")

func folder(name string) fs.FS {
	sub, err := fs.Sub(files, name)
	if err != nil {
		panic("sample: " + err.Error()) // Only a malformed constant name gets here.
	}
	return sub
}
