package importtest_test

import (
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"handrail/internal/importtest"
)

func TestModuleKeepsItsRules(t *testing.T) {
	t.Parallel()
	breaches, err := importtest.Check(os.DirFS("../.."))
	require.NoError(t, err)
	require.Empty(t, breaches, strings.Join(breaches, "\n"))
}

func TestCheck(t *testing.T) {
	t.Parallel()
	const doc = "// Package p is described.\n"
	tests := []struct {
		name, file, source string
		want               string // part of the only breach; "" for none
	}{
		{"a lower layer", "bot/a.go", doc + `package bot; import _ "handrail/knowledge"`, ""},
		{"a package below a lower layer", "bot/a.go", doc + `package bot; import _ "handrail/internal/llm/wire"`, ""},
		{"itself", "bot/a_test.go", `package bot_test; import _ "handrail/bot"`, ""},
		{"a higher layer", "knowledge/a.go", doc + `package knowledge; import _ "handrail/bot"`, "imports bot"},
		{"a sibling", "handoff/a.go", doc + `package handoff; import _ "handrail/bot"`, "imports bot"},
		{"a higher layer from below", "knowledge/sub/a.go", doc + `package sub; import _ "handrail/bot"`, "imports bot"},
		{"a higher layer from a test", "intent/a_test.go", `package intent; import _ "handrail/bot"`, "imports bot"},
		{"a name that only begins alike", "internal/chat/a.go", doc + `package chat; import _ "handrail/internal/eventsource"`,
			"imports internal/eventsource"},
		{"anything from a command", "cmd/handrail/a.go", doc + `package main; import _ "handrail/api"`, ""},
		{"a command", "api/a.go", doc + `package api; import _ "handrail/cmd/handrail"`, "imports the command"},
		{"from a package without a layer", "utils/a.go", doc + `package utils; import _ "handrail/bot"`, "in no layer"},
		{"pgvector-go where it belongs", "knowledge/a.go", doc + `package knowledge; import _ "github.com/pgvector/pgvector-go"`, ""},
		{"pgvector-go elsewhere", "bot/a.go", doc + `package bot; import _ "github.com/pgvector/pgvector-go/pgx"`, "only knowledge"},
		{"chi elsewhere", "cmd/handrail/a.go", doc + `package main; import _ "github.com/go-chi/chi/v5"`, "only api"},
		{"huma elsewhere", "bot/a.go", doc + `package bot; import _ "github.com/danielgtaylor/huma/v2"`, "only api"},
		{"gorilla in a test", "bot/a_test.go", `package bot; import _ "github.com/gorilla/websocket"`, "only api"},
		{"go-openai elsewhere", "bot/a.go", doc + `package bot; import _ "github.com/sashabaranov/go-openai"`, "only internal/llm"},
		{"tiktoken elsewhere", "ingest/a.go", doc + `package ingest; import _ "github.com/pkoukk/tiktoken-go"`, "only internal/llm"},
		{"river where it belongs", "ingest/a.go", doc + `package ingest; import _ "github.com/riverqueue/river/rivertype"`, ""},
		{"river elsewhere", "api/a.go", doc + `package api; import _ "github.com/riverqueue/river"`, "only ingest, internal/postgres"},
		{"test helpers from a test", "bot/a_test.go", `package bot; import _ "handrail/internal/postgres/pgtest"`, ""},
		{"test helpers from code", "bot/a.go", doc + `package bot; import _ "handrail/internal/postgres/pgtest"`, "is for tests"},
		{"the environment", "bot/a.go", doc + `package bot; import "os"; var a = os.Getenv("A")`, "os.Getenv"},
		{"the environment in the command", "cmd/handrail/a.go", doc + `package main; import "os"; var a = os.Getenv("A")`, ""},
		{"an init function", "bot/a.go", doc + `package bot; func init() {}`, "init function"},
		{"a method named init", "bot/a.go", doc + `package bot; type t int; func (t) init() {}`, ""},
		{"no package comment", "bot/a.go", `package bot`, "no comment"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			breaches, err := importtest.Check(fstest.MapFS{tt.file: {Data: []byte(tt.source)}})
			require.NoError(t, err)
			if tt.want == "" {
				require.Empty(t, breaches)
				return
			}
			require.Len(t, breaches, 1, "%q", breaches)
			require.Contains(t, breaches[0], tt.want)
		})
	}
}

func TestCheckSkipsWhatIsNotOurs(t *testing.T) {
	t.Parallel()
	breaches, err := importtest.Check(fstest.MapFS{
		"web/node_modules/x/a.go": {Data: []byte(`package x`)},
		"bot/testdata/a.go":       {Data: []byte(`not Go`)},
		".cache/a.go":             {Data: []byte(`package x`)},
	})
	require.NoError(t, err)
	require.Empty(t, breaches)
}
