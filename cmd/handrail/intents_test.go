package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"handrail/internal/errs"
)

func TestIntentsFromCheckingToGoingBack(t *testing.T) {
	c := newCLI(t)
	dir := t.TempDir()
	write(t, dir, "bad.csv", "text,intent\nwhere is it,order_status\nWhere is it?,refund\n")
	bad := filepath.Join(dir, "bad.csv")
	out, _, err := c.run("intents", "check", bad)
	require.ErrorIs(t, err, silent(1))
	require.Contains(t, out, bad+`:3: error: the example "Where is it?" of "refund" stands also under "order_status" in line 2`)
	require.Contains(t, out, "2 intents, 2 examples: 3 errors, 0 warnings")
	_, stderr, err := c.run("intents", "train", bad)
	require.ErrorIs(t, err, silent(1))
	require.Contains(t, stderr, bad+":3: error:")

	write(t, dir, "shop.yaml", `
intents:
- name: order_status
  label: {en: Track an order}
  examples: {en: [where is my parcel, when will it arrive, track my order, has it shipped, where is my order]}
- name: refund
  examples: {en: [i want my money back, refund me, when do i get my refund, pay me back, reimburse me]}
`)
	shop := filepath.Join(dir, "shop.yaml")
	require.Contains(t, c.must("train", shop), "version 1 with 2 intents is active (10 examples; of unseen ones")

	write(t, dir, "more.jsonl", `{"text":"are you open on sunday","intent":"hours"}
{"text":"what time do you close","intent":"hours"}
{"text":"has my parcel been shipped","intent":"order_status"}
`)
	more := filepath.Join(dir, "more.jsonl")
	write(t, dir, "valid.csv", "text,intent\nAre you open on Sunday?,hours\n")
	out = c.must("intents", "check", more, "--valid", filepath.Join(dir, "valid.csv"))
	require.Contains(t, out, "more.jsonl:1: warning: the example \"are you open on sunday\" of \"hours\" stands also in "+filepath.Join(dir, "valid.csv"))
	require.Contains(t, out, `warning: the intent "hours" has 2 examples`)
	require.Contains(t, c.must("intents", "train", more, "--no-activate", "--note", "opening hours"), "version 2 with 3 intents is stored; `handrail intents activate 2`")
	list := strings.Split(c.must("intents", "list"), "\n")
	require.Regexp(t, `^2 +20.* 3 +13 .*opening hours$`, list[1])
	require.Regexp(t, `^1 +yes +20`, list[2])

	require.Contains(t, c.must("intents", "compare", "1", "2"), "on 13 unseen examples")
	require.Contains(t, c.must("intents", "compare", "1", "2", "--json"), `"flipped":[`)
	require.Contains(t, c.must("intents", "activate", "2"), "version 2 is active")
	exported := c.must("intents", "export", "1")
	require.Contains(t, exported, "en: Track an order")
	write(t, dir, "again.yaml", exported)
	require.Contains(t, c.must("intents", "train", filepath.Join(dir, "again.yaml")), "version 3 with 2 intents is active")
	require.Equal(t, "text,intent,lang,probability,count\n", c.must("intents", "suggest"))

	_, _, err = c.run("intents", "activate", "9")
	require.True(t, errs.Is(err, errs.NotFound))
	write(t, dir, "shop.txt", "x")
	_, _, err = c.run("intents", "check", filepath.Join(dir, "shop.txt"))
	require.Contains(t, explain(err), "its name says no format")
}
