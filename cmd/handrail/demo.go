package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"handrail/ingest"
	"handrail/intent"
	"handrail/internal/auth"
	"handrail/internal/errs"
	"handrail/sample"
)

// demoCollection is where the sample help centre is stored.
const demoCollection = "sample"

type demoCommand struct {
	Port int  `help:"Port on 127.0.0.1; 0 chooses a free one." default:"8080"`
	JSON bool `help:"Print one line of JSON when ready."`
}

// demoState is what the demo remembers between starts. The passwords are generated, belong to made-up people, and are
// shown at every start; the file is readable by its owner only.
type demoState struct {
	Users   []demoUser `json:"users"`
	Intents string     `json:"intents"` // hash of the catalog last trained
}

type demoUser struct {
	Role     auth.Role `json:"role"`
	Name     string    `json:"name"`
	Email    string    `json:"email"`
	Password string    `json:"password"`
}

// demoReady is what the demo prints when it is ready.
type demoReady struct {
	Shop    string     `json:"shop"`
	Console string     `json:"console"`
	APIDocs string     `json:"api_docs"`
	Health  string     `json:"health"`
	Users   []demoUser `json:"users"`
}

// Run starts the server over the sample shop.
func (cmd *demoCommand) Run(ctx context.Context, c *commands, io streams) error {
	s, err := c.load()
	if err != nil {
		return err
	}
	s.Bot.Name = "Harbour & Pine"
	l, err := listen(fmt.Sprintf("127.0.0.1:%d", cmd.Port))
	if err != nil {
		return err
	}
	if !cmd.JSON {
		fmt.Fprintln(io.err, "Starting the demo ...")
	}
	st, err := open(ctx, s, io.err)
	if err != nil {
		_ = l.Close()
		return err
	}
	defer st.close()
	state, err := st.fillDemo(ctx)
	if err != nil {
		return err
	}
	key, err := st.auth.EnsureWidget(ctx, st.workspace, "Demo shop", nil)
	if err != nil {
		return err
	}
	return st.serve(ctx, l, shop(key), demoSuggestions(), func() error { return announce(io.out, l, state, cmd.JSON) })
}

// demoSuggestions are the questions offered before a visitor has asked any.
func demoSuggestions() map[string][]string {
	return map[string][]string{
		"en": {"How long does delivery take?", "How do I return an item?", "Which payment methods do you take?"},
		"zh": {"配送要多久？", "怎么退货？", "支持哪些付款方式？"},
	}
}

// fillDemo brings the sample data up to date: what is there already stays as it is.
func (st *stack) fillDemo(ctx context.Context) (demoState, error) {
	path := filepath.Join(st.settings.Data, "demo.json")
	state, err := readDemoState(path)
	if err != nil {
		return demoState{}, err
	}
	if err := st.fillDemoUsers(ctx, &state); err != nil {
		return demoState{}, err
	}
	if err := saveDemoState(path, state); err != nil {
		return demoState{}, err
	}
	report, err := st.ingest.RunFS(ctx, st.workspace, sample.Help, ".", ingest.Options{Collection: demoCollection, Prune: true})
	if err != nil {
		return demoState{}, fmt.Errorf("load the sample help centre: %w", err)
	}
	for _, f := range report.Failed {
		return demoState{}, errs.New(errs.Internal, "sample document %s: %s", f.Item, f.Reason)
	}
	if err := st.trainDemo(ctx, &state); err != nil {
		return demoState{}, err
	}
	return state, saveDemoState(path, state)
}

