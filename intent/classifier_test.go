package intent_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"handrail/intent"
	"handrail/internal/errs"
	"handrail/internal/postgres"
	"handrail/internal/postgres/pgtest"
)

func shopCatalog() intent.Catalog {
	var c intent.Catalog
	for name, examples := range shop {
		c.Intents = append(c.Intents, intent.Intent{
			Name: name, Policy: intent.PolicyAnswer, Label: map[string]string{"en": name}, Examples: map[string][]string{"en": examples},
		})
	}
	return c
}

func only(name string, examples ...string) intent.Catalog {
	return intent.Catalog{Intents: []intent.Intent{{Name: name, Examples: map[string][]string{"en": examples}}}}
}

func classify(t *testing.T, c *intent.Classifier, ws uuid.UUID, text string) intent.Result {
	t.Helper()
	r, err := c.Classify(t.Context(), ws, text)
	require.NoError(t, err)
	return r
}

func TestClassifierTrainsAndClassifies(t *testing.T) {
	t.Parallel()
	db := pgtest.Open(t)
	mine, other := pgtest.Workspace(t, db), pgtest.Workspace(t, db)
	c := intent.NewClassifier(db)
	require.Equal(t, intent.Result{}, classify(t, c, mine, "where is my parcel"), "no model yet")

	version, err := c.Train(t.Context(), mine, shopCatalog())
	require.NoError(t, err)
	require.Equal(t, 1, version)
	r := classify(t, c, mine, "where is my parcel now")
	require.Equal(t, "order_status", r.Name)
	require.Equal(t, map[string]string{"en": "order_status"}, r.Intent.Label)
	require.Equal(t, 1, r.Model)
	require.Len(t, r.Alternatives, len(shop))
	require.Equal(t, r.Probability, r.Alternatives[0].Probability)

	r = classify(t, c, mine, "%%%")
	require.Nil(t, r.Intent)
	require.Equal(t, intent.OutOfScope, r.Name)
	require.Equal(t, intent.Result{}, classify(t, c, other, "where is my parcel"), "another workspace has no model")

	in, err := c.Intent(t.Context(), mine, "refund")
	require.NoError(t, err)
	require.Equal(t, "refund", in.Name)
	in, err = c.Intent(t.Context(), other, "refund")
	require.NoError(t, err)
	require.Nil(t, in)
}

func TestClassifierKeepsVersions(t *testing.T) {
	t.Parallel()
	db := pgtest.Open(t)
	ws := pgtest.Workspace(t, db)
	c := intent.NewClassifier(db)
	for i, cat := range []intent.Catalog{only("first", "where is it"), only("second", "where is it")} {
		version, err := c.Train(t.Context(), ws, cat)
		require.NoError(t, err)
		require.Equal(t, i+1, version)
	}
	require.Equal(t, "second", classify(t, c, ws, "where is it").Name)
	require.NoError(t, c.Activate(t.Context(), ws, "user:1", 1))
	require.Equal(t, "first", classify(t, c, ws, "where is it").Name)
	require.True(t, errs.Is(c.Activate(t.Context(), ws, "user:1", 9), errs.NotFound))

	versions, err := c.Versions(t.Context(), ws)
	require.NoError(t, err)
	require.Len(t, versions, 2)
	require.Equal(t, 2, versions[0].Version)
	require.True(t, versions[1].Active, "a failed activation changed nothing")
	cat, version, err := c.Catalog(t.Context(), ws)
	require.NoError(t, err)
	require.Equal(t, 1, version)
	require.Equal(t, "first", cat.Intents[0].Name)

	_, err = c.Train(t.Context(), ws, intent.Catalog{})
	require.True(t, errs.Is(err, errs.Invalid))
	require.Equal(t, "first", classify(t, c, ws, "where is it").Name)
}

func TestClassifierNoticesVersionsOfOtherNodes(t *testing.T) {
	t.Parallel()
	url := pgtest.URL(t)
	here, there := open(t, url), open(t, url)
	ws := pgtest.Workspace(t, here)
	now := time.Now()
	c := intent.NewClassifierAt(here, func() time.Time { return now })
	require.Empty(t, classify(t, c, ws, "where is it").Name)

	_, err := intent.NewClassifier(there).Train(t.Context(), ws, only("first", "where is it"))
	require.NoError(t, err)
	require.Empty(t, classify(t, c, ws, "where is it").Name, "the answer is cached for two seconds")
	now = now.Add(2 * time.Second)
	require.Equal(t, "first", classify(t, c, ws, "where is it").Name)
	_, err = intent.NewClassifier(there).Train(t.Context(), ws, only("second", "where is it"))
	require.NoError(t, err)
	now = now.Add(2 * time.Second)
	require.Equal(t, "second", classify(t, c, ws, "where is it").Name)
	require.Equal(t, 2, classify(t, c, ws, "where is it").Model)

	here.Close()
	now = now.Add(2 * time.Second)
	require.Equal(t, "second", classify(t, c, ws, "where is it").Name, "the last known version outlives the database")
}

func TestClassifierTrainsModelsOfOtherProgramVersionsAgain(t *testing.T) {
	t.Parallel()
	db := pgtest.Open(t)
	ws := pgtest.Workspace(t, db)
	_, err := intent.NewClassifier(db).Train(t.Context(), ws, only("first", "where is it"))
	require.NoError(t, err)
	stale, err := intent.StaleModel()
	require.NoError(t, err)
	require.NoError(t, db.InTx(t.Context(), ws, func(tx pgx.Tx) error {
		_, err := tx.Exec(t.Context(), `UPDATE intent_models SET parameters = $2 WHERE workspace_id = $1`, ws, stale)
		return err
	}))
	require.Equal(t, "first", classify(t, intent.NewClassifier(db), ws, "where is it").Name)
}

func TestClassifierTrainsConcurrently(t *testing.T) {
	t.Parallel()
	db := pgtest.Open(t)
	ws := pgtest.Workspace(t, db)
	c := intent.NewClassifier(db)
	done := make(chan error)
	for range 6 {
		go func() {
			_, err := c.Train(t.Context(), ws, only("first", "where is it"))
			if err == nil {
				_, err = c.Classify(t.Context(), ws, "where is it")
			}
			done <- err
		}()
	}
	for range 6 {
		require.NoError(t, <-done)
	}
	require.Equal(t, 6, classify(t, c, ws, "where is it").Model)
}

func open(t *testing.T, url string) *postgres.DB {
	t.Helper()
	db, err := postgres.Open(t.Context(), postgres.Config{URL: url, MaxConns: 4, AllowUnsafe: true})
	require.NoError(t, err)
	t.Cleanup(db.Close)
	return db
}
