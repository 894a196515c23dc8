package main

import (
	"context"
	"fmt"

	"handrail/internal/errs"
)

type embedCommand struct{}

// Run gives vectors to the passages that were loaded before the embedder was configured, or under another model.
func (embedCommand) Run(ctx context.Context, c *commands, io streams) error {
	return withStack(ctx, c, io, func(st *stack) error {
		if st.settings.Embed.BaseURL == "" {
			return errs.New(errs.Invalid, "no embedder is configured: set HANDRAIL_EMBED_BASE_URL, HANDRAIL_EMBED_MODEL and HANDRAIL_EMBED_DIMENSIONS")
		}
		n, err := st.base.Embed(ctx, st.workspace)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(io.out, "embedded %d passages with %s\n", n, st.settings.Embed.Model)
		return err
	})
}
