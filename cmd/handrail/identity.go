package main

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"handrail/internal/errs"
)

type identityCommand struct {
	Secret identitySecretCommand `cmd:"" help:"Make a secret by which a site signs who its visitors are, and print it once."`
	List   identityListCommand   `cmd:"" help:"List the secrets in use, without the secrets themselves."`
	Revoke identityRevokeCommand `cmd:"" help:"Make a secret invalid."`
}

type identitySecretCommand struct{}

// Run prints a new secret. Earlier ones stay valid until they are revoked, so that a site can change over at leisure.
func (identitySecretCommand) Run(ctx context.Context, c *commands, io streams) error {
	return withStack(ctx, c, io, func(st *stack) error {
		made, secret, err := st.auth.AddIdentitySecret(ctx, st.workspace, "cli")
		if err != nil {
			return err
		}
		fmt.Fprintf(io.err, "secret %s is valid now; it is not shown again:\n", made.ID)
		_, err = fmt.Fprintln(io.out, secret)
		return err
	})
}

type identityListCommand struct{}

// Run prints the secrets' ids and ages.
func (identityListCommand) Run(ctx context.Context, c *commands, io streams) error {
	return withStack(ctx, c, io, func(st *stack) error {
		list, err := st.auth.IdentitySecrets(ctx, st.workspace)
		for _, s := range list {
			fmt.Fprintf(io.out, "%s  made %s\n", s.ID, s.CreatedAt.UTC().Format("2006-01-02 15:04"))
		}
		return err
	})
}

type identityRevokeCommand struct {
	ID string `arg:"" help:"As handrail identity list prints it."`
}

// Run revokes one secret.
func (cmd *identityRevokeCommand) Run(ctx context.Context, c *commands, io streams) error {
	id, err := uuid.Parse(cmd.ID)
	if err != nil {
		return errs.Wrap(err, errs.Invalid, "%q is not the id of a secret: `handrail identity list` shows them", cmd.ID)
	}
	return withStack(ctx, c, io, func(st *stack) error {
		if err := st.auth.RevokeIdentitySecret(ctx, st.workspace, "cli", id); err != nil {
			return err
		}
		_, err := fmt.Fprintln(io.out, "revoked")
		return err
	})
}
