package main

import (
	"bufio"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"handrail/internal/auth"
	"handrail/internal/errs"
)

type userCommand struct {
	Add    userAddCommand    `cmd:"" help:"Add a member of staff; the password is read from the terminal or standard input."`
	Import userImportCommand `cmd:"" help:"Add staff from a CSV file with the columns email, name, role and password."`

	Disable userDisableCommand `cmd:"" help:"End a member of staff's access; their conversations go back to the queue."`
}

type userAddCommand struct {
	Email string    `required:""`
	Name  string    `required:""`
	Role  auth.Role `required:"" enum:"admin,agent,quality_inspector,knowledge_manager" help:"admin, agent, quality_inspector or knowledge_manager."`
}

// Run adds one member of staff.
func (cmd *userAddCommand) Run(ctx context.Context, c *commands, io streams) error {
	password, err := readPassword(os.Stdin, io.err)
	if err != nil {
		return err
	}
	return withStack(ctx, c, io, func(st *stack) error {
		u, err := st.auth.AddUser(ctx, st.workspace, "cli", auth.NewUser{Email: cmd.Email, Name: cmd.Name, Role: cmd.Role, Password: password})
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(io.out, "added %s with id %d\n", u.Email, u.ID)
		return err
	})
}

type userDisableCommand struct {
	Email string `arg:"" help:"The address that they sign in with."`
}

// Run ends sessions and presence at once. Servers that hold a socket of theirs close it within seconds.
func (cmd *userDisableCommand) Run(ctx context.Context, c *commands, io streams) error {
	return withStack(ctx, c, io, func(st *stack) error {
		u, err := st.auth.DisableUser(ctx, st.workspace, "cli", cmd.Email)
		if err != nil {
			return err
		}
		if err := st.desk.Dismiss(ctx, st.workspace, u.ID); err != nil {
			return err
		}
		_, err = fmt.Fprintf(io.out, "disabled %s (id %d)\n", u.Email, u.ID)
		return err
	})
}

// readPassword reads without echo from a terminal, or a line from a pipe. It is no flag: other users of the machine
// can read the arguments of running programs.
func readPassword(in *os.File, prompt io.Writer) (string, error) {
	if !term.IsTerminal(int(in.Fd())) {
		line, err := bufio.NewReader(in).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return "", fmt.Errorf("read the password: %w", err)
		}
		return strings.TrimRight(line, "\r\n"), nil
	}
	fmt.Fprintf(prompt, "Password (at least %d characters): ", auth.MinPassword)
	b, err := term.ReadPassword(int(in.Fd()))
	fmt.Fprintln(prompt)
	return string(b), err
}

type userImportCommand struct {
	File string `arg:"" type:"existingfile"`
}

// Run adds every row that is new and good, and names the others. A second run over the same file adds nothing.
func (cmd *userImportCommand) Run(ctx context.Context, c *commands, io streams) error {
	f, err := os.Open(cmd.File)
	if err != nil {
		return errs.Wrap(err, errs.Invalid, "cannot read %s", cmd.File)
	}
	defer f.Close()
	rows, err := readStaff(cmd.File, f)
	if err != nil {
		return err
	}
	return withStack(ctx, c, io, func(st *stack) error {
		var added, known, failed int
		for i, u := range rows {
			_, err := st.auth.AddUser(ctx, st.workspace, "cli", u)
			switch {
			case err == nil:
				added++
			case errs.Is(err, errs.Conflict):
				known++
			case errs.Is(err, errs.Invalid):
				failed++
				fmt.Fprintf(io.err, "%s, line %d: %s\n", cmd.File, i+2, errs.Public(err))
			default:
				return err
			}
		}
		fmt.Fprintf(io.out, "added %d, known already %d, failed %d\n", added, known, failed)
		if failed > 0 {
			return silent(1)
		}
		return nil
	})
}

func readStaff(name string, r io.Reader) ([]auth.NewUser, error) {
	records, err := csv.NewReader(r).ReadAll()
	if err != nil {
		return nil, errs.Wrap(err, errs.Invalid, "%s is not CSV: %v", name, err)
	}
	if len(records) == 0 || strings.Join(records[0], ",") != "email,name,role,password" {
		return nil, errs.New(errs.Invalid, "%s, line 1: the header must be email,name,role,password", name)
	}
	var users []auth.NewUser
	for _, rec := range records[1:] {
		users = append(users, auth.NewUser{Email: rec[0], Name: rec[1], Role: auth.Role(rec[2]), Password: rec[3]})
	}
	return users, nil
}

type keyCommand struct {
	Add keyAddCommand `cmd:"" help:"Make an API key and print it once."`
}

type keyAddCommand struct {
	Name string    `required:"" help:"What uses the key."`
	Role auth.Role `required:"" enum:"admin,agent,quality_inspector,knowledge_manager" help:"What the key may do."`
}

// Run prints a new key.
func (cmd *keyAddCommand) Run(ctx context.Context, c *commands, io streams) error {
	return withStack(ctx, c, io, func(st *stack) error {
		key, err := st.auth.AddKey(ctx, st.workspace, "cli", cmd.Name, cmd.Role)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(io.out, key)
		return err
	})
}

type widgetCommand struct {
	Name    string   `required:"" help:"Name of the site."`
	Origins []string `help:"Origins that may embed it, such as https://shop.example."`
}

// Run prints the snippet to put into the site's pages.
func (cmd *widgetCommand) Run(ctx context.Context, c *commands, io streams) error {
	return withStack(ctx, c, io, func(st *stack) error {
		key, err := st.auth.EnsureWidget(ctx, st.workspace, cmd.Name, cmd.Origins)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(io.out, "<script src=\"https://YOUR-HANDRAIL-HOST/widget.js\" data-key=%q async></script>\n", key)
		return err
	})
}

type migrateCommand struct{}

// Run migrates and stops; opening the database does the work.
func (migrateCommand) Run(ctx context.Context, c *commands, io streams) error {
	return withStack(ctx, c, io, func(*stack) error {
		_, err := fmt.Fprintln(io.out, "the database is up to date")
		return err
	})
}

// withStack runs fn over a stack whose background parts do not run.
func withStack(ctx context.Context, c *commands, io streams, fn func(*stack) error) error {
	s, err := c.load()
	if err != nil {
		return err
	}
	st, err := open(ctx, s, io.err)
	if err != nil {
		return err
	}
	defer st.close()
	return fn(st)
}