// fillDemoUsers makes the staff that this database lacks, with fresh passwords. An account whose password is lost with
// the state file keeps working for nobody, so it gets a new address beside it.
func (st *stack) fillDemoUsers(ctx context.Context, state *demoState) error {
	known := map[string]string{}
	for _, u := range state.Users {
		known[u.Email] = u.Password
	}
	existing, err := st.auth.Users(ctx, st.workspace)
	if err != nil {
		return err
	}
	taken := map[string]bool{}
	for _, u := range existing {
		taken[u.Email] = true
	}
	var users []demoUser
	for _, u := range []demoUser{
		{Role: auth.Admin, Name: "Robin Admin", Email: "admin@harbourpine.example"},
		{Role: auth.Agent, Name: "Alice", Email: "alice@harbourpine.example"},
		{Role: auth.Agent, Name: "Wei", Email: "wei@harbourpine.example"},
		{Role: auth.KnowledgeManager, Name: "Kim", Email: "kim@harbourpine.example"},
	} {
		if taken[u.Email] && known[u.Email] == "" {
			u.Email = strings.ToLower(rand.Text()[:6]) + "." + u.Email
		}
		if u.Password = known[u.Email]; !taken[u.Email] {
			u.Password = newPassword()
			if _, err := st.auth.AddUser(ctx, st.workspace, "demo", auth.NewUser{Email: u.Email, Name: u.Name, Password: u.Password, Role: u.Role}); err != nil {
				return err
			}
		}
		users = append(users, u)
	}
	state.Users = users
	return nil
}

// newPassword returns 80 random bits in letters that are easy to type.
func newPassword() string {
	var b [10]byte
	_, _ = rand.Read(b[:]) // never fails; see crypto/rand
	s := strings.ToLower(base32.StdEncoding.EncodeToString(b[:]))
	return s[:4] + "-" + s[4:8] + "-" + s[8:12] + "-" + s[12:]
}

// trainDemo trains the intents of the sample shop if they changed since the last start.
func (st *stack) trainDemo(ctx context.Context, state *demoState) error {
	sum := sha256.Sum256(sample.Intents)
	hash := hex.EncodeToString(sum[:])
	current, err := st.classifier.Classify(ctx, st.workspace, "hello")
	if err != nil {
		return err
	}
	if state.Intents == hash && current.Model > 0 {
		return nil
	}
	catalog, err := sampleCatalog()
	if err != nil {
		return err
	}
	if _, err := st.classifier.Train(ctx, st.workspace, catalog); err != nil {
		return fmt.Errorf("train the sample intents: %w", err)
	}
	state.Intents = hash
	return nil
}

func sampleCatalog() (intent.Catalog, error) {
	catalog, err := intent.LoadCatalog(bytes.NewReader(sample.Intents))
	if err != nil {
		return intent.Catalog{}, fmt.Errorf("read the sample intents: %w", err)
	}
	return catalog, nil
}

func readDemoState(path string) (demoState, error) {
	var state demoState
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return state, nil
	}
	if err != nil {
		return state, fmt.Errorf("read the demo's state: %w", err)
	}
	if err := json.Unmarshal(b, &state); err != nil {
		return state, errs.Wrap(err, errs.Invalid, "%s is damaged: delete it and start again", path)
	}
	return state, nil
}

func saveDemoState(path string, state demoState) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("make the data folder: %w", err)
	}
	b, err := json.MarshalIndent(state, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(path, b, 0o600); err != nil {
		return fmt.Errorf("save the demo's state: %w", err)
	}
	return nil
}

// shop serves the sample shop's page, with the widget in it.
func shop(key string) http.Handler {
	files := http.FileServerFS(sample.Shop)
	page := template.Must(template.ParseFS(sample.Shop, "index.html"))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" {
			http.StripPrefix("/shop", files).ServeHTTP(w, r)
			return
		}
		lang := "en"
		if r.URL.Query().Get("lang") == "zh" {
			lang = "zh"
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_ = page.Execute(w, map[string]string{"WidgetKey": key, "Lang": lang}) // the client has gone if this fails
	})
}

func announce(w io.Writer, l net.Listener, state demoState, asJSON bool) error {
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		return err
	}
	base := "http://localhost:" + port
	ready := demoReady{Shop: base + "/", Console: base + "/console/", APIDocs: base + "/docs", Health: base + "/readyz", Users: state.Users}
	if asJSON {
		return json.NewEncoder(w).Encode(ready)
	}
	fmt.Fprintf(w, "\nHandrail demo is ready.\n\n  shop with widget   %s\n  agent console      %s\n  API documentation  %s\n  health             %s\n\n",
		ready.Shop, ready.Console, ready.APIDocs, ready.Health)
	for _, u := range ready.Users {
		fmt.Fprintf(w, "  %-18s %-32s %s\n", u.Role, u.Email, u.Password)
	}
	_, err = fmt.Fprintln(w, "\nCtrl-C stops everything; the data stays for the next start.")
	return err
}
